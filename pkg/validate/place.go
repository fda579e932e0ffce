package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// reportGroup reports on the i-th group of an entry.
func reportGroup(p *Pass, e *awsauth.Entry, i int, what, remedy string) {
	if p.unwanted(nil) {
		return
	}
	p.Report(Finding{Section: e.Section.Key, Entry: e.Index, Field: fmt.Sprintf("groups[%d]", i), Span: groupSpan(e, i), What: what, Remedy: remedy})
}

// groupSpan is that of the i-th group, or of the entry where it has no place of its own.
func groupSpan(e *awsauth.Entry, i int) awsauth.Span {
	if span, ok := e.Section.NodeSpan(e.GroupNode(i)); ok {
		return span
	}
	return e.Span()
}

// fieldSource finds the source of a field's value, or says why it can't be edited.
func fieldSource(e *awsauth.Entry, field, value string) (*yamlpos.Scalar, string) {
	f := e.Field(field)
	switch {
	case len(value) > maxEdited:
		return nil, "the value is too long"
	case f == nil || f.Value.Value != value:
		return nil, "the guard can't find its exact place in the text"
	case f.Aliased:
		return nil, "the value is defined elsewhere and used through an alias or a merge key"
	}
	s, ok := e.Section.Scalar(f.Value)
	if !ok {
		return nil, "the guard can't find its exact place in the text"
	}
	return s, ""
}

// sourceRange finds the bytes [from, to) of a field's value in the text, or says why they can't be edited.
func sourceRange(e *awsauth.Entry, field, value string, from, to int) (awsauth.Span, string) {
	s, why := fieldSource(e, field, value)
	if why != "" {
		return awsauth.Span{}, why
	}
	span, ok := s.Range(from, to)
	if !ok {
		return awsauth.Span{}, notVerbatim
	}
	return span, ""
}
