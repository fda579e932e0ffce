package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// judge reports what the rules about the cluster around the map find.
type judge struct {
	*Evaluation
	builder *report.Builder
	// file, document and doc are the map, nil where there is none.
	file     *manifest.File
	document *manifest.Document
	doc      *awsauth.Document
}

// cluster asks all rules about the cluster that have what they need.
func (j *judge) cluster() {
	for _, r := range validate.Rules() {
		if r.Matter != "" && j.sees(r.Matter) {
			j.builder.Matters = append(j.builder.Matters, r.Matter)
		}
	}
	for i := range j.All {
		j.admin(&j.All[i])
	}
	j.editors()
	j.guard()
}

// sees reports whether what is known is enough to say that a matter is in order.
func (e *Evaluation) sees(m validate.Matter) bool {
	switch m {
	case validate.AdminByBinding, validate.MapEditor:
		return e.roles && e.everybodyKnown()
	case validate.GuardRemover:
		return e.roles && e.Guard != nil && e.Guard.Installed
	case validate.AdminByPolicy:
		return e.entriesKnown()
	case validate.GuardMissing, validate.GuardBypassed:
		return e.Guard != nil
	}
	return false
}

// everybodyKnown reports whether the map could be read, or is not needed to say who gets in.
func (e *Evaluation) everybodyKnown() bool { return e.mapUnread == "" || e.Mode() == snapshot.API }

// find reports what is wrong, and what to do about it, "" where what is wrong says that too.
func (j *judge) find(m validate.Matter, r *rights.Row, what, remedy string) {
	f := report.Finding{Rule: validate.Judging(m).Name, Entry: -1, File: live.Name, Message: what, Remedy: remedy}
	if remedy != "" {
		f.Message += "; " + remedy
	}
	file, at := j.place(r)
	if file != nil {
		f.Section, f.Entry = r.Section, r.Entry
		f.Message = fmt.Sprintf("%s[%d]: %s", r.Section, r.Entry, f.Message)
	}
	j.builder.Around(file, at, f)
}

// place is where the map has a row; no file where it is an access entry, or nobody's.
func (j *judge) place(r *rights.Row) (*manifest.File, manifest.Span) {
	if r == nil || r.ByAccessEntry() {
		return nil, manifest.Span{}
	}
	s := j.doc.Section(r.Section)
	at := manifest.Span{}
	if r.Account {
		at = s.Accounts[r.Entry].Span()
	} else {
		at = s.Entries[r.Entry].Span()
	}
	return j.file, j.document.Span(string(r.Section), at)
}

// admin reports an administrator, once for each kind of way. That of system:masters is the map's, and has a rule of its own;
// of an access entry no map tells.
func (j *judge) admin(a *Admin) {
	for _, kind := range []struct {
		kind   rights.Kind
		matter validate.Matter
		remedy string
	}{
		{rights.ByBinding, validate.AdminByBinding, "bind a smaller role"},
		{rights.ByPolicy, validate.AdminByPolicy, "associate a smaller policy, or one for namespaces"},
		{rights.ByGroup, validate.AdminByPolicy, "take the group out of the access entry"},
	} {
		if kind.kind == rights.ByGroup && (a.row == nil || !a.row.ByAccessEntry()) {
			continue
		}
		var by []string
		for _, w := range a.By {
			if w.Kind == kind.kind {
				by = append(by, w.By)
			}
		}
		if len(by) == 0 || j.policy.Options().Params[validate.Judging(kind.matter).Name].Allow(a.Who) {
			continue
		}
		who := "the " + lowerFirst(a.Who)
		if a.row != nil {
			who = text.Quote(a.Who)
		}
		if a.row != nil && a.row.Account {
			who = "every principal of account " + a.Who
		}
		if a.row == nil && j.everybodyKnown() {
			by = append(by, "nobody whom the map lets in is that")
		}
		j.find(kind.matter, a.row, fmt.Sprintf("%s may do everything in the cluster: %s", who, strings.Join(by, "; ")), kind.remedy)
	}
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// editors report who may change the map or the guard and is no administrator.
func (j *judge) editors() {
	for _, e := range merge(j.Editors) {
		if j.passes(&e) || j.Mode() == snapshot.API { // Nobody reads the map then.
			continue
		}
		then := "and so let itself in as an administrator"
		switch {
		case slices.Contains(e.Verbs, "update") || slices.Contains(e.Verbs, "patch"):
		case slices.ContainsFunc(e.Verbs, func(v string) bool { return strings.HasPrefix(v, "delete") }):
			then = "and so take everybody's access away"
		case j.Map != nil:
			continue // Who may create it alone can do nothing while it is there.
		}
		remedy := "name other ConfigMaps in the role (resourceNames), or limit the writer in the policy of the guard"
		if e.Policy != "" {
			remedy = "associate a smaller policy, or one for other namespaces"
		}
		j.find(validate.MapEditor, nil, fmt.Sprintf("%s may %s %s (%s), %s%s", e.name(), strings.Join(e.Verbs, ", "), live.Name, e.source(), then, e.is()), remedy)
	}
	if j.Guard == nil || !j.Guard.Installed {
		return
	}
	for _, e := range merge(j.Removers) {
		if !j.passes(&e) {
			j.find(validate.GuardRemover, nil,
				fmt.Sprintf("%s may %s webhook configurations (%s), and so turn the guard off%s", e.name(), strings.Join(e.Verbs, ", "), e.source(), e.is()),
				"name those that it needs in the role (resourceNames)")
		}
	}
}

// passes reports whether nothing is to be said of an editor: one that may do everything anyway, or a part of the cluster.
func (j *judge) passes(e *Editor) bool {
	return e.admin || e.Subject.Name == awsauth.MastersGroup || e.Policy == "" && ofCluster(&e.Grant)
}

// name is the subject of a binding, or the principal of an access entry.
func (e *Editor) name() string {
	if e.Policy != "" {
		return text.Quote(e.Callers[0])
	}
	return "the " + lowerFirst(subjectWords(e.Subject))
}

// source is what allows it.
func (e *Editor) source() string {
	if e.Policy != "" {
		return "access policy " + e.Policy
	}
	return e.Role + ", " + e.Binding
}

// maxCallers bounds the principals that a finding names.
const maxCallers = 5

// is says who the subject of a binding is.
func (e *Editor) is() string {
	if e.Policy != "" || len(e.Callers) == 0 {
		return ""
	}
	return "; that is " + text.Some(e.Callers, maxCallers)
}

// merge leaves out what says the same about another resource.
func merge(list []Editor) []Editor {
	var out []Editor
	for _, e := range list {
		same := func(o Editor) bool {
			return o.Subject == e.Subject && o.Binding == e.Binding && o.Policy == "" && e.Policy == "" && slices.Equal(o.Verbs, e.Verbs)
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, e)
		}
	}
	return out
}

// guard reports a guard that is not there, or that edits get past.
func (j *judge) guard() {
	switch {
	case j.Guard == nil:
	case !j.Guard.Installed:
		j.find(validate.GuardMissing, nil, j.Guard.Problems[0].Message, j.Guard.Problems[0].Remedy)
	default:
		for _, p := range j.GuardProblems() {
			if p.Kind == registration.Bypass || p.Kind == registration.Broken {
				j.find(validate.GuardBypassed, nil, p.Message, p.Remedy)
			}
		}
	}
}
