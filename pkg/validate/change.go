package validate

import (
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Change is an edit with what is known of the writer and of the cluster: what the rules about edits judge by.
// They are pure functions of it; whoever fills it in asks the cluster first.
type Change struct {
	// Old is nil where the object is created, New is empty where it is deleted.
	Old, New *awsauth.Document
	// Deleted is set where the whole object goes.
	Deleted bool
	// Taken are keys that the edit takes away, whatever they hold: where a patch is all that is known, and Old is nil for it.
	Taken []awsauth.Key
	// Requester is nil where nothing is known of the writer.
	Requester *Requester
	// Facts are the cluster's answers.
	Facts Facts

	access  *[]access.Change
	given   *[]access.Gift
	givenTo map[string][]string
	edit    *edit
}

// touch says what the edit touched.
func (c *Change) touch() *edit {
	if c.edit == nil {
		c.edit = newEdit(c.Old, c.New)
	}
	return c.edit
}

// With is the same edit with another text, as after a repair.
func (c *Change) With(doc *awsauth.Document) *Change {
	if doc == c.New {
		return c
	}
	return &Change{Old: c.Old, New: doc, Deleted: c.Deleted, Taken: c.Taken, Requester: c.Requester, Facts: c.Facts}
}

// Access is what the edit gives and takes.
func (c *Change) Access() []access.Change {
	if c.access == nil {
		changes := access.Diff(c.Old, c.New)
		c.access = &changes
	}
	return *c.access
}

// Given is what the edit newly gives, and to whom: for all rules about grants.
func (c *Change) Given() []access.Gift {
	if c.given == nil {
		given := access.Given(c.Old, c.New)
		c.given = &given
	}
	return *c.given
}

// gives reports whether the edit newly gives a group to the principal of an entry.
func (c *Change) gives(e *awsauth.Entry, group string) bool {
	if c.givenTo == nil {
		c.givenTo = map[string][]string{}
		for _, g := range c.Given() {
			c.givenTo[arn.Fold(g.ARN)] = g.Groups
		}
	}
	return slices.Contains(c.givenTo[e.FoldedARN()], group)
}

// Requester is who writes, as the API server knows it.
type Requester struct {
	Username string
	Groups   []string
	// ARN is the caller's as STS names it (userInfo.extra "arn"), or its canonical ARN; empty for somebody who did
	// not come in by IAM.
	ARN string
	// SessionName is that of the ARN, or of the extra "sessionName".
	SessionName string
	// AccessKeyID is that of the credentials that the caller signed with (the extra "accessKeyId").
	AccessKeyID string
	// Outside is set for whom no limits of writers hold: exempt users, and the guard itself.
	Outside bool
}

// Facts are answers of the cluster. What is nil was not asked, or could not be found out.
type Facts struct {
	Nodes    *NodeFacts
	Bindings *BindingFacts
	// Classes are the node classes, which are asked for with the nodes.
	Classes NodeClasses
	// MayImpersonate tells for a grant whether the requester may impersonate that user or group, or without a name, all
	// of that kind; a grant that is not in it was not asked, or could not be found out.
	MayImpersonate map[Grant]bool
	// Entries are the access entries of the cluster; nil where there is no snapshot of them.
	Entries *snapshot.View
	// Unavailable says why questions were not answered.
	Unavailable Unavailable
	// Alone is set where there is no cluster to ask at all, as on a laptop: then repairs do not wait for the bindings.
	Alone bool
}

// Unavailable says for each kind of question why it was not answered; empty where it was answered or not asked.
type Unavailable struct {
	Nodes    string
	Classes  string
	Bindings string
	Grants   string
}

// NodeFacts are about the cluster's nodes.
type NodeFacts struct {
	// Total counts the nodes, Ready those of them that are Ready; More is set where there are still more than were
	// counted.
	Total, Ready int
	More         bool
	// ByRole names nodes whose certificate was asked for by a session of a role, by the role's folded ARN. It is
	// never complete: old requests are deleted.
	ByRole map[string][]string
}

// None reports whether the cluster has no nodes. Those that are not Ready are nodes too.
func (n *NodeFacts) None() bool { return n.Total == 0 && n.Ready == 0 && !n.More }

// String counts the nodes in words: "5 nodes, 3 of them Ready", or "3 Ready nodes" where all are.
func (n *NodeFacts) String() string {
	switch {
	case n.More:
		return fmt.Sprintf("more than %s, %d of them Ready", text.Count(n.Total, "node"), n.Ready)
	case n.Total <= n.Ready:
		return text.Count(n.Ready, "Ready node")
	}
	return fmt.Sprintf("%s, %d of them Ready", text.Count(n.Total, "node"), n.Ready)
}

// BindingFacts say which subjects the RoleBindings and ClusterRoleBindings name.
type BindingFacts struct {
	// Users and Groups give for each subject one binding that names it, as "ClusterRoleBinding x" or
	// "RoleBinding namespace/x".
	Users  map[string]string
	Groups map[string]string
	// Elsewhere says in which text that may hold bindings in a form that nobody reads a part of a name is found, first and last
	// where the name begins or ends with it: as "x.tf:3, which has it too", "" in none. It is nil where these are all bindings.
	Elsewhere func(part string, first, last bool) string
	// Partial is set where there are more bindings than these: they show what is bound, and not what is not.
	Partial bool
}

// Grant is a user or a group.
type Grant struct {
	// Kind is "user" or "group".
	Kind string
	// Name is empty for all of that kind.
	Name string
}

// Any is the grant of all users or of all groups, as the grant is of a user or of a group.
func (g Grant) Any() Grant { return Grant{Kind: g.Kind} }

// The kinds of grants.
const (
	GrantUser  = "user"
	GrantGroup = "group"
)

// Questions are what the rules would like to know about an edit.
type Questions struct {
	// Nodes asks for the nodes and the node classes.
	Nodes    bool
	Bindings bool
	// Grants are whom the writer has to be allowed to impersonate, the most dangerous first. Whether it may impersonate
	// everybody is asked before them, and leaves those that Named gives.
	Grants []Grant
}

// maxNamed bounds the grants that one edit asks about by name.
const maxNamed = 16

// Named are the grants to be asked about by name where this is known of those without one, and the rest, which are too many
// for one edit.
func (q Questions) Named(may map[Grant]bool) (ask, rest []Grant) {
	for _, g := range q.Grants {
		if g.Name != "" && !may[g.Any()] {
			ask = append(ask, g)
		}
	}
	n := min(len(ask), maxNamed)
	return ask[:n], ask[n:]
}

// Any reports whether there is anything to ask.
func (q Questions) Any() bool { return q.Nodes || q.Bindings || len(q.Grants) > 0 }

// Ask says which questions an edit raises: none for most. Rules that are off ask nothing.
func Ask(c *Change, o Options) Questions {
	return ask(c, o, func(*Rule) bool { return true })
}

// AskForRepair says which questions the repairs of an edit raise: whether a binding names a username as written.
func AskForRepair(c *Change, o Options) Questions {
	return ask(c, o, func(r *Rule) bool { return r.Repairs })
}

func ask(c *Change, o Options, which func(*Rule) bool) Questions {
	var all Questions
	for _, r := range registry {
		if r.Ask != nil && o.runs(r) && which(r) {
			q := r.Ask(c)
			all.Nodes, all.Bindings = all.Nodes || q.Nodes, all.Bindings || q.Bindings
			all.Grants = append(all.Grants, q.Grants...)
		}
	}
	return all
}

// isLiveAdmin reports whether somebody is an administrator by this entry.
func isLiveAdmin(p *Pass, e *awsauth.Entry) bool {
	pr := e.Principal()
	if pr == nil || pr.Path != "" && pr.Kind == arn.Role || hasARNTrouble(e) || !pr.Kind.IsCaller() {
		return false
	}
	if !slices.Contains(e.Groups, awsauth.MastersGroup) {
		return false
	}
	w := p.winner(e)
	return w == nil || w == e
}
