package report

import (
	"io"

	"github.com/aws-auth-guard/aws-auth-guard/internal/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// The JSON shape is a contract: all keys are always there, "entry" and "fix" are null where there is none.
type jsonReport struct {
	Findings []jsonFinding `json:"findings"`
	Summary  jsonSummary   `json:"summary"`
}

type jsonFinding struct {
	Rule      string   `json:"rule"`
	Severity  string   `json:"severity"`
	Action    string   `json:"action"`
	File      string   `json:"file"`
	Line      int      `json:"line"`
	Column    int      `json:"column"`
	EndLine   int      `json:"endLine"`
	EndColumn int      `json:"endColumn"`
	Section   string   `json:"section"`
	Entry     *int     `json:"entry"`
	Message   string   `json:"message"`
	Docs      string   `json:"docs"`
	Fix       *jsonFix `json:"fix"`
}

type jsonFix struct {
	Applicability string     `json:"applicability"`
	Edits         []jsonEdit `json:"edits"`
	Text          string     `json:"text"`
}

type jsonEdit struct {
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
	NewText   string `json:"newText"`
}

type jsonSummary struct {
	Files    int `json:"files"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
}

// JSON writes the report for programs. Lines and columns count from 1, columns in Unicode code points, and the end is
// behind the last character.
func JSON(w io.Writer, r *Report) error {
	out := jsonReport{
		Findings: make([]jsonFinding, 0, len(r.Findings)),
		Summary:  jsonSummary{Files: r.Files, Errors: r.Count(validate.Error), Warnings: r.Count(validate.Warning)},
	}
	for i := range r.Findings {
		out.Findings = append(out.Findings, r.Findings[i].json())
	}
	return text.WriteJSON(w, out)
}

func (f *Finding) json() jsonFinding {
	j := jsonFinding{
		Rule: f.Rule, Severity: string(f.Level), Action: string(f.Action), File: f.File,
		Line: f.Start.Line, Column: f.Start.Column, EndLine: f.End.Line, EndColumn: f.End.Column,
		Section: string(f.Section), Message: f.Message, Docs: f.Docs,
	}
	if f.Entry >= 0 {
		j.Entry = &f.Entry
	}
	if f.Fix != nil {
		j.Fix = &jsonFix{Applicability: string(f.Fix.Applicability), Edits: []jsonEdit{}, Text: f.Fix.After.Text}
		for _, e := range f.Fix.Edits {
			j.Fix.Edits = append(j.Fix.Edits, jsonEdit{
				Line: e.Start.Line, Column: e.Start.Column, EndLine: e.End.Line, EndColumn: e.End.Column, NewText: e.New,
			})
		}
	}
	return j
}
