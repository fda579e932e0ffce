package history

import (
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// maxProblems bounds what is kept of the reasons why a state is not good.
const maxProblems = 5

// judge says why a state is not good; nothing where it is. What good means is at Revision.Good. base is the last
// good state before it, nil for none.
func judge(now, base *awsauth.Document, p *policy.Policy, o *Observation) []string {
	if now == nil {
		return []string{"the map is not there"}
	}
	if broken := broken(now); len(broken) > 0 {
		return broken
	}
	if o.Admitted && p.Profile != validate.Audit {
		return nil
	}
	var problems []string
	for _, role := range LostNodes(base, now, o.Nodes, o.Entries) {
		problems = append(problems, clean("nodes can't join with "+role+" any more"))
	}
	problems = append(problems, newErrors(now, base, p)...)
	if len(problems) > maxProblems {
		more := len(problems) - maxProblems + 1
		problems = append(problems[:maxProblems-1], fmt.Sprintf("and %d more", more))
	}
	return problems
}

// nobody is the problem of a map that can be read and maps nobody.
const nobody = "it lets nobody in"

// broken says why a map can't do its work at all.
func broken(d *awsauth.Document) []string {
	var problems []string
	for _, s := range d.Sections() {
		if s.Discarded() {
			problems = append(problems, fmt.Sprintf("EKS can't read %s, so all of it is lost", s.Key))
		}
	}
	if len(problems) == 0 && len(access.Table(d)) == 0 {
		problems = append(problems, nobody)
	}
	return problems
}

// LostNodes are the node roles of a state that nodes can't come in by any more, where that is a loss for certain: the
// cluster is not known to have no nodes, and either no node role is left at all or nodes are known to have come in by that
// one. That one of several goes may be meant, and without the guard there is nobody to ask. Nodes that join by an access entry
// just as well are not lost; nil knows of no entries.
func LostNodes(before, now *awsauth.Document, nodes *validate.NodeFacts, entries *snapshot.View) []string {
	if nodes != nil && nodes.None() {
		return nil
	}
	left := now != nil && slices.ContainsFunc(access.Table(now), func(p access.Principal) bool { return p.IsNode() })
	var lost []string
	for _, c := range access.Diff(before, now) {
		if !c.LosesNodes || access.Compare(&access.Principal{ARN: c.ARN, Identity: *c.Old}, entries).Nodes {
			continue
		}
		if !left || nodes != nil && len(nodes.ByRole[arn.Fold(c.ARN)]) > 0 {
			lost = append(lost, c.ARN)
		}
	}
	return lost
}

// newErrors are the findings that the policy refuses or repairs, in the profile standard where its own is another, and
// that the base does not have. Rules about edits judge the writer's right to an edit and not the text, so they do not
// count.
func newErrors(now, base *awsauth.Document, p *policy.Policy) []string {
	standard := *p
	standard.Profile = validate.Standard
	var problems []string
	for _, f := range validate.CheckEdit(base, now, standard.Options()) {
		rule := validate.Lookup(f.Rule)
		if !f.Touched || f.Inconclusive || f.Advisory || rule == nil || rule.AboutEdit || standard.Action(f.Rule).Level() != validate.Error {
			continue
		}
		if base == nil && rule.Severity != validate.Critical {
			continue
		}
		problems = append(problems, clean(fmt.Sprintf("%s: %s [%s]", f.Path(), f.Sentence().Text, f.Rule)))
	}
	return problems
}
