package snapshot

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	kjson "sigs.k8s.io/json"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/awscli"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Saved is a text that the AWS CLI has printed: JSON documents one after another, or YAML.
type Saved struct{ Name, Text string }

// FromSaved makes a snapshot of what the AWS CLI has printed: describe-cluster, list-access-entries, and for each access entry
// describe-access-entry, list-associated-access-policies and, in any form, when its role or user was created (iam get-role,
// list-roles, get-user, list-users). What is incomplete is refused, but for that last: who was not asked for is unknown. The
// notes say what is.
func FromSaved(takenAt time.Time, texts ...Saved) (s *Snapshot, notes []string, err error) {
	c := &collection{policies: map[string]*savedPolicies{}, entries: map[string]*savedEntry{}, principals: map[string]time.Time{}}
	for _, t := range texts {
		if err := c.read(t); err != nil {
			return nil, nil, err
		}
	}
	return c.snapshot(takenAt)
}

// The outputs of the AWS CLI that are read (aws-cli, examples/eks and examples/iam).
type (
	savedDocument struct {
		Cluster    *savedCluster    `json:"cluster"`
		Listed     *[]string        `json:"accessEntries"`
		Entry      *savedEntry      `json:"accessEntry"`
		Associated *[]savedPolicy   `json:"associatedAccessPolicies"`
		Of         string           `json:"principalArn"`
		OfCluster  string           `json:"clusterName"`
		Role       *savedPrincipal  `json:"Role"`
		Roles      []savedPrincipal `json:"Roles"`
		User       *savedPrincipal  `json:"User"`
		Users      []savedPrincipal `json:"Users"`
		Next       *string          `json:"nextToken"`
		NextOfCLI  *string          `json:"NextToken"`
		Truncated  bool             `json:"IsTruncated"`
	}
	savedCluster struct {
		Name         string `json:"name"`
		ARN          string `json:"arn"`
		AccessConfig struct {
			AuthenticationMode Mode `json:"authenticationMode"`
		} `json:"accessConfig"`
		CertificateAuthority struct {
			Data string `json:"data"`
		} `json:"certificateAuthority"`
	}
	savedEntry struct {
		ClusterName  string      `json:"clusterName"`
		ARN          string      `json:"accessEntryArn"`
		PrincipalARN string      `json:"principalArn"`
		Groups       []string    `json:"kubernetesGroups"`
		Username     string      `json:"username"`
		Type         Type        `json:"type"`
		CreatedAt    awscli.Time `json:"createdAt"`
	}
	savedPolicies struct {
		cluster string
		list    []savedPolicy
	}
	savedPolicy struct {
		PolicyARN   string `json:"policyArn"`
		AccessScope Scope  `json:"accessScope"`
	}
	savedPrincipal struct {
		ARN     string      `json:"Arn"`
		Created awscli.Time `json:"CreateDate"`
	}
)

// collection is what the documents have told so far.
type collection struct {
	cluster    *savedCluster
	listed     []string
	hasList    bool
	entries    map[string]*savedEntry
	policies   map[string]*savedPolicies
	principals map[string]time.Time
}

func (c *collection) read(t Saved) error {
	body, err := awscli.Body(t.Name, t.Text, MaxSize)
	if err != nil {
		return err
	}
	documents, err := outputs(t.Name, body)
	if err != nil {
		return err
	}
	for i, o := range documents {
		if err := c.output(o); err != nil {
			return fmt.Errorf("%s, document %d: %s", text.Name(t.Name), i+1, text.Visible(err.Error()))
		}
	}
	return nil
}

func (c *collection) output(o output) error {
	if !bytes.HasPrefix(bytes.TrimSpace(o.raw), []byte("{")) {
		return errors.New("it is no object: leave out --query, and take --output json")
	}
	var d savedDocument
	if err := kjson.UnmarshalCaseSensitivePreserveInts(o.raw, &d); err != nil {
		return fmt.Errorf("%s; save it again", misread.JSON(o.text, o.at, err))
	}
	return c.add(&d)
}

func (c *collection) add(d *savedDocument) error {
	if d.Next != nil && *d.Next != "" || d.NextOfCLI != nil && *d.NextOfCLI != "" || d.Truncated {
		return errors.New("it is one page of several: leave out --no-paginate and --max-items")
	}
	switch {
	case d.Cluster != nil && c.cluster != nil && d.Cluster.ARN != c.cluster.ARN:
		return fmt.Errorf("it is of the cluster %s, and another one of %s", d.Cluster.Name, c.cluster.Name)
	case d.Cluster != nil && c.cluster != nil && *d.Cluster != *c.cluster:
		return fmt.Errorf("it says something else of the cluster %s than an earlier document: give the newer one alone", d.Cluster.Name)
	case d.Cluster != nil:
		c.cluster = d.Cluster
	case d.Listed != nil && c.hasList:
		return errors.New("it is a second list of access entries")
	case d.Listed != nil:
		c.listed, c.hasList = *d.Listed, true
	case d.Entry != nil && c.entries[d.Entry.PrincipalARN] != nil:
		return fmt.Errorf("it is a second access entry of %s", d.Entry.PrincipalARN)
	case d.Entry != nil:
		c.entries[d.Entry.PrincipalARN] = d.Entry
	case d.Associated != nil && c.policies[d.Of] != nil:
		return fmt.Errorf("it is a second list of the access policies of %s", d.Of)
	case d.Associated != nil:
		c.policies[d.Of] = &savedPolicies{d.OfCluster, *d.Associated}
	case d.Role != nil || d.User != nil || d.Roles != nil || d.Users != nil:
		all := slices.Concat(d.Roles, d.Users)
		for _, p := range []*savedPrincipal{d.Role, d.User} {
			if p != nil {
				all = append(all, *p)
			}
		}
		for _, p := range all {
			// Of two times the later one is what is now: the principal was created again.
			if p.Created.After(c.principals[p.ARN]) {
				c.principals[p.ARN] = p.Created.Time
			}
		}
	default:
		return errors.New("it is none of describe-cluster, list-access-entries, describe-access-entry, list-associated-access-policies, get-role, list-roles, get-user and list-users")
	}
	return nil
}

