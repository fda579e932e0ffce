package eks

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

type scope struct {
	Type       string   `json:"type"`
	Namespaces []string `json:"namespaces,omitempty"`
}

// association is an access policy of an entry.
type association struct {
	PolicyARN string
	Scope     scope
	At        time.Time
}

func (a *association) shown() map[string]any {
	return map[string]any{
		"policyArn": a.PolicyARN, "accessScope": map[string]any{"type": a.Scope.Type, "namespaces": append([]string{}, a.Scope.Namespaces...)},
		"associatedAt": epoch(a.At), "modifiedAt": epoch(a.At),
	}
}

func (e *entry) association(policy string) *association {
	if i := slices.IndexFunc(e.policies, func(a association) bool { return a.PolicyARN == policy }); i >= 0 {
		return &e.policies[i]
	}
	return nil
}

// Policies are the ARNs of the access policies of an entry.
func (s *Server) Policies(clusterName, arn string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	if e := s.clusters[clusterName].entries[arn]; e != nil {
		for _, a := range e.policies {
			all = append(all, a.PolicyARN)
		}
	}
	return all
}

// policyNames are some of the policies that EKS has.
var policyNames = []string{
	"AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSAutoNodePolicy", "AmazonEKSClusterAdminPolicy", "AmazonEKSEditPolicy", "AmazonEKSViewPolicy",
}

var policyARN = regexp.MustCompile(`^arn:(aws[a-z-]*):eks::aws:cluster-access-policy/(\w+)$`)

func (s *Server) checkPolicy(arn string) error {
	m := policyARN.FindStringSubmatch(arn)
	switch {
	case m == nil:
		return badParameter("The policyArn parameter format is not valid")
	case m[1] != s.options.Partition || !slices.Contains(policyNames, m[2]):
		return badParameter("The specified policyArn could not be found.")
	}
	return nil
}

var policyCalls = map[string]func(*Server, *call) (any, error){
	"ListAssociatedAccessPolicies": (*Server).listAssociatedAccessPolicies,
	"AssociateAccessPolicy":        (*Server).associateAccessPolicy,
	"DisassociateAccessPolicy":     (*Server).disassociateAccessPolicy,
	"ListAccessPolicies":           (*Server).listAccessPolicies,
}

// withPolicies is an entry whose type takes access policies.
func (s *Server) withPolicies(c *call) (*cluster, *entry, error) {
	found, e, err := s.entry(c)
	if err == nil && strings.HasPrefix(e.Type, "EC2_") {
		return nil, nil, badRequest("This operation can only be performed on Access Entries with a type of \"STANDARD\"")
	}
	return found, e, err
}

func (s *Server) listAssociatedAccessPolicies(c *call) (any, error) {
	found, e, err := s.withPolicies(c)
	if err != nil {
		return nil, err
	}
	from, to, next, err := s.page(c, len(e.policies))
	if err != nil {
		return nil, err
	}
	all := []any{}
	for i := from; i < to; i++ {
		all = append(all, e.policies[i].shown())
	}
	return map[string]any{"associatedAccessPolicies": all, "clusterName": found.name, "principalArn": e.PrincipalARN, "nextToken": next}, nil
}

func (s *Server) associateAccessPolicy(c *call) (any, error) {
	var in struct {
		PolicyARN   *string `json:"policyArn"`
		AccessScope *scope  `json:"accessScope"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.PolicyARN == nil || in.AccessScope == nil {
		return nil, wrong("policyArn and accessScope are required")
	}
	switch {
	case in.AccessScope.Type == "namespace" && len(in.AccessScope.Namespaces) == 0:
		return nil, badParameter("At least 1 namespace must be provided if the type is set as namespace")
	case in.AccessScope.Type != "namespace" && len(in.AccessScope.Namespaces) > 0:
		return nil, badParameter("accessScope should not include namespaces if the type is not set as namespace")
	case in.AccessScope.Type != "namespace" && in.AccessScope.Type != "cluster":
		return nil, wrong("accessScope.type is %q", in.AccessScope.Type)
	}
	if err := s.checkPolicy(*in.PolicyARN); err != nil {
		return nil, err
	}
	found, e, err := s.withPolicies(c)
	if err != nil {
		return nil, err
	}
	made := association{*in.PolicyARN, *in.AccessScope, s.options.Now()}
	if there := e.association(made.PolicyARN); there != nil {
		*there = made
	} else {
		e.policies = append(e.policies, made)
	}
	return map[string]any{"clusterName": found.name, "principalArn": e.PrincipalARN, "associatedAccessPolicy": made.shown()}, nil
}

func (s *Server) disassociateAccessPolicy(c *call) (any, error) {
	_, e, err := s.withPolicies(c)
	if err != nil {
		return nil, err
	}
	if e.association(c.labels[2]) == nil {
		return nil, notFound("The specified policyArn is not associated with the access entry.")
	}
	e.policies = slices.DeleteFunc(e.policies, func(a association) bool { return a.PolicyARN == c.labels[2] })
	return map[string]any{}, nil
}

func (s *Server) listAccessPolicies(c *call) (any, error) {
	from, to, next, err := s.page(c, len(policyNames))
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, name := range policyNames[from:to] {
		all = append(all, map[string]any{"name": name, "arn": "arn:" + s.options.Partition + ":eks::aws:cluster-access-policy/" + name})
	}
	return map[string]any{"accessPolicies": all, "nextToken": next}, nil
}
