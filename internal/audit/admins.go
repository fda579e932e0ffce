package audit

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Admin is somebody who may do everything in the cluster.
type Admin struct {
	// Who is the ARN of a principal, the number of an account, or a subject of a binding that nobody stands for who is known.
	Who string `json:"who"`
	// Subject is that of the binding, null for a principal.
	Subject *rbac.Subject `json:"subject"`
	By      []rights.Way  `json:"by"`

	// row is nil where it is a subject.
	row *rights.Row
}

// Editor is somebody who may do a thing: by RBAC or, where Policy is set, by an access policy.
type Editor struct {
	rbac.Permission
	// Callers are the principals that are this somebody.
	Callers []string `json:"callers"`
	// Policy is the access policy that allows it, empty where RBAC does.
	Policy string `json:"policy,omitempty"`

	// admin is set where it may do everything anyway.
	admin bool
}

// weigh finds all administrators, and who may change the map and the guard.
func (e *Evaluation) weigh(x *rbac.Index) {
	for i := range e.Access {
		if r := &e.Access[i]; r.IsAdmin() {
			e.All = append(e.All, Admin{Who: r.ARN, By: r.AdminBy, row: r})
		}
	}
	if x == nil {
		return
	}
	bySubject := map[rbac.Subject]int{}
	for _, g := range x.Admins() {
		if ofCluster(&g) || len(e.Callers(g.Subject)) > 0 || g.Subject.Name == awsauth.MastersGroup {
			continue
		}
		at, seen := bySubject[g.Subject]
		if !seen {
			at = len(e.All)
			bySubject[g.Subject] = at
			e.All = append(e.All, Admin{Who: subjectWords(g.Subject), Subject: &g.Subject})
		}
		e.All[at].By = append(e.All[at].By, rights.BindingWay(&g))
	}
	if !x.RolesKnown() {
		return
	}
	e.Editors = e.who(x, mapEdits())
	for i := range e.Access {
		r := &e.Access[i]
		if p, may := r.MayEdit(awsauth.Namespace); may {
			e.Editors = append(e.Editors, Editor{
				Permission: rbac.Permission{Verbs: mapEdits().Verbs}, Callers: []string{r.ARN}, Policy: p.Words(), admin: r.IsAdmin(),
			})
		}
	}
	e.Removers = []Editor{}
	for _, q := range guardEdits() {
		e.Removers = append(e.Removers, e.who(x, q)...)
	}
}

// ofCluster reports whether a grant is one of the parts of Kubernetes or of EKS, which need it: by the names of both the
// binding and the subject, as anybody may choose the one.
func ofCluster(g *rbac.Grant) bool {
	_, binding, _ := strings.Cut(g.Binding, " ")
	if at := strings.LastIndexByte(binding, '/'); at >= 0 {
		binding = binding[at+1:]
	}
	reserved := func(name string) bool { return strings.HasPrefix(name, "system:") || strings.HasPrefix(name, "eks:") }
	if !reserved(binding) {
		return false
	}
	switch s := g.Subject; {
	case s.Kind == rbacv1.ServiceAccountKind:
		return s.Namespace == awsauth.Namespace
	case s.Kind == rbacv1.GroupKind && slices.Contains(crowds, s.Name), s.Name == "system:anonymous":
		return false
	default:
		return reserved(s.Name)
	}
}

// crowds are groups that more are in than the parts of the cluster.
var crowds = []string{"system:authenticated", "system:unauthenticated", "system:serviceaccounts", awsauth.NodesGroup, awsauth.BootstrappersGroup}

func subjectWords(s rbac.Subject) string {
	if s.Namespace != "" {
		return s.String()
	}
	return s.Kind + " " + text.Name(s.Name)
}

func (e *Evaluation) who(x *rbac.Index, q rbac.Question) []Editor {
	list := []Editor{}
	for _, p := range x.Who(q) {
		list = append(list, Editor{Permission: p, Callers: e.Callers(p.Subject), admin: p.Everything()})
	}
	slices.SortStableFunc(list, func(a, b Editor) int { return a.rank() - b.rank() })
	return list
}

// rank puts those first who come in by the map, and the parts of the cluster last.
func (e *Editor) rank() int {
	switch {
	case len(e.Callers) > 0:
		return 0
	case e.Subject.Kind != rbacv1.ServiceAccountKind:
		return 1
	}
	return 2
}

func mapEdits() rbac.Question {
	return rbac.Question{
		Resource: "configmaps", Namespace: awsauth.Namespace, Name: awsauth.Name,
		Verbs: []string{"create", "update", "patch", "delete", "deletecollection"},
	}
}

// guardEdits are the ways to take the guard away: nothing is asked about webhook configurations themselves.
func guardEdits() []rbac.Question {
	var list []rbac.Question
	for _, resource := range []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"} {
		list = append(list, rbac.Question{
			Group: "admissionregistration.k8s.io", Resource: resource,
			Verbs: []string{"update", "patch", "delete", "deletecollection"},
		})
	}
	return list
}
