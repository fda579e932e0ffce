package access

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// Identity is what a principal becomes in the cluster: username and groups as the map has them, templates not
// rendered.
type Identity struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

// IsAdmin reports membership in system:masters.
func (i *Identity) IsAdmin() bool { return i != nil && slices.Contains(i.Groups, awsauth.MastersGroup) }

// IsNode reports whether nodes come in by this identity: the username of nodes and both of their groups.
func (i *Identity) IsNode() bool {
	return i != nil && strings.HasPrefix(i.Username, awsauth.NodeUsernamePrefix) &&
		slices.Contains(i.Groups, awsauth.NodesGroup) && slices.Contains(i.Groups, awsauth.BootstrappersGroup)
}

// OnlyInstances reports whether EKS denies everybody but EC2 instances: {{EC2PrivateDNSName}}, in the username or in any group,
// needs a session that is named after one.
func (i *Identity) OnlyInstances() bool {
	return i != nil && (asksForInstance(i.Username) || slices.ContainsFunc(i.Groups, asksForInstance))
}

func asksForInstance(s string) bool { return strings.Contains(s, awsauth.TemplateEC2PrivateDNSName) }

// nodeName is the name under which nodes come in by this principal, templates as in the map; "" where none can. What the
// authenticator leaves as it is in a template's place is no name of a node, and a node's session has no @.
func (p *Principal) nodeName() string {
	if p == nil || !p.IsNode() || p.OnlyInstances() && !asksForInstance(p.Username) {
		return "" // nodes that are named by their session are no EC2 instances
	}
	principal, err := arn.ParsePrincipal(p.ARN)
	if err != nil {
		return ""
	}
	name, ok := awsauth.Render(p.Username, &principal)
	if !ok || !nodeName.MatchString(name.String()) {
		return ""
	}
	return strings.ReplaceAll(name.String(), awsauth.TemplateSessionNameRaw, awsauth.TemplateSessionName)
}

// nodeName is what a node can be called (RFC 1123), with templates.
var nodeName = regexp.MustCompile(`^system:node:([a-z0-9.-]|\{\{(EC2PrivateDNSName|SessionName|SessionNameRaw)\}\})+$`)

// LostProxyGroups are the groups without which kube-proxy does not work on the nodes that come in by it, of those that it
// had.
func (c *Change) LostProxyGroups() []string {
	if !c.LosesNodes {
		return nil
	}
	return proxyGroups(c.RemovedGroups())
}

func proxyGroups(groups []string) []string {
	return slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return g != awsauth.WindowsProxyGroup && g != awsauth.ProxyGroup })
}

// equal compares usernames and sets of groups.
func (i *Identity) equal(o *Identity) bool {
	return i.Username == o.Username && slices.Equal(set(i.Groups), set(o.Groups))
}

func set(groups []string) []string { return slices.Compact(slices.Sorted(slices.Values(groups))) }

// Principal is somebody whom the map lets in.
type Principal struct {
	// ARN as written in the map; of an account in mapAccounts, its number.
	ARN string `json:"arn"`
	// Kind of the ARN; Unknown for an account.
	Kind arn.Kind `json:"-"`
	// Account is set for an item of mapAccounts: everybody in it is let in, without groups.
	Account bool `json:"account,omitempty"`
	Identity
	Section awsauth.Key `json:"section"`
	// Entry counts from 0.
	Entry int `json:"entry"`
	// Random is set where entries that differ in letter case make the identity a matter of chance.
	Random bool `json:"random,omitempty"`
}

// Table lists whom a document lets in: one row a principal, in the order of the document. Entries that match
// nobody, or that another entry overrules, are left out.
func Table(doc *awsauth.Document) []Principal {
	return table(doc, doc.Mappings())
}

func table(doc *awsauth.Document, mappings []*awsauth.Entry) []Principal {
	var rows []Principal
	for _, duplicates := range awsauth.ByPrincipal(slices.DeleteFunc(slices.Clone(mappings), isDead)) {
		e, random := awsauth.Winner(duplicates)
		if denied(e) {
			continue
		}
		rows = append(rows, Principal{
			ARN: e.ARN, Kind: e.Principal().Kind, Identity: Identity{Username: e.Username, Groups: append([]string{}, e.Groups...)},
			Section: e.Section.Key, Entry: e.Index, Random: random,
		})
	}
	seen := map[string]bool{}
	for _, a := range doc.Accounts.Accounts {
		if a.Valid && arn.IsAccountID(a.Value) && !seen[a.Value] {
			seen[a.Value] = true
			rows = append(rows, Principal{ARN: a.Value, Account: true, Section: awsauth.MapAccounts, Entry: a.Index, Identity: Identity{Groups: []string{}}})
		}
	}
	return rows
}

// isDead reports whether nobody can arrive with the entry's ARN.
func isDead(e *awsauth.Entry) bool {
	pr := e.Principal()
	return pr == nil || !pr.Kind.IsCaller() || pr.Check() != nil || pr.Kind == arn.Role && pr.Path != ""
}

// denied reports whether EKS denies everybody who arrives with the entry's ARN.
func denied(e *awsauth.Entry) bool {
	kind := e.Principal().Kind
	return kind != arn.Role && (&Identity{e.Username, e.Groups}).OnlyInstances()
}

// key identifies a principal across documents.
func (p *Principal) key() string {
	if p.Account {
		return "account " + p.ARN
	}
	return arn.Fold(p.ARN)
}

// Kind says what happened to a principal.
type Kind string

