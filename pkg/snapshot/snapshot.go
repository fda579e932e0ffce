package snapshot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

// What a snapshot says of itself.
const (
	APIVersion = "aws-auth-guard.dev/v1alpha1"
	Kind       = "AccessSnapshot"
)

// Mode is the authentication mode of a cluster: EKS API reference, AccessConfigResponse.
type Mode string

// The modes, in the only order in which a cluster may go through them.
const (
	// ConfigMap: EKS reads aws-auth alone.
	ConfigMap Mode = "CONFIG_MAP"
	// Both: EKS asks the access entries first, then aws-auth.
	Both Mode = "API_AND_CONFIG_MAP"
	// API: EKS reads the access entries alone. There is no way back.
	API Mode = "API"
)

// Type of an access entry: EKS API reference, CreateAccessEntry.
type Type string

// The types.
const (
	Standard      Type = "STANDARD"
	EC2Linux      Type = "EC2_LINUX"
	EC2Windows    Type = "EC2_WINDOWS"
	FargateLinux  Type = "FARGATE_LINUX"
	HybridLinux   Type = "HYBRID_LINUX"
	HyperPodLinux Type = "HYPERPOD_LINUX"
	// EC2 is for the nodes of EKS Auto Mode.
	EC2 Type = "EC2"
)

// Types are all types that EKS has.
func Types() []Type {
	return []Type{Standard, EC2Linux, EC2Windows, FargateLinux, HybridLinux, HyperPodLinux, EC2}
}

// Snapshot is what one cluster's access entries were at a moment.
type Snapshot struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Cluster    Cluster   `json:"cluster"`
	TakenAt    time.Time `json:"takenAt"`
	// Entries are in the order of their ARNs where Write has written them.
	Entries []Entry `json:"entries"`
}

// Cluster says whose entries these are.
type Cluster struct {
	Name string `json:"name"`
	ARN  string `json:"arn"`
	// CAHash is "sha256:" and the hash, in hexadecimal, of the certificate authority data that EKS gives for the
	// cluster. With it a program inside a cluster knows that the snapshot is of that cluster. It may be empty.
	CAHash             string `json:"caHash,omitempty"`
	AuthenticationMode Mode   `json:"authenticationMode"`
}

// Account is the AWS account of the cluster.
func (c Cluster) Account() string {
	a, err := arn.Parse(c.ARN)
	if err != nil {
		return ""
	}
	return a.Account
}

// Entry is one access entry.
type Entry struct {
	// PrincipalARN is that of a role, with its path, of a user, or of an account's root.
	PrincipalARN string   `json:"principalArn"`
	Type         Type     `json:"type"`
	Username     string   `json:"username"`
	Groups       []string `json:"groups,omitempty"`
	Policies     []Policy `json:"policies,omitempty"`
	// CreatedAt is when the entry was created. EKS ties it to the principal that had the ARN at that time.
	CreatedAt time.Time `json:"createdAt"`
	// PrincipalCreatedAt is when the principal that has the ARN now was created: nil where that is not known.
	PrincipalCreatedAt *time.Time `json:"principalCreatedAt,omitempty"`
	// PrincipalGone is set where IAM knows nobody of that ARN.
	PrincipalGone bool `json:"principalGone,omitempty"`
}

// Policy is an access policy that is associated with an entry.
type Policy struct {
	// ARN of the policy: arn:aws:eks::aws:cluster-access-policy/NAME.
	ARN   string `json:"arn"`
	Scope Scope  `json:"scope"`
}

// Scope is where an access policy holds.
type Scope struct {
	// Type is ScopeCluster or ScopeNamespace.
	Type string `json:"type"`
	// Namespaces are names, or patterns that end in *.
	Namespaces []string `json:"namespaces,omitempty"`
}

// The types of scopes.
const (
	ScopeCluster   = "cluster"
	ScopeNamespace = "namespace"
)

// ClusterAdmin is the name of the access policy that allows everything. Admin allows most, among it to change
// ConfigMaps: in the whole cluster that comes to the same, as its holder can let itself in as anybody. Edit allows to change
// ConfigMaps too. Source: EKS User Guide, "Review access policy permissions".
const (
	ClusterAdmin = "AmazonEKSClusterAdminPolicy"
	Admin        = "AmazonEKSAdminPolicy"
	Edit         = "AmazonEKSEditPolicy"
)

// IsAdmin reports whether the policy makes administrators: everything in the whole cluster, or all that it takes to get there.
func (p Policy) IsAdmin() bool {
	return p.Scope.Type == ScopeCluster && (p.Name() == ClusterAdmin || p.Name() == Admin)
}

