package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/glob"
)

func writerScope() *Rule {
	return &Rule{
		Name:  "writer-scope",
		Title: "a writer leaves its limits",
		Rationale: "The policy's list `writers` gives users and groups a part of the map: the ARNs, usernames and groups of the entries " +
			"that they may add, change and remove. Several rows that name a writer add up. Without `usernames` a writer may use those that no " +
			"RoleBinding or ClusterRoleBinding names. Such a writer may neither change mapAccounts nor delete the map nor leave a " +
			"text that EKS can't read, and can override neither this rule nor the one about protected entries. `writersOnly: true` " +
			"limits everybody else to nothing. Members of system:masters, exempt users and the guard itself have no limits.",
		Severity:    High,
		AboutEdit:   true,
		Firm:        true,
		Standard:    Deny,
		Configured:  func(o *Options) bool { return len(o.Limits.Writers) > 0 || o.Limits.Only },
		Needs:       []Topic{TopicBindings},
		NeedsAnswer: true,
		Ask: func(c *Change) Questions {
			return Questions{Bindings: c.Requester != nil && len(c.Given()) > 0}
		},
		Bad: []Example{{
			Old:       map[string]string{"mapRoles": exampleNodes},
			Data:      map[string]string{"mapRoles": exampleNodes + exampleDev},
			Requester: &Requester{Username: "ci", Groups: []string{"team-a-ci"}},
			Facts:     Facts{Bindings: &BindingFacts{Groups: map[string]string{"developers": "RoleBinding x/y"}}},
			Limits:    Limits{Writers: []Writer{{Groups: []string{"team-a-ci"}, May: Scope{ARNs: []string{"arn:aws:iam::111122223333:role/team-a-*"}}}}},
		}},
		Good: []Example{{
			Old:       map[string]string{"mapRoles": exampleNodes},
			Data:      map[string]string{"mapRoles": exampleNodes + exampleDev},
			Requester: &Requester{Username: "ci", Groups: []string{"dev-ci"}},
			Facts:     Facts{Bindings: &BindingFacts{Groups: map[string]string{"developers": "RoleBinding x/y"}}},
			Limits: Limits{Writers: []Writer{{Groups: []string{"dev-ci"}, May: Scope{
				ARNs: []string{"arn:aws:iam::111122223333:role/dev"}, Usernames: []string{"dev*"}, Groups: []string{"*"},
			}}}},
		}},
		Check: func(p *Pass) {
			c := p.Change
			if c == nil || c.Requester == nil || c.Requester.Outside {
				return
			}
			limits := &p.options.Limits
			rows, _ := limits.of(c.Requester.Username, c.Requester.Groups)
			if limits.Limits(c.Requester.Username, c.Requester.Groups) {
				p.checkScope(rows)
			}
		},
	}
}

// checkScope holds an edit against the limits of its writer.
func (p *Pass) checkScope(rows []Scope) {
	c := p.Change
	const remedy = "let a writer without these limits do it"
	limit := "the policy lets you write " + describeScope(rows)
	if c.Deleted {
		p.ReportEdit("", limit+": you may not delete the map", remedy, false)
		return
	}
	old := c.Old
	if old == nil {
		old = awsauth.ReadAll(nil, nil)
	}
	for _, s := range c.New.Sections() {
		before := old.Section(s.Key)
		if before.Text == s.Text && before.Present == s.Present {
			continue
		}
		if _, trailing := s.Trailing(); s.Discarded() || trailing {
			p.ReportEdit(s.Key, fmt.Sprintf("%s, and EKS can't read all of %s after this edit", limit, s.Key), "correct the text", false)
			return
		}
	}
	if !slices.Equal(accountsOf(old), accountsOf(c.New)) {
		p.ReportEdit(awsauth.MapAccounts, limit+": you may not change mapAccounts", remedy, false)
	}
	reported := map[string]bool{}
	for _, e := range differing(old, c.New) {
		verb := "removes or changes"
		if e.doc == c.New {
			verb = "adds or changes"
		}
		if why := p.outside(e.Entry, rows); why != "" {
			reported[e.FoldedARN()] = true
			p.ReportEdit(e.Section.Key, fmt.Sprintf("%s, and this edit %s %s[%d] for %s: %s", limit, verb, e.Section.Key, e.Index, quote(e.ARN), why), remedy, false)
		} else if e.doc == c.New && p.bindingsMissing(e.Entry, rows) {
			p.ReportEdit(e.Section.Key, fmt.Sprintf("%s[%d] for %s: whether a binding names the username %s could not be checked%s",
				e.Section.Key, e.Index, quote(e.ARN), quote(e.Username), because(c.Facts.Unavailable.Bindings)), "", true)
		}
	}
	// Entries that are the same can still do something else: an order that changes decides which of two counts.
	for i := range c.Access() {
		change := &c.Access()[i]
		if !change.Account && !reported[arn.Fold(change.ARN)] && !slices.ContainsFunc(rows, func(s Scope) bool { return s.hasARN(change.ARN) }) {
			p.ReportEdit("", fmt.Sprintf("%s, and this edit changes what %s gets", limit, quote(change.ARN)), remedy, false)
		}
	}
}

