package report

import (
	"strings"
	"text/tabwriter"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Table is somebody or something in each row, and what is said of it under each head. Its texts are as they are, like those of a Part.
type Table struct {
	// Heads are as many as the cells of a row; the first is that of the row's own name.
	Heads []string
	Rows  [][]Cell
}

// Cell is one field of a table.
type Cell struct {
	Text string
	// Differs marks what is unlike the others of its row.
	Differs bool
}

// differing follows a marked cell where nothing else can mark it.
const differing = " (!)"

// shown is the table with texts that are safe to show.
func (t *Table) shown(show func(string) string) *Table {
	if t == nil {
		return nil
	}
	out := &Table{}
	for _, h := range t.Heads {
		out.Heads = append(out.Heads, show(h))
	}
	for _, row := range t.Rows {
		cells := make([]Cell, 0, len(row))
		for _, c := range row {
			cells = append(cells, Cell{show(c.Text), c.Differs})
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

// fields are the cells of a row as text alone.
func fields(row []Cell) []string {
	list := make([]string, 0, len(row))
	for _, c := range row {
		if c.Differs {
			c.Text += differing
		}
		list = append(list, c.Text)
	}
	return list
}

// lines are the table in columns.
func (t *Table) lines() []string {
	if t == nil || len(t.Rows) == 0 {
		return nil
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	write := func(fields []string) { _, _ = w.Write([]byte(strings.Join(fields, "\t") + "\n")) }
	safe := t.shown(text.Visible)
	write(safe.Heads)
	for _, row := range safe.Rows {
		write(fields(row))
	}
	_ = w.Flush() // A builder takes everything.
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// markdown writes the table.
func (t *Table) markdown(b *strings.Builder) {
	if t == nil || len(t.Rows) == 0 {
		return
	}
	write := func(fields []string) {
		for _, f := range fields {
			b.WriteString("| " + cell(codeSpan(f)) + " ")
		}
		b.WriteString("|\n")
	}
	safe := t.shown(text.Visible)
	write(safe.Heads)
	b.WriteString(strings.Repeat("|---", len(t.Heads)) + "|\n")
	for _, row := range safe.Rows {
		write(fields(row))
	}
	b.WriteByte('\n')
}
