package rights

import (
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// builtin says what groups are given that need no binding.
var builtin = map[string]string{
	awsauth.MastersGroup: "everything, whatever RBAC says",
	awsauth.NodesGroup:   "what the Node authorizer lets a node do",
}

// Row is somebody who gets in, with what it may do by RBAC. What access policies allow comes on top.
type Row struct {
	access.Entrant
	// Admin reports whether it may do everything; nil where RBAC could not be read and nothing else makes it an administrator.
	Admin *bool `json:"admin"`
	// AdminBy are the ways in which it may, none where that is not known.
	AdminBy []Way `json:"adminBy"`
	Node    bool  `json:"node"`
	// Grants are those to its username and to its groups, nil where RBAC could not be read. Those to everybody are in
	// Report.Everybody.
	Grants []rbac.Grant `json:"grants"`
	// NoRights is set where it gets in, nothing at all is bound to it, and it has no access policy.
	NoRights bool `json:"noRights"`

	user     name
	memberOf []name
}

// Group is a group that entries of the map put callers in.
type Group struct {
	Name string `json:"name"`
	// Members are the ARNs, or the account numbers of mapAccounts.
	Members []string     `json:"members"`
	Grants  []rbac.Grant `json:"grants"`
	// Builtin says what Kubernetes gives the group without any binding, or is empty.
	Builtin string `json:"builtin"`
	// Bound is false where neither a binding nor Kubernetes gives it anything.
	Bound bool `json:"bound"`
	// OtherCase names a bound group that differs in upper and lower case alone, or is empty.
	OtherCase string `json:"otherCase"`
}

// Unmatched is a binding to a user or a group that no entry of the map produces.
type Unmatched struct {
	rbac.Grant
	// OtherCase is a username or group of the map that differs in upper and lower case alone, or is empty.
	OtherCase string `json:"otherCase"`
}

// Report is who gets in, joined with RBAC. All but Access is nil where RBAC could not be read.
type Report struct {
	Access []Row   `json:"access"`
	Groups []Group `json:"groups"`
	// Unmatched leaves out subjects of Kubernetes and of EKS (system:, eks:).
	Unmatched []Unmatched `json:"unmatched"`
	// Everybody is what every caller is given who gets in, apart from what Kubernetes gives by itself.
	Everybody []rbac.Grant `json:"everybody"`
}

// everybody is the group of all who got in.
const everybody = "system:authenticated"

// bootstrapRoles are bound to everybody by Kubernetes itself.
var bootstrapRoles = []string{"ClusterRole system:basic-user", "ClusterRole system:discovery", "ClusterRole system:public-info-viewer"}

// Join joins those who get in with RBAC. A nil index means that RBAC could not be read: then nothing is said of rights.
func Join(entrants []access.Entrant, x *rbac.Index) *Report {
	r := &Report{Access: []Row{}}
	if x != nil {
		r.Everybody = []rbac.Grant{}
		for _, g := range x.Of(rbacv1.GroupKind, everybody) {
			if !slices.Contains(bootstrapRoles, g.Role) {
				r.Everybody = append(r.Everybody, g)
			}
		}
	}
	for i := range entrants {
		row := newRow(&entrants[i], x)
		row.judge(r.Everybody, x != nil && x.RolesKnown())
		r.Access = append(r.Access, row)
	}
	if x == nil {
		return r
	}
	r.Groups = groups(r.Access, x)
	r.Unmatched = unmatched(r.Access, x)
	return r
}

func newRow(p *access.Entrant, x *rbac.Index) Row {
	row := Row{Entrant: *p, AdminBy: []Way{}, Node: p.Node()}
	row.Groups = append([]string{}, p.Groups...)
	if p.Account {
		row.user = anybodyIn(p.ARN)
	} else {
		// Nobody gets in by an ARN that can't be taken apart.
		principal, _ := arn.ParsePrincipal(p.ARN)
		row.user = newName(p.Username, &principal)
		for i, g := range p.Groups {
			if !slices.Contains(p.Groups[:i], g) {
				row.memberOf = append(row.memberOf, newName(g, &principal))
			}
		}
	}
	if x == nil {
		return row
	}
	row.NoRights = true
	row.Grants = append([]rbac.Grant{}, grantsOf(x, rbacv1.UserKind, &row.user)...)
	for i := range row.memberOf {
		row.Grants = append(row.Grants, grantsOf(x, rbacv1.GroupKind, &row.memberOf[i])...)
		row.NoRights = row.NoRights && builtin[row.memberOf[i].text] == ""
	}
	row.NoRights = row.NoRights && len(row.Grants) == 0 && len(row.Policies) == 0
	return row
}

// grantsOf are those to a user or a group, or to all that a template can become.
func grantsOf(x *rbac.Index, kind string, n *name) []rbac.Grant {
	if !n.varies {
		return x.Of(kind, n.text)
	}
	var found []rbac.Grant
	for _, s := range x.Names(kind) {
		if n.is(s) {
			found = append(found, x.Of(kind, s)...)
		}
	}
	return found
}

func groups(rows []Row, x *rbac.Index) []Group {
	list := []Group{}
	at := map[string]int{}
	for i := range rows {
		for k := range rows[i].memberOf {
			n := &rows[i].memberOf[k]
			place, seen := at[n.text]
			if !seen {
				place = len(list)
				at[n.text] = place
				list = append(list, newGroup(n, x))
			}
			list[place].Members = append(list[place].Members, rows[i].ARN)
		}
	}
	slices.SortFunc(list, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func newGroup(n *name, x *rbac.Index) Group {
	g := Group{Name: n.text, Grants: append([]rbac.Grant{}, grantsOf(x, rbacv1.GroupKind, n)...), Builtin: builtin[n.text]}
	g.Bound = g.Builtin != "" || len(g.Grants) > 0
	if !g.Bound {
		g.OtherCase = boundNear(x, n)
	}
	return g
}

func boundNear(x *rbac.Index, n *name) string {
	for _, s := range x.Names(rbacv1.GroupKind) {
		if n.near(s) {
			return s
		}
	}
	return ""
}

// unmatched are the bindings whose user or group comes from somewhere else than the map, or from nowhere.
func unmatched(rows []Row, x *rbac.Index) []Unmatched {
	names := map[string]map[string]name{rbacv1.UserKind: {}, rbacv1.GroupKind: {}}
	for i := range rows {
		names[rbacv1.UserKind][rows[i].user.text] = rows[i].user
		for _, group := range rows[i].memberOf {
			names[rbacv1.GroupKind][group.text] = group
		}
	}
	list := []Unmatched{}
	for _, kind := range []string{rbacv1.UserKind, rbacv1.GroupKind} {
		produced := slices.SortedFunc(maps.Values(names[kind]), func(a, b name) int { return strings.Compare(a.text, b.text) })
		for _, s := range x.Names(kind) {
			if strings.HasPrefix(s, "system:") || strings.HasPrefix(s, "eks:") || slices.ContainsFunc(produced, func(n name) bool { return n.is(s) }) {
				continue
			}
			other := ""
			if i := slices.IndexFunc(produced, func(n name) bool { return n.near(s) }); i >= 0 {
				other = produced[i].text
			}
			for _, g := range x.Of(kind, s) {
				list = append(list, Unmatched{g, other})
			}
		}
	}
	return list
}

// Callers are the principals of the map that a subject of a binding stands for.
func (r *Report) Callers(s rbac.Subject) []string {
	callers := []string{}
	for i := range r.Access {
		row := &r.Access[i]
		if s.Kind == rbacv1.UserKind && row.user.is(s.Name) ||
			s.Kind == rbacv1.GroupKind && (s.Name == everybody || slices.ContainsFunc(row.memberOf, func(n name) bool { return n.is(s.Name) })) {
			callers = append(callers, row.ARN)
		}
	}
	return callers
}

// Given is what one caller who got in is given, by its username and its groups as rendered.
func Given(x *rbac.Index, username string, groups []string) []rbac.Grant {
	given := x.Of(rbacv1.UserKind, username)
	for i, g := range groups {
		if !slices.Contains(groups[:i], g) {
			given = append(given, x.Of(rbacv1.GroupKind, g)...)
		}
	}
	return given
}

// Builtin says what Kubernetes gives a group without any binding, or "".
func Builtin(group string) string { return builtin[group] }
