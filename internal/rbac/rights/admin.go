package rights

import (
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// Kind says what makes somebody an administrator.
type Kind string

// The kinds.
const (
	ByGroup   Kind = "group"
	ByBinding Kind = "binding"
	ByPolicy  Kind = "access-policy"
)

// Way is one thing that makes somebody an administrator.
type Way struct {
	Kind Kind `json:"kind"`
	// By says in words what it is.
	By string `json:"by"`
}

// IsAdmin reports whether the row is known to be an administrator.
func (r *Row) IsAdmin() bool { return len(r.AdminBy) > 0 }

// judge finds what makes the row an administrator; everybody are the grants to all who get in, and known is set where the
// roles could be read.
func (r *Row) judge(everybody []rbac.Grant, known bool) {
	if r.Identity.IsAdmin() {
		r.AdminBy = append(r.AdminBy, Way{ByGroup, "the group " + awsauth.MastersGroup})
	}
	for _, grants := range [][]rbac.Grant{r.Grants, everybody} {
		for i := range grants {
			// What a group of the cluster has anyway is said once.
			if grants[i].Everything() && grants[i].Subject.Name != awsauth.MastersGroup {
				r.AdminBy = append(r.AdminBy, BindingWay(&grants[i]))
			}
		}
	}
	for _, p := range r.Policies {
		if p.IsAdmin() {
			r.AdminBy = append(r.AdminBy, Way{ByPolicy, "the access policy " + p.Words()})
		}
	}
	if r.IsAdmin() || known {
		admin := r.IsAdmin()
		r.Admin = &admin
	}
}

// BindingWay is what a grant of everything says.
func BindingWay(g *rbac.Grant) Way { return Way{ByBinding, g.Words()} }

// MayEdit reports whether an access policy lets the row change the ConfigMaps of a namespace.
func (r *Row) MayEdit(namespace string) (snapshot.Policy, bool) {
	for _, p := range r.Policies {
		if p.EditsIn(namespace) {
			return p, true
		}
	}
	return snapshot.Policy{}, false
}