func (c *collection) snapshot(takenAt time.Time) (*Snapshot, []string, error) {
	if c.cluster == nil {
		return nil, nil, errors.New("the cluster is missing: add what `aws eks describe-cluster` prints")
	}
	s := &Snapshot{
		APIVersion: APIVersion, Kind: Kind, TakenAt: takenAt.UTC().Truncate(time.Second), Entries: []Entry{},
		Cluster: Cluster{Name: c.cluster.Name, ARN: c.cluster.ARN, AuthenticationMode: c.cluster.AccessConfig.AuthenticationMode},
	}
	var err error
	if s.Cluster.CAHash, err = HashOfData(c.cluster.CertificateAuthority.Data); err != nil {
		return nil, nil, err
	}
	if s.Cluster.AuthenticationMode == ConfigMap {
		return s, nil, s.Check()
	}
	if !c.hasList {
		return nil, nil, errors.New("the list of access entries is missing: add what `aws eks list-access-entries` prints")
	}
	for _, principal := range c.listed {
		e, err := c.entry(principal, &s.Cluster)
		if err != nil {
			return nil, nil, err
		}
		s.Entries = append(s.Entries, *e)
	}
	for principal := range c.entries {
		if !slices.Contains(c.listed, principal) {
			return nil, nil, fmt.Errorf("the list of access entries does not have %s: save all of them again", text.Name(principal))
		}
	}
	if err := s.Check(); err != nil {
		return nil, nil, err
	}
	return s, Undated(s.Entries), nil
}

func (c *collection) entry(principal string, cluster *Cluster) (*Entry, error) {
	found, policies := c.entries[principal], c.policies[principal]
	switch {
	case found == nil:
		return nil, fmt.Errorf("the access entry of %s is missing: add what `aws eks describe-access-entry` prints", text.Name(principal))
	case policies == nil && (found.Type == Standard || found.Type == EC2 || found.Type == HyperPodLinux):
		return nil, fmt.Errorf("the access policies of %s are missing: add what `aws eks list-associated-access-policies` prints", text.Name(principal))
	case found.ClusterName != cluster.Name || policies != nil && policies.cluster != cluster.Name || !cluster.owns(found.ARN):
		return nil, fmt.Errorf("the access entry of %s is of another cluster than %s", text.Name(principal), cluster.ARN)
	}
	e := &Entry{PrincipalARN: principal, Type: found.Type, Username: found.Username, Groups: found.Groups, CreatedAt: found.CreatedAt.Time}
	if policies != nil {
		for _, p := range policies.list {
			e.Policies = append(e.Policies, Policy{ARN: p.PolicyARN, Scope: p.AccessScope})
		}
	}
	if at, ok := c.principals[principal]; ok && !at.IsZero() {
		e.PrincipalCreatedAt = &at
	}
	return e, nil
}

// owns reports whether the ARN of an access entry, where there is one, is of this cluster: names of clusters are unique in a
// region of an account alone. Such an ARN has the account and the region of the cluster, and its name.
func (c *Cluster) owns(entry string) bool {
	if entry == "" {
		return true
	}
	of, err := arn.Parse(c.ARN)
	a, also := arn.Parse(entry)
	return err == nil && also == nil && a.Partition == of.Partition && a.Service == of.Service && a.Region == of.Region && a.Account == of.Account &&
		strings.HasPrefix(a.Resource, "access-entry/"+c.Name+"/")
}

// HashOfData is the CAHash of the data that EKS gives for a cluster's certificate authority, PEM in base64; "" of none.
func HashOfData(data string) (string, error) {
	if data == "" {
		return "", nil
	}
	certificates, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return "", errors.New("the certificate authority data of the cluster is no base64: save again what `aws eks describe-cluster` prints")
	}
	return HashCA(certificates)
}

// Undated says of how many entries it is not known when their principals were created, nothing where of none.
func Undated(entries []Entry) []string {
	var who []string
	for i := range entries {
		if e := &entries[i]; e.PrincipalCreatedAt == nil && e.Binding() == Unknown {
			who = append(who, text.Name(e.PrincipalARN))
		}
	}
	if len(who) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("it is not known when %s created, so their access entries count for nothing: %s", text.Choose(len(who), "1 principal was", strconv.Itoa(len(who))+" principals were"), text.Some(who, mostNamed))}
}

// mostNamed is how many principals a note names.
const mostNamed = 5