// The kinds of changes.
const (
	Gained  Kind = "gained"
	Lost    Kind = "lost"
	Changed Kind = "changed"
)

// Change is what an edit does to one principal.
type Change struct {
	Kind Kind `json:"kind"`
	// ARN is the principal's in the new map, or where it is lost, in the old one.
	ARN string `json:"arn"`
	// Account is set where the principal is a whole account of mapAccounts.
	Account bool `json:"account,omitempty"`
	// Node is set where nodes joined with it before, or do so now.
	Node bool `json:"node"`
	// GainsAdmin and LosesAdmin are about system:masters. Where it is EC2 instances alone that have it, people do not.
	GainsAdmin bool `json:"gainsAdmin"`
	LosesAdmin bool `json:"losesAdmin"`
	// LosesGroups is set where a principal that is still let in has no groups any more.
	LosesGroups bool `json:"-"`
	// LosesNodes is set where nodes joined with it before and can't any more: not at all, not under their names, or without
	// what their kube-proxy needs.
	LosesNodes bool `json:"losesNodes"`
	// Old is nil for a principal that is gained, New for one that is lost.
	Old *Identity `json:"old"`
	New *Identity `json:"new"`
	// AccessEntry is what the access entries have to do with it, nil for nothing, or where they are not known (see Hold).
	AccessEntry *Cover `json:"accessEntry,omitempty"`
}

// key is that of the principal.
func (c *Change) key() string { return (&Principal{ARN: c.ARN, Account: c.Account}).key() }

// Loses reports whether the principal has less than before: no access, or only its EC2 instances, fewer groups, or not the
// username that it had.
func (c *Change) Loses() bool {
	return c.Kind == Lost || c.Narrows() || c.Kind == Changed && (c.Old.Username != c.New.Username || len(c.RemovedGroups()) > 0)
}

// Narrows reports whether only EC2 instances get in any more, Widens whether only they did until now.
func (c *Change) Narrows() bool {
	return c.Kind == Changed && !c.Old.OnlyInstances() && c.New.OnlyInstances()
}

// Widens is the opposite of Narrows.
func (c *Change) Widens() bool {
	return c.Kind == Changed && c.Old.OnlyInstances() && !c.New.OnlyInstances()
}

// AddedGroups are those of New that Old does not have.
func (c *Change) AddedGroups() []string { return minus(c.New, c.Old) }

// RemovedGroups are those of Old that New does not have.
func (c *Change) RemovedGroups() []string { return minus(c.Old, c.New) }

func minus(a, b *Identity) []string {
	if a == nil {
		return nil
	}
	var theirs []string
	if b != nil {
		theirs = set(b.Groups)
	}
	var out []string
	for _, g := range set(a.Groups) {
		if _, ok := slices.BinarySearch(theirs, g); !ok {
			out = append(out, g)
		}
	}
	return out
}

// Diff says what the step from one document to another gives and takes. A nil document lets nobody in. The
// gravest come first: nodes lost, admins gained, admins lost, then who loses access, all groups, some groups or the username,
// then who changes and who gains; of equals the order
// is that of the ARNs.
func Diff(old, doc *awsauth.Document) []Change {
	var affected map[string]bool
	if old != nil && doc != nil {
		affected = awsauth.Compare(old, doc).Principals()
	}
	before, after := rowsByKey(old, affected), rowsByKey(doc, affected)
	var changes []Change
	for key, o := range before {
		n, ok := after[key]
		switch {
		case !ok:
			changes = append(changes, newChange(Lost, o, o, nil))
		case !o.equal(&n.Identity):
			changes = append(changes, newChange(Changed, n, o, n))
		}
	}
	for key, n := range after {
		if _, ok := before[key]; !ok {
			changes = append(changes, newChange(Gained, n, nil, n))
		}
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(a.rank()-b.rank(), strings.Compare(a.ARN, b.ARN))
	})
	return changes
}

// rowsByKey gives the rows of the accounts and of the principals that are affected, or of all where that is nil.
func rowsByKey(doc *awsauth.Document, affected map[string]bool) map[string]*Principal {
	m := map[string]*Principal{}
	if doc == nil {
		return m
	}
	mappings := doc.Mappings()
	if affected != nil {
		mappings = doc.Naming(affected)
	}
	rows := table(doc, mappings)
	for i := range rows {
		m[rows[i].key()] = &rows[i]
	}
	return m
}

func newChange(kind Kind, named, old, now *Principal) Change {
	c := Change{Kind: kind, ARN: named.ARN, Account: named.Account}
	if old != nil {
		c.Old = &old.Identity
	}
	if now != nil {
		c.New = &now.Identity
	}
	c.Node = c.Old.IsNode() || c.New.IsNode()
	c.LosesGroups = c.Old != nil && c.New != nil && len(c.Old.Groups) > 0 && len(c.New.Groups) == 0
	if name := old.nodeName(); name != "" {
		c.LosesNodes = now.nodeName() != name || len(proxyGroups(c.RemovedGroups())) > 0
	}
	c.GainsAdmin = c.New.IsAdmin() && (!c.Old.IsAdmin() || c.Widens())
	c.LosesAdmin = c.Old.IsAdmin() && (!c.New.IsAdmin() || c.Narrows())
	return c
}

func (c *Change) rank() int {
	switch {
	case c.LosesNodes:
		return 0
	case c.GainsAdmin:
		return 1
	case c.LosesAdmin:
		return 2
	case c.Kind == Lost:
		return 3
	case c.LosesGroups:
		return 4
	case c.Loses():
		return 5
	case c.Kind == Changed:
		return 6
	}
	return 7
}
