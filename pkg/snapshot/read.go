package snapshot

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	kjson "sigs.k8s.io/json"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// The bounds of what Read accepts.
const (
	// MaxSize is the size in bytes of the JSON. 3,000 entries, all that a cluster can have (AWS General Reference, "Amazon EKS
	// endpoints and quotas"), with a few policies each take about 2 MiB.
	MaxSize = 16 << 20
	// MaxEntries leaves room for a higher quota.
	MaxEntries = 20_000
)

var (
	clusterName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$`)
	caHash      = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	policyARN   = regexp.MustCompile(`^arn:[a-z-]+:eks::aws:cluster-access-policy/([0-9A-Za-z_-]+)$`)
)

// Name is the last part of the policy's ARN.
func (p Policy) Name() string {
	if m := policyARN.FindStringSubmatch(p.ARN); m != nil {
		return m[1]
	}
	return ""
}

// Words are the policy with its scope, for people.
func (p Policy) Words() string {
	if p.Scope.Type == ScopeNamespace {
		return p.Name() + " in " + text.List(p.Scope.Namespaces)
	}
	return p.Name() + " in the whole cluster"
}

// Read reads a snapshot, JSON or compressed with gzip, with a byte order mark or without. It never gives a part of one: what it
// does not know or can't be is an error that says where.
func Read(raw []byte) (*Snapshot, error) {
	raw, err := unpack(raw)
	if err != nil {
		return nil, err
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if !utf8.Valid(raw) {
		return nil, errors.New("this is no snapshot: it is not UTF-8; " + again)
	}
	s := &Snapshot{}
	strict, err := kjson.UnmarshalStrict(raw, s)
	if err != nil {
		return nil, fmt.Errorf("this is no snapshot: %s; %s", misread.JSON(string(raw), 0, err), again)
	}
	if len(strict) > 0 {
		return nil, fmt.Errorf("the snapshot holds what this version does not know: %s", text.Visible(errors.Join(strict[:1]...).Error()))
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("the snapshot can't be used: %w", err)
	}
	return s, nil
}

// HashCA is the CAHash of a cluster with these certificates, PEM. It fails where there are none.
func HashCA(certificates []byte) (string, error) {
	hash := sha256.New()
	found := false
	for block, rest := pem.Decode(certificates); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			found = true
			_, _ = hash.Write(block.Bytes)
		}
	}
	if !found {
		return "", errors.New("no certificate in the certificate authority data")
	}
	return fmt.Sprintf("sha256:%x", hash.Sum(nil)), nil
}

// again is what to do about a snapshot that can't be read.
const again = "`kubectl aws-auth access-entries snapshot` takes one"

func unpack(raw []byte) ([]byte, error) {
	if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err == nil {
			raw, err = io.ReadAll(io.LimitReader(z, MaxSize+1))
		}
		if err != nil {
			return nil, errors.New("the snapshot is packed by gzip, and damaged or cut off; " + again)
		}
	}
	if len(raw) > MaxSize {
		return nil, fmt.Errorf("the snapshot is larger than %d MiB", MaxSize>>20)
	}
	return raw, nil
}

// Check says what is wrong with a snapshot, nil where nothing is.
func (s *Snapshot) Check() error {
	if s.APIVersion != APIVersion || s.Kind != Kind {
		return fmt.Errorf("it is apiVersion %s, kind %s; wanted are %s, %s", text.Quote(s.APIVersion), text.Quote(s.Kind), APIVersion, Kind)
	}
	if err := s.Cluster.check(); err != nil {
		return err
	}
	switch {
	case s.TakenAt.IsZero():
		return errors.New("takenAt is missing")
	case s.Entries == nil:
		return errors.New("entries is missing: write [] where the cluster has none")
	case len(s.Entries) > MaxEntries:
		return fmt.Errorf("it has %d entries, more than %d", len(s.Entries), MaxEntries)
	case len(s.Entries) > 0 && s.Cluster.AuthenticationMode == ConfigMap:
		return fmt.Errorf("it has entries, and a cluster in mode %s has none", ConfigMap)
	}
	seen := map[string]int{}
	for i := range s.Entries {
		e := &s.Entries[i]
		key, err := e.check(s.Cluster.Account())
		if err != nil {
			return fmt.Errorf("entries[%d]: %w", i, err)
		}
		if first, ok := seen[key]; ok {
			return fmt.Errorf("entries[%d] is for the same principal as entries[%d]: %s", i, first, text.Name(e.PrincipalARN))
		}
		seen[key] = i
	}
	return nil
}

func (c Cluster) check() error {
	if !clusterName.MatchString(c.Name) {
		return fmt.Errorf("cluster.name %s is no name of an EKS cluster", text.Quote(c.Name))
	}
	a, err := arn.Parse(c.ARN)
	if err != nil || a.Service != "eks" || a.Region == "" || !arn.IsAccountID(a.Account) || a.Resource != "cluster/"+c.Name {
		return fmt.Errorf("cluster.arn %s is not the ARN of the EKS cluster %s", text.Quote(c.ARN), c.Name)
	}
	if c.CAHash != "" && !caHash.MatchString(c.CAHash) {
		return fmt.Errorf("cluster.caHash %s is not sha256: and 64 hexadecimal digits", text.Quote(c.CAHash))
	}
	if !slices.Contains([]Mode{ConfigMap, Both, API}, c.AuthenticationMode) {
		return fmt.Errorf("cluster.authenticationMode is %s: it is %s, %s or %s", text.Quote(string(c.AuthenticationMode)), ConfigMap, Both, API)
	}
	return nil
}

// check gives the key of the entry's principal.
func (e *Entry) check(account string) (string, error) {
	p, err := e.Principal()
	if err == nil && p.Kind != arn.Root {
		err = p.Check()
	}
	if err != nil {
		return "", fmt.Errorf("principalArn %s: %w", text.Quote(e.PrincipalARN), err)
	}
	if p.Kind != arn.Role && p.Kind != arn.User && p.Kind != arn.Root {
		return "", fmt.Errorf("principalArn %s is of neither a role nor a user", text.Quote(e.PrincipalARN))
	}
	if !slices.Contains(Types(), e.Type) {
		return "", fmt.Errorf("type %s is none that this version knows", text.Quote(string(e.Type)))
	}
	if e.Type != Standard && (p.Kind != arn.Role || p.Account != account) {
		return "", fmt.Errorf("type %s is for roles of the cluster's account alone, and principalArn is %s", e.Type, text.Quote(e.PrincipalARN))
	}
	if e.CreatedAt.IsZero() {
		return "", errors.New("createdAt is missing")
	}
	if e.PrincipalGone && e.PrincipalCreatedAt != nil {
		return "", errors.New("principalGone and principalCreatedAt are both set")
	}
	for i, policy := range e.Policies {
		if err := policy.check(); err != nil {
			return "", fmt.Errorf("policies[%d]: %w", i, err)
		}
	}
	return Key(p), nil
}

func (p Policy) check() error {
	if p.Name() == "" {
		return fmt.Errorf("arn %s is not that of an access policy of EKS", text.Quote(p.ARN))
	}
	switch p.Scope.Type {
	case ScopeCluster:
		if len(p.Scope.Namespaces) > 0 {
			return errors.New("scope.namespaces is set, and the scope is the whole cluster")
		}
	case ScopeNamespace:
		if len(p.Scope.Namespaces) == 0 {
			return errors.New("scope.namespaces is missing")
		}
	default:
		return fmt.Errorf("scope.type is %s: it is %s or %s", text.Quote(p.Scope.Type), ScopeCluster, ScopeNamespace)
	}
	return nil
}

// Write gives the snapshot as JSON, its entries in the order of their ARNs. It fails as Check does.
func (s *Snapshot) Write() ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	sorted := *s
	sorted.Entries = slices.SortedStableFunc(slices.Values(s.Entries), func(a, b Entry) int { return strings.Compare(a.PrincipalARN, b.PrincipalARN) })
	if sorted.Entries == nil {
		sorted.Entries = []Entry{}
	}
	raw, err := json.MarshalIndent(&sorted, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(raw, '\n'), nil
}

// Compress gives the snapshot as Write does, compressed: a ConfigMap holds no more than 1 MiB.
func (s *Snapshot) Compress() ([]byte, error) {
	raw, err := s.Write()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(raw); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
