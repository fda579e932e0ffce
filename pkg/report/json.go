package report

import (
	"io"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// The JSON shape is a contract: all keys are always there, "entry" and "fix" are null where there is none.
type jsonReport struct {
	Findings []JSONFinding `json:"findings"`
	Ignored  []jsonIgnored `json:"ignored"`
	Notes    []jsonNote    `json:"notes"`
	Summary  JSONSummary   `json:"summary"`
}

// jsonIgnored is a finding that a comment asks to pass over.
type jsonIgnored struct {
	Finding JSONFinding `json:"finding"`
	Reason  string      `json:"reason"`
}

// jsonNote has line and column 0 where it is about the file as a whole.
type jsonNote struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// JSONFinding is a finding as programs read it.
type JSONFinding struct {
	Rule      string `json:"rule"`
	Severity  string `json:"severity"`
	Action    string `json:"action"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
	Resource  string `json:"resource"`
	Section   string `json:"section"`
	Entry     *int   `json:"entry"`
	Message   string `json:"message"`
	// Remedy and NotRepaired are in the message too; they are not there where there is nothing to say.
	Remedy      string   `json:"remedy,omitempty"`
	NotRepaired string   `json:"notRepaired,omitempty"`
	Docs        string   `json:"docs"`
	Fix         *jsonFix `json:"fix"`
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

// JSONSummary counts what was read and found.
type JSONSummary struct {
	Files    int `json:"files"`
	Maps     int `json:"maps"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
}

// JSON writes the report for programs. Lines and columns count from 1, columns in Unicode code points, and the end is
// after the last character.
func JSON(w io.Writer, r *Report) error {
	notes := make([]jsonNote, 0, len(r.Notes))
	for _, n := range r.Notes {
		notes = append(notes, jsonNote{File: n.File, Line: n.Start.Line, Column: n.Start.Column, Message: n.Message})
	}
	ignored := make([]jsonIgnored, 0, len(r.Ignored))
	for i := range r.Ignored {
		ignored = append(ignored, jsonIgnored{r.Ignored[i].json(), r.Ignored[i].Reason})
	}
	return text.WriteJSON(w, jsonReport{r.JSONFindings(), ignored, notes, r.JSONSummary()})
}

// JSONFindings are the findings, for a report that holds more than they; never nil.
func (r *Report) JSONFindings() []JSONFinding {
	list := make([]JSONFinding, 0, len(r.Findings))
	for i := range r.Findings {
		list = append(list, r.Findings[i].json())
	}
	return list
}

// JSONSummary is the summary, for a report that holds more.
func (r *Report) JSONSummary() JSONSummary {
	return JSONSummary{Files: r.Files, Maps: r.MapCount, Errors: r.Count(validate.Error), Warnings: r.Count(validate.Warning)}
}

func (f *Finding) json() JSONFinding {
	j := JSONFinding{
		Rule: f.Rule, Severity: string(f.Level), Action: string(f.Action), File: f.File,
		Line: f.Start.Line, Column: f.Start.Column, EndLine: f.End.Line, EndColumn: f.End.Column,
		Resource: f.Resource, Section: string(f.Section), Message: f.Message, Remedy: f.Remedy, NotRepaired: f.NotRepaired, Docs: f.Docs,
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
