package cases

import (
	"fmt"
	"slices"
	"strings"
)

// AccessKeyID is the access key that every caller of the table signs with.
const AccessKeyID = "ASIAEXAMPLEKEYID0001"

// Case is one aws-auth map and what the authenticator makes of it.
type Case struct {
	// ID is stable: a letter for the family (A ARNs, B usernames, C groups, D entry keys, E structure, F mapAccounts,
	// G duplicates, H sso, L found later) and a number.
	ID    string
	Title string
	// Data is the data of the ConfigMap.
	Data map[string]string
	// Error is a part of the error that parsing reports, empty where it reports none. An error is no verdict: entries
	// may be kept all the same, and be dead without one.
	Error string
	// Kept is what the authenticator holds in memory after reading Data.
	Kept Kept
	// Calls are callers and what they get.
	Calls []Call
}

// Kept lists the entries that survive parsing, in the order of the text.
type Kept struct {
	Roles    []Entry
	Users    []Entry
	Accounts []string
}

// Entry is one kept entry of mapRoles or mapUsers. Groups is nil where the text gives none, and empty for [].
type Entry struct {
	ARN      string
	Username string
	Groups   []string
	SSO      *SSO
}

// SSO is the sso field of a role entry.
type SSO struct {
	PermissionSetName string
	AccountID         string
	Partition         string
}

// Caller is an AWS principal as STS GetCallerIdentity names it.
type Caller struct {
	// ARN is the Arn of the answer, for example arn:aws:sts::123456789012:assumed-role/dev/alice.
	ARN string
	// SessionName is the name of the role session, empty for users, root and federated users.
	SessionName string
}

// Call is a caller and its possible outcomes: one, or several where the authenticator picks at random.
type Call struct {
	Caller Caller
	Want   []Outcome
}

// Outcome is the authenticator's answer to one caller.
type Outcome struct {
	Kind Kind
	// Username and Groups are set for Mapped alone. Groups is nil when there are none.
	Username string
	Groups   []string
	// Reason is a part of the error of Denied and Rejected.
	Reason string
}

// Kind tells the answers apart.
type Kind int

const (
	// NotMapped: no entry and no account matches the caller.
	NotMapped Kind = iota
	// Mapped: the caller is let in.
	Mapped
	// Denied: an entry matches, but its template cannot be rendered for this caller.
	Denied
	// Rejected: the token itself is refused, whatever the map says.
	Rejected
)

// String names the kind.
func (k Kind) String() string {
	return [...]string{"not mapped", "mapped", "denied", "rejected"}[k]
}

// String renders the outcome for test messages.
func (o Outcome) String() string {
	switch o.Kind {
	case Mapped:
		return fmt.Sprintf("%q %q", o.Username, o.Groups)
	case Denied, Rejected:
		return fmt.Sprintf("%s (%s)", o.Kind, o.Reason)
	default:
		return o.Kind.String()
	}
}

// All returns the whole table, ordered by family and number. The caller owns the slice, not what the maps hold.
func All() []Case {
	all := slices.Concat(arnCases(), odderARNCases(), usernameCases(), scalarUsernameCases(), groupCases(), keyCases(),
		shapeCases(), documentCases(), layoutCases(), accountCases(), duplicateCases(), ssoCases(), laterCases())
	slices.SortFunc(all, func(a, b Case) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// PrivateDNSName is the EC2 account of the table: the two instances that it knows have one node name.
func PrivateDNSName(instanceID string) (string, error) {
	switch instanceID {
	case "i-0123456789abcdef0", "i-deadbeef":
		return "ip-10-0-0-7.ec2.internal", nil
	default:
		return "", fmt.Errorf("node with instance id %s not found", instanceID)
	}
}