// describeScope says which entries a writer may write.
func describeScope(rows []Scope) string {
	var arns []string
	for _, s := range rows {
		arns = append(arns, s.ARNs...)
	}
	if len(arns) == 0 {
		return "no entries"
	}
	return "only entries for " + shorten(arns)
}

func (s *Scope) hasARN(principal string) bool {
	folded := arn.Fold(principal)
	return slices.ContainsFunc(s.ARNs, func(pattern string) bool { return glob.Match(arn.Fold(pattern), folded) })
}

// outside says why an entry is in none of the scopes, "" where it is in one.
func (p *Pass) outside(e *awsauth.Entry, rows []Scope) string {
	why := "the ARN is not among them"
	for i := range rows {
		s := &rows[i]
		if !s.hasARN(e.ARN) || !s.hasARN(withoutPath(e)) {
			continue
		}
		strange := slices.DeleteFunc(slices.Clone(e.Groups), func(g string) bool { return glob.Any(s.Groups, g) })
		switch bound := p.boundTo(e.Username); {
		case len(strange) > 0:
			why = "you may not write the group " + shorten(strange)
		case e.SSO != nil:
			why = "you may not write the field sso"
		case s.Usernames != nil && !glob.Any(s.Usernames, e.Username):
			why = "you may not write the username " + quote(e.Username)
		case s.Usernames == nil && bound != "":
			why = fmt.Sprintf("you may not write the username %s, because %s names it", quote(e.Username), bound)
		default:
			return ""
		}
	}
	return why
}

// withoutPath is the ARN that a role's entry gets once its path is repaired.
func withoutPath(e *awsauth.Entry) string {
	if pr := e.Principal(); pr != nil && pr.Kind == arn.Role && pr.Path != "" {
		return pr.WithoutPath()
	}
	return e.ARN
}

// boundTo is the binding that names a username or what its templates can become, "" for none.
func (p *Pass) boundTo(username string) string {
	b := p.Change.Facts.Bindings
	if b == nil {
		return ""
	}
	if name := b.Users[username]; name != "" || !isTemplated(username) {
		return name
	}
	parts := fixed(username)
	for user, name := range b.Users {
		if canBecome(parts, user) {
			return name
		}
	}
	return ""
}

// bindingsMissing reports that only the bindings could tell whether a username may be written, and nobody knows them.
func (p *Pass) bindingsMissing(e *awsauth.Entry, rows []Scope) bool {
	return p.Change.Facts.Bindings == nil && !slices.ContainsFunc(rows, func(s Scope) bool {
		return s.hasARN(e.ARN) && s.Usernames != nil && glob.Any(s.Usernames, e.Username)
	})
}

type entryOfDoc struct {
	*awsauth.Entry
	doc *awsauth.Document
}

// differing are the entries of both documents that the other does not have, each as often as it is missing there.
func differing(old, doc *awsauth.Document) []entryOfDoc {
	var all []entryOfDoc
	missing := func(from, in *awsauth.Document) {
		has := map[string]int{}
		for _, s := range []*awsauth.Section{in.Roles, in.Users} {
			for _, e := range s.Entries {
				has[e.Reading()]++
			}
		}
		for _, s := range []*awsauth.Section{from.Roles, from.Users} {
			for _, e := range s.Entries {
				if has[e.Reading()]--; has[e.Reading()] < 0 {
					all = append(all, entryOfDoc{e, from})
				}
			}
		}
	}
	missing(old, doc)
	missing(doc, old)
	return all
}

func accountsOf(d *awsauth.Document) []string {
	var accounts []string
	for _, a := range d.Accounts.Accounts {
		accounts = append(accounts, strings.TrimSpace(a.Value))
	}
	slices.Sort(accounts)
	return accounts
}
