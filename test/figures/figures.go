package figures

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/ruledoc"
)

// Table is a table with a title.
type Table struct {
	Title  string
	Header []string
	Rows   [][]string
	// Note is below the table; empty for none.
	Note string
}

// Add adds a row.
func (t *Table) Add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = fmt.Sprint(c)
	}
	t.Rows = append(t.Rows, row)
}

// Text writes the table for a terminal.
func (t *Table) Text(out io.Writer) {
	if t.Title != "" {
		fmt.Fprintln(out, t.Title)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range slices.Concat([][]string{t.Header}, t.Rows) {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush()
	if t.Note != "" {
		fmt.Fprintln(out, t.Note)
	}
	fmt.Fprintln(out)
}

// Markdown writes it for a page.
func (t *Table) Markdown(out io.Writer) {
	if t.Title != "" {
		fmt.Fprintf(out, "### %s\n\n", t.Title)
	}
	rule := slices.Repeat([]string{"---"}, len(t.Header))
	for _, row := range slices.Concat([][]string{t.Header, rule}, t.Rows) {
		fmt.Fprintf(out, "| %s |\n", strings.ReplaceAll(strings.Join(row, " | "), "\n", " "))
	}
	fmt.Fprintln(out)
	if t.Note != "" {
		fmt.Fprintf(out, "%s\n\n", t.Note)
	}
}

// Marks are the lines around the generated part of a page.
func Marks(name string) (begin, end string) {
	return fmt.Sprintf("<!-- %s: begin (written by `make %s PAGE=yes`) -->\n", name, name), fmt.Sprintf("<!-- %s: end -->\n", name)
}

// Replace writes the tables into the generated part of a page, below a line of text.
func Replace(path, name, line string, tables []*Table) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("\n" + line + "\n\n")
	for _, t := range tables {
		t.Markdown(&b)
	}
	begin, end := Marks(name)
	page, err := ruledoc.Between(string(text), begin, end, b.String())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(page), 0o644)
}

// Round makes a duration short: three digits.
func Round(d time.Duration) string {
	for unit := time.Nanosecond; unit < time.Hour; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.String()
}

// Quantile of sorted durations, 0 for none.
func Quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// Ratio of two durations, to two digits.
func Ratio(a, b time.Duration) string {
	if b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}
