package rbac

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Question asks who may do one of several things to an object.
type Question struct {
	// Group of the API; empty for the core.
	Group    string
	Resource string
	// Namespace of the object; empty for one of the whole cluster.
	Namespace string
	Name      string
	Verbs     []string
}

// Permission says that a grant lets its subject do some of what was asked.
type Permission struct {
	Grant
	// Verbs of the question, in its order.
	Verbs []string `json:"verbs"`
}

// Who answers a question: one permission a grant. Members of system:masters are not named, whom no RBAC object
// stops.
func (x *Index) Who(q Question) []Permission {
	var found []Permission
	for _, g := range x.grants {
		if g.Namespace != "" && g.Namespace != q.Namespace {
			continue
		}
		var verbs []string
		for _, verb := range q.Verbs {
			if slices.ContainsFunc(g.rules, func(r rbacv1.PolicyRule) bool { return q.allows(&r, verb) }) {
				verbs = append(verbs, verb)
			}
		}
		if len(verbs) > 0 {
			found = append(found, Permission{Grant: g, Verbs: verbs})
		}
	}
	return found
}

// nameless are the verbs whose requests carry no name, so that a rule with resourceNames never allows them.
var nameless = []string{"create", "deletecollection"}

func (q *Question) allows(r *rbacv1.PolicyRule, verb string) bool {
	if !holds(r.Verbs, verb) || !holds(r.APIGroups, q.Group) || !holds(r.Resources, q.Resource) {
		return false
	}
	if len(r.ResourceNames) == 0 {
		return true
	}
	return !slices.Contains(nameless, verb) && slices.Contains(r.ResourceNames, q.Name)
}

func holds(list []string, item string) bool {
	return slices.Contains(list, item) || slices.Contains(list, "*")
}
