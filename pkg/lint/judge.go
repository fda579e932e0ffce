package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// judge tells which findings of a document can't be known.
type judge struct {
	d   *manifest.Document
	doc *awsauth.Document
	// filled says of entries whether another tool fills in one of their groups, once something asks.
	filled map[*awsauth.Entry]bool
}

func newJudge(d *manifest.Document, doc *awsauth.Document) *judge {
	return &judge{d: d, doc: doc, filled: map[*awsauth.Entry]bool{}}
}

// unknowable reports whether a finding judges a value that another tool fills in later. That two entries have one such
// value says something all the same.
func (j *judge) unknowable(f *validate.Finding) bool {
	d, section, rule := j.d, j.doc.Section(f.Section), validate.Lookup(f.Rule)
	if section != nil && !rule.Compares && d.IsToken(d.Readable()[string(f.Section)][f.Span.Start:f.Span.End]) {
		return true
	}
	switch {
	case section == nil || f.Entry < 0 || rule.Compares, rule.Literal:
		return false
	case f.Section == awsauth.MapAccounts:
		return f.Entry < len(section.Accounts) && d.Unrendered(section.Accounts[f.Entry].Value)
	case f.Entry >= len(section.Entries):
		return false
	}
	e := section.Entries[f.Entry]
	switch {
	case f.Field == awsauth.FieldUsername:
		return d.Unrendered(e.Username)
	case strings.HasPrefix(f.Field, awsauth.FieldGroups):
		if i, ok := groupIn(f.Field); ok && i < len(e.Groups) {
			return d.Unrendered(e.Groups[i])
		}
		return j.groupsFilled(e)
	case f.Field == e.ARNField():
		return d.Unrendered(e.ARN)
	}
	return false
}

// groupsFilled reports whether another tool fills in one of the groups of an entry.
func (j *judge) groupsFilled(e *awsauth.Entry) bool {
	filled, known := j.filled[e]
	if !known {
		filled = slices.ContainsFunc(e.Groups, j.d.Unrendered)
		j.filled[e] = filled
	}
	return filled
}

// groupIn is the number of the group that a field like groups[1] names.
func groupIn(field string) (int, bool) {
	number, ok := strings.CutPrefix(field, awsauth.FieldGroups+"[")
	if !ok {
		return 0, false
	}
	if number, ok = strings.CutSuffix(number, "]"); !ok {
		return 0, false
	}
	i, err := strconv.Atoi(number)
	return i, err == nil && i >= 0
}
