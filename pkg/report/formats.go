package report

import "io"

// The names of the formats that programs treat apart.
const (
	FormatText = "text"
	FormatJSON = "json"
	FormatHTML = "html"
)

// Formats are the writers by the names of their formats.
func Formats() map[string]func(io.Writer, *Report) error {
	return map[string]func(io.Writer, *Report) error{
		FormatText: Text,
		FormatJSON: JSON,
		"sarif":    SARIF,
		"junit":    JUnit,
		"markdown": Markdown,
		"github":   GitHub,
		FormatHTML: HTML,
	}
}
