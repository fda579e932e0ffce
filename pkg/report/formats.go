package report

import "io"

// The names of the formats that programs treat apart.
const (
	FormatText = "text"
	FormatJSON = "json"
)

// Formats are the writers by the names of their formats, HTML aside: html/template calls methods by their names, so a program
// that writes pages has to keep every method of every type. That makes the in-cluster program half as large again.
func Formats() map[string]func(io.Writer, *Report) error {
	return map[string]func(io.Writer, *Report) error{
		FormatText: Text,
		FormatJSON: JSON,
		"sarif":    SARIF,
		"junit":    JUnit,
		"markdown": Markdown,
		"github":   GitHub,
	}
}
