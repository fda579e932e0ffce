package eks

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxEntries is what a cluster may have: AWS General Reference, "Amazon EKS endpoints and quotas".
const maxEntries = 3000

// Entry is an access entry.
type Entry struct {
	PrincipalARN, Type, Username string
	Groups                       []string
	Created                      time.Time
}

type entry struct {
	Entry
	// principal is the id of whoever had the ARN when the entry was created: EKS matches by that.
	principal string
	uuid      int
	tags      map[string]string
	policies  []association
}

// nodeTypes are those whose username and groups EKS sets.
var nodeTypes = map[string]Entry{
	"EC2_LINUX":     {Username: "system:node:{{EC2PrivateDNSName}}", Groups: []string{"system:nodes"}},
	"EC2_WINDOWS":   {Username: "system:node:{{EC2PrivateDNSName}}", Groups: []string{"system:nodes", "eks:kube-proxy-windows"}},
	"FARGATE_LINUX": {Username: "system:node:{{SessionName}}", Groups: []string{"system:nodes", "system:node-proxier"}},
	"HYBRID_LINUX":  {Username: "system:node:{{SessionName}}", Groups: []string{"system:nodes"}},
	"EC2":           {Username: "system:node:{{SessionName}}", Groups: []string{"system:nodes"}},
}

const (
	standard     = "STANDARD"
	entryMissing = "The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'."
	allNodeTypes = "[EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, HYBRID_LINUX, EC2]"
)

var iamARN = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):((role|user)/([\x21-\x7e]{0,512}/)?[\w+=,.@-]{1,64}|root)$`)

// SetEntry makes an access entry as AWS itself does: without any check.
func (s *Server) SetEntry(clusterName string, e Entry, policies ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.newEntry(e)
	for _, p := range policies {
		made.policies = append(made.policies, association{PolicyARN: p, Scope: scope{Type: "cluster"}, At: e.Created})
	}
	s.clusters[clusterName].entries[e.PrincipalARN] = made
}

func (s *Server) newEntry(e Entry) *entry {
	s.updates++
	made := &entry{Entry: e, uuid: s.updates, tags: map[string]string{}}
	if p := s.principals[e.PrincipalARN]; p != nil {
		made.principal = p.id
	}
	return made
}

// Entries are the access entries of a cluster, in the order of their ARNs.
func (s *Server) Entries(clusterName string) []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Entry
	for _, arn := range slices.Sorted(maps.Keys(s.clusters[clusterName].entries)) {
		all = append(all, s.clusters[clusterName].entries[arn].Entry)
	}
	return all
}

// LetsIn is the access entry by which a principal gets in, nil where none does: the entry must be of the very principal that
// has the ARN now, and the cluster must read access entries.
func (s *Server) LetsIn(clusterName, arn string) *Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, p := s.clusters[clusterName], s.principals[arn]
	if c.mode == modeConfigMap || p == nil || c.entries[arn] == nil || c.entries[arn].principal != p.id {
		return nil
	}
	found := c.entries[arn].Entry
	return &found
}

var entryCalls = map[string]func(*Server, *call) (any, error){
	"ListAccessEntries":   (*Server).listAccessEntries,
	"CreateAccessEntry":   (*Server).createAccessEntry,
	"DescribeAccessEntry": (*Server).describeAccessEntry,
	"UpdateAccessEntry":   (*Server).updateAccessEntry,
	"DeleteAccessEntry":   (*Server).deleteAccessEntry,
}

// entry finds the one that a call is about.
func (s *Server) entry(c *call) (*cluster, *entry, error) {
	found, err := s.withEntries(c.labels[0])
	if err != nil {
		return nil, nil, err
	}
	e := found.entries[c.labels[1]]
	if e == nil {
		return nil, nil, notFound(entryMissing)
	}
	return found, e, nil
}

func (s *Server) listAccessEntries(c *call) (any, error) {
	found, err := s.withEntries(c.labels[0])
	if err != nil {
		return nil, err
	}
	arns := slices.Sorted(maps.Keys(found.entries))
	if policy := c.query.Get("associatedPolicyArn"); policy != "" {
		arns = slices.DeleteFunc(arns, func(arn string) bool { return found.entries[arn].association(policy) == nil })
	}
	from, to, next, err := s.page(c, len(arns))
	if err != nil {
		return nil, err
	}
	return map[string]any{"accessEntries": append([]string{}, arns[from:to]...), "nextToken": next}, nil
}

func (s *Server) createAccessEntry(c *call) (any, error) {
	var in struct {
		PrincipalARN       *string           `json:"principalArn"`
		Type               string            `json:"type"`
		Username           *string           `json:"username"`
		KubernetesGroups   []string          `json:"kubernetesGroups"`
		Tags               map[string]string `json:"tags"`
		ClientRequestToken string            `json:"clientRequestToken"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.PrincipalARN == nil || in.ClientRequestToken == "" {
		return nil, wrong("principalArn and clientRequestToken are required")
	}
	e := Entry{PrincipalARN: *in.PrincipalARN, Type: standard, Groups: in.KubernetesGroups, Created: s.options.Now()}
	if in.Type != "" {
		e.Type = in.Type
	}
	if in.Username != nil {
		e.Username = *in.Username
	}
	// First the parameters, then the cluster, its mode and what is there already.
	if err := s.checkNew(&e); err != nil {
		return nil, err
	}
	found, err := s.withEntries(c.labels[0])
	switch {
	case err != nil:
		return nil, err
	case found.entries[e.PrincipalARN] != nil:
		return nil, &Fault{http.StatusConflict, "ResourceInUseException", "The specified access entry resource is already in use on this cluster."}
	case len(found.entries) >= maxEntries:
		return nil, &Fault{http.StatusBadRequest, "ResourceLimitExceededException", "The maximum number of access entries has been reached."}
	}
	made := s.newEntry(e)
	made.tags = in.Tags
	found.entries[e.PrincipalARN] = made
	return map[string]any{"accessEntry": s.shown(found, made)}, nil
}