// EditsIn reports whether the policy lets change the ConfigMaps of a namespace.
func (p Policy) EditsIn(namespace string) bool {
	if !slices.Contains([]string{ClusterAdmin, Admin, Edit}, p.Name()) {
		return false
	}
	return p.Scope.Type == ScopeCluster || slices.ContainsFunc(p.Scope.Namespaces, func(n string) bool {
		prefix, pattern := strings.CutSuffix(n, "*")
		return n == namespace || pattern && strings.HasPrefix(namespace, prefix)
	})
}

// IsClusterAdmin reports whether an access policy lets the entry do everything in the whole cluster.
func (e *Entry) IsClusterAdmin() bool {
	for _, p := range e.Policies {
		if p.Name() == ClusterAdmin && p.Scope.Type == ScopeCluster {
			return true
		}
	}
	return false
}

// Binding says whether an entry still belongs to the principal that has its ARN.
type Binding int

// The bindings.
const (
	// Unknown: the snapshot does not say when the principal was created, or the times are the same second.
	Unknown Binding = iota
	// Bound: the principal is older than the entry.
	Bound
	// Stale: the principal is gone, or was created after the entry, which belongs to one that is gone. It lets nobody in.
	Stale
)

// Binding compares the age of the entry with that of its principal.
func (e *Entry) Binding() Binding {
	if e.PrincipalGone {
		return Stale
	}
	if p, err := e.Principal(); err == nil && p.Kind == arn.Root {
		return Bound // The root user is as old as the account, and nobody can create it again.
	}
	if e.PrincipalCreatedAt == nil {
		return Unknown
	}
	// IAM tells whole seconds.
	switch entry, principal := e.CreatedAt.Truncate(time.Second), e.PrincipalCreatedAt.Truncate(time.Second); {
	case principal.After(entry):
		return Stale
	case principal.Before(entry):
		return Bound
	}
	return Unknown
}

// Principal is whom the entry is for.
func (e *Entry) Principal() (arn.Principal, error) { return arn.ParsePrincipal(e.PrincipalARN) }

// Key identifies a principal, as an access entry or as a mapping names it: folded, and of a role without the path, which
// only access entries have.
func Key(p arn.Principal) string {
	if p.Kind == arn.Role {
		return arn.Fold(p.WithoutPath())
	}
	return arn.Fold(p.String())
}

// Find is the entry of a principal, nil where there is none.
func (s *Snapshot) Find(p arn.Principal) *Entry {
	key := Key(p)
	for i := range s.Entries {
		if own, err := s.Entries[i].Principal(); err == nil && Key(own) == key {
			return &s.Entries[i]
		}
	}
	return nil
}

// Settle is how old an entry has to be before it counts. EKS needs "several seconds" until it uses a new one (EKS User
// Guide, "Create access entries").
const Settle = time.Minute

// skew is how far the clocks of the writer and the reader of a snapshot may differ.
const skew = time.Minute

// View is what a snapshot says at a moment. The nil view is of a cluster of which no snapshot is known.
type View struct {
	*Snapshot
	// Now is the moment.
	Now time.Time
	// Trouble says why the entries don't count, "" where they do.
	Trouble string

	foreign bool
}

// At is what the snapshot says at a moment. One that is older than maxAge, or is from the future, says nothing of the
// entries. That a cluster reads access entries alone stays true for ever.
func (s *Snapshot) At(now time.Time, maxAge time.Duration) *View {
	if s == nil {
		return nil
	}
	v := &View{Snapshot: s, Now: now}
	switch age := now.Sub(s.TakenAt); {
	case age > maxAge:
		v.Trouble = fmt.Sprintf("their snapshot is %s old, and the policy lets one count for %s", Age(age), Age(maxAge))
	case age < -skew:
		v.Trouble = fmt.Sprintf("their snapshot claims to be from %s, which is in the future", s.TakenAt.UTC().Format(time.RFC3339))
	}
	return v
}

// Of is the view for a program that knows the hash of its own cluster's certificate authority: of another cluster, or of one
// that it does not name, a snapshot says nothing at all.
func (v *View) Of(caHash string) *View {
	if v == nil || caHash != "" && v.Cluster.CAHash == caHash {
		return v
	}
	other := *v
	other.foreign, other.Trouble = true, "their snapshot is of another cluster"
	if v.Cluster.CAHash == "" || caHash == "" {
		other.Trouble = "their snapshot can't be held against the certificate authority of this cluster"
	}
	return &other
}

// Foreign reports whether the snapshot is of another cluster, or may be.
func (v *View) Foreign() bool { return v != nil && v.foreign }

// Mode is the authentication mode as far as it is known, else "".
func (v *View) Mode() Mode {
	if v == nil || v.foreign || v.Trouble != "" && v.Cluster.AuthenticationMode != API {
		return ""
	}
	return v.Cluster.AuthenticationMode
}

// Age of the snapshot in words, such as "12 min".
func (v *View) Age() string { return Age(v.Now.Sub(v.TakenAt)) }

// Age is a time in words, its largest unit alone.
func Age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(d, 0)/time.Second)
	case d < 3*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}
