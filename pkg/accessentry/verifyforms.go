package accessentry

import (
	"fmt"
	"io"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// The questions that a verification answers.
const (
	whatToRemove = "safe to remove"
	maySwitch    = "safe to switch to API"
)

// page says how to get from the map to access entries.
const page = "https://github.com/aws-auth-guard/aws-auth-guard/blob/main/docs/access-entries.md"

// title says what was held against what.
func (v *Verification) title() string {
	if v.Cluster == "" {
		return "aws-auth against no snapshot of access entries"
	}
	mode := string(v.Mode)
	if mode == "" {
		mode = "not known"
	}
	return fmt.Sprintf("aws-auth against the access entries of %s, mode %s, as of %s", v.Cluster, mode, v.TakenAt.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// removable answers the first question.
func (v *Verification) removable() string {
	if len(v.SafeToRemove) == 0 {
		return "nothing"
	}
	names := make([]string, len(v.SafeToRemove))
	for i, arn := range v.SafeToRemove {
		names[i] = text.Name(arn)
	}
	return strings.Join(names, ", ")
}

// switchable answers the second one.
func (v *Verification) switchable() string {
	answer := "no"
	if v.SafeToSwitch {
		answer = "yes"
	}
	return answer + ", because " + strings.Join(v.Because, "; ")
}

// Text writes the verification for people. It ends with the two answers.
func (v *Verification) Text(w io.Writer) error {
	var b strings.Builder
	b.WriteString(v.title() + "\n\n")
	for i := range v.Principals {
		p := &v.Principals[i]
		fmt.Fprintf(&b, "%-9s%s\n", p.Verdict, strings.TrimSpace(p.Place()+" "+text.Name(p.ARN)))
		b.WriteString(wrapped("         ", "         ", p.Because))
	}
	if len(v.Principals) > 0 {
		b.WriteByte('\n')
	}
	for _, n := range v.Notes {
		b.WriteString(wrapped("note: ", "      ", n))
	}
	if len(v.Notes) > 0 {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%s: %s\n%s: %s\n", whatToRemove, v.removable(), maySwitch, v.switchable())
	_, err := io.WriteString(w, b.String())
	return err
}

// JSON writes the verification for programs.
func (v *Verification) JSON(w io.Writer) error { return text.WriteJSON(w, v) }

// Sheet is the verification in the formats of reports.
func (v *Verification) Sheet() *report.Sheet {
	s := &report.Sheet{
		Name: "access entries", Title: v.title(), Columns: []string{"verdict", "mapping", "principal", "why"}, Notes: v.Notes,
		Answers: []report.SheetAnswer{
			{Question: whatToRemove, Answer: v.removable()},
			{Question: maySwitch, Answer: v.switchable(), Rule: "access-entries-not-ready", Fails: !v.SafeToSwitch},
		},
		File: v.File, Docs: page,
	}
	for i := range v.Principals {
		p := &v.Principals[i]
		row := report.SheetRow{
			Name: strings.TrimSpace(p.Place() + " " + p.ARN), Cells: []string{string(p.Verdict), p.Place(), p.ARN, p.Because},
		}
		if !p.Covered() && p.Verdict != access.Extra {
			row.Level, row.Rule = validate.Error, "access-entry-"+string(p.Verdict)
			if v.At != nil && p.Entry != nil {
				row.Start = v.At(p.Section, *p.Entry)
			}
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}