// checkNew checks the parameters of a new entry, and sets what EKS sets.
func (s *Server) checkNew(e *Entry) error {
	m := iamARN.FindStringSubmatch(e.PrincipalARN)
	if m == nil {
		return badParameter("The principalArn parameter format is not valid")
	}
	if strings.Contains(e.PrincipalARN, ":role/aws-service-role/") {
		return badParameter("The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role")
	}
	given, isNode := nodeTypes[e.Type]
	switch {
	case e.Type != standard && !isNode:
		return badParameter("AccessEntry type must be one of [STANDARD, EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, HYBRID_LINUX, EC2]")
	case isNode && m[2] != s.options.Account:
		return badParameter("AccessEntry principalArn must be from the same account as the cluster when using types %s", allNodeTypes)
	case isNode && m[4] != "role":
		return badParameter("AccessEntry principalArn must be IAM role when using types %s", allNodeTypes)
	case isNode && len(e.Groups) > 0:
		return badParameter("The specified kubernetesGroups is invalid: setting kubernetesGroups is not allowed when the type is %q", e.Type)
	case isNode && e.Username != "":
		return badParameter("The specified username is invalid: setting username is not allowed when the type is %q", e.Type)
	case isNode:
		e.Username, e.Groups = given.Username, given.Groups
	default:
		if err := checkIdentity(e); err != nil {
			return err
		}
	}
	if s.principals[e.PrincipalARN] == nil {
		return badParameter("The specified principalArn is invalid: invalid principal.")
	}
	return nil
}

var reserved = []string{"system:", "eks:", "aws:", "amazon:", "iam:"}

// checkIdentity checks the username and the groups of a standard entry, and sets the username where none is given.
func checkIdentity(e *Entry) error {
	for _, prefix := range reserved {
		if strings.HasPrefix(e.Username, prefix) {
			return badParameter("The username must not begin with system:")
		}
		for _, g := range e.Groups {
			if strings.HasPrefix(g, prefix) {
				return badParameter("The kubernetes group name %s is invalid, it cannot start with %s", g, prefix)
			}
		}
	}
	before, _, has := strings.Cut(e.Username, "{{SessionName}}")
	if rest := strings.ReplaceAll(e.Username, "{{SessionName}}", ""); strings.Contains(rest, "{{") || has && !strings.Contains(before, ":") {
		return badParameter("The specified username is invalid: %s", e.Username)
	}
	if e.Username == "" {
		e.Username = e.PrincipalARN
		if m := iamARN.FindStringSubmatch(e.PrincipalARN); m[4] == "role" {
			e.Username = fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/{{SessionName}}", m[1], m[2], e.PrincipalARN[strings.LastIndex(e.PrincipalARN, "/")+1:])
		}
	}
	return nil
}

func (s *Server) describeAccessEntry(c *call) (any, error) {
	found, e, err := s.entry(c)
	if err != nil {
		return nil, err
	}
	return map[string]any{"accessEntry": s.shown(found, e)}, nil
}

func (s *Server) updateAccessEntry(c *call) (any, error) {
	var in struct {
		Username           *string  `json:"username"`
		KubernetesGroups   []string `json:"kubernetesGroups"`
		ClientRequestToken string   `json:"clientRequestToken"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	found, e, err := s.entry(c)
	if err != nil {
		return nil, err
	}
	if e.Type != standard {
		return nil, badParameter("The username must not begin with system:")
	}
	// What is left out goes back to the default: an update replaces.
	next := Entry{PrincipalARN: e.PrincipalARN, Type: e.Type, Groups: in.KubernetesGroups, Created: e.Created}
	if in.Username != nil {
		next.Username = *in.Username
	}
	if err := checkIdentity(&next); err != nil {
		return nil, err
	}
	e.Entry = next
	return map[string]any{"accessEntry": s.shown(found, e)}, nil
}

func (s *Server) deleteAccessEntry(c *call) (any, error) {
	found, e, err := s.entry(c)
	if err != nil {
		return nil, err
	}
	delete(found.entries, e.PrincipalARN)
	return map[string]any{}, nil
}

func (s *Server) shown(c *cluster, e *entry) map[string]any {
	kind, path, _ := strings.Cut(e.PrincipalARN[strings.LastIndex(e.PrincipalARN, ":")+1:], "/")
	return map[string]any{
		"clusterName": c.name, "principalArn": e.PrincipalARN, "kubernetesGroups": append([]string{}, e.Groups...), "tags": e.tags, "username": e.Username, "type": e.Type,
		"accessEntryArn": fmt.Sprintf("arn:%s:eks:%s:%s:access-entry/%s/%s/%s/%s/%012d", s.options.Partition, s.options.Region, s.options.Account, c.name, kind,
			s.options.Account, path[strings.LastIndex(path, "/")+1:], e.uuid),
		"createdAt": epoch(e.Created), "modifiedAt": epoch(e.Created),
	}
}
