package report

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

//go:embed page/sheet.html
var sheetTemplate string

// Sheet is a report that is one table and what follows from it.
type Sheet struct {
	// Name is the same for every sheet of a kind, Title is not.
	Name, Title string
	// Columns are the heads of the table. The first cell of each row is a badge, the last one prose.
	Columns []string
	Rows    []SheetRow
	// Notes are worth knowing besides.
	Notes []string
	// File holds what the rows are about; a row has its place in it.
	File string
	// Docs is the page about the sheet.
	Docs string
	// Answers are what the reader wants to know, each a question and its answer.
	Answers []SheetAnswer
}

// SheetRow is a row of a table.
type SheetRow struct {
	// Level says how grave it is: "" where all is well.
	Level validate.Level
	// Rule names the kind of row where it is a finding.
	Rule string
	// Name of the row where it stands by itself.
	Name string
	// Start is its place in the file, zero for none.
	Start manifest.Position
	Cells []string
}

// SheetAnswer is a question and its answer. Fails is set where the answer is the one that the reader does not hope for.
type SheetAnswer struct {
	Question, Answer string
	// Rule names it where it is a finding.
	Rule  string
	Fails bool
}

// Findings are the rows that are not well and the answers that fail, as a report: for the formats that know findings alone.
func (s *Sheet) Findings(root, version string) *Report {
	r := &Report{Files: 1, Checked: []string{s.File}, Root: root, Version: version}
	add := func(rule string, level validate.Level, at manifest.Position, message string) {
		r.Findings = append(r.Findings, Finding{Rule: rule, Level: level, File: s.File, Start: at, End: at, Entry: -1, Message: text.Visible(message), Docs: s.Docs})
	}
	for _, row := range s.Rows {
		if row.Level != validate.None {
			add(row.Rule, row.Level, row.Start, row.Name+": "+row.Cells[len(row.Cells)-1])
		}
	}
	for _, a := range s.Answers {
		if a.Fails {
			add(a.Rule, validate.Error, manifest.Position{}, a.Question+": "+a.Answer)
		}
	}
	for _, n := range s.Notes {
		r.Notes = append(r.Notes, Note{File: s.File, Message: text.Visible(n)})
	}
	return r
}

// Markdown writes the sheet as a comment for a pull request.
func (s *Sheet) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", prose(text.Visible(s.Title)))
	if len(s.Rows) > 0 {
		fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(s.Columns, " | "), strings.Repeat("---|", len(s.Columns)))
		for _, r := range s.Rows {
			for i, c := range r.Cells {
				shown := prose(text.Visible(c))
				if c != "" && i > 0 && i < len(r.Cells)-1 {
					shown = codeSpan(text.Visible(c))
				}
				b.WriteString("| " + cell(shown) + " ")
			}
			b.WriteString("|\n")
		}
		b.WriteByte('\n')
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&b, "> %s\n\n", prose(text.Visible(n)))
	}
	for _, a := range s.Answers {
		fmt.Fprintf(&b, "**%s:** %s\n\n", a.Question, prose(text.Visible(a.Answer)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// JUnit writes the sheet for CI servers: each row and each answer is a case. Warnings are skipped, errors fail.
func (s *Sheet) JUnit(w io.Writer) error {
	suite := junitSuite{Name: s.Name}
	for _, r := range s.Rows {
		c := junitCase{Name: text.Visible(r.Name), Class: suite.Name}
		because := &junitResult{Message: text.Visible(r.Cells[len(r.Cells)-1]), Type: string(r.Level), Text: xmlText(text.Visible(strings.Join(r.Cells, " ")))}
		switch r.Level {
		case validate.Error:
			c.Failure = because
			suite.Failures++
		case validate.Warning:
			c.Skipped = because
			suite.Skipped++
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, a := range s.Answers {
		c := junitCase{Name: a.Question, Class: suite.Name}
		if a.Fails {
			c.Failure = &junitResult{Message: text.Visible(a.Answer), Type: string(validate.Error), Text: xmlText(text.Visible(a.Answer))}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests = len(suite.Cases)
	suites := junitSuites{Name: "aws-auth"}
	suites.add(suite)
	encoded, err := xml.MarshalIndent(suites, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+text.XML(string(encoded))+"\n")
	return err
}

// HTML writes the sheet as one page, which needs nothing from elsewhere.
func (s *Sheet) HTML(w io.Writer) error {
	parsed, err := template.New("sheet").Parse(sheetTemplate)
	if err != nil {
		return err
	}
	shownSheet := Sheet{Title: text.Visible(s.Title), Columns: s.Columns}
	for _, r := range s.Rows {
		shownSheet.Rows = append(shownSheet.Rows, SheetRow{Level: r.Level, Cells: visible(r.Cells)})
	}
	shownSheet.Notes = visible(s.Notes)
	for _, a := range s.Answers {
		shownSheet.Answers = append(shownSheet.Answers, SheetAnswer{Question: a.Question, Answer: text.Visible(a.Answer), Fails: a.Fails})
	}
	var b bytes.Buffer
	err = parsed.Execute(&b, struct {
		*Sheet
		SecurityPolicy string
		Style          template.CSS
	}{&shownSheet, fmt.Sprintf("default-src 'none'; style-src '%s'; img-src data:; base-uri 'none'; form-action 'none'", sourceHash(pageStyle)),
		template.CSS(pageStyle)}) //nolint:gosec // It is the page's own.
	if err != nil {
		return err
	}
	_, err = b.WriteTo(w)
	return err
}

func visible(texts []string) []string {
	shown := slices.Clone(texts)
	for i := range shown {
		shown[i] = text.Visible(shown[i])
	}
	return shown
}
