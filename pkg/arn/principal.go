package arn

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind says what an ARN in the map names.
type Kind int

// The kinds. IsCaller says which of them can ever be a caller.
const (
	Unknown Kind = iota
	Role
	User
	Root
	FederatedUser
	AssumedRole
	InstanceProfile
	Group
	Policy
	OtherIAM
	OtherService
)

var kindNames = map[Kind]string{
	Unknown: "unknown", Role: "role", User: "user", Root: "root user", FederatedUser: "federated user",
	AssumedRole: "assumed-role session", InstanceProfile: "instance profile", Group: "IAM group",
	Policy: "IAM policy", OtherIAM: "IAM resource", OtherService: "resource of another AWS service",
}

// String names the kind for people.
func (k Kind) String() string { return kindNames[k] }

// IsCaller reports whether principals of the kind present tokens.
func (k Kind) IsCaller() bool {
	switch k {
	case Role, User, Root, FederatedUser:
		return true
	}
	return false
}

// iamKinds lists the resource types of IAM ARNs that people put into the map by mistake, beside the right ones.
var iamKinds = map[string]Kind{
	"role": Role, "user": User, "root": Root, "instance-profile": InstanceProfile, "group": Group,
	"policy": Policy, "assumed-role": AssumedRole, "federated-user": OtherIAM, "mfa": OtherIAM,
	"saml-provider": OtherIAM, "oidc-provider": OtherIAM, "server-certificate": OtherIAM,
}

// Principal is an ARN of the map, taken apart. The parts are as written; comparisons ignore case, as the
// authenticator's do (strings.EqualFold).
type Principal struct {
	ARN
	Kind Kind
	// Path is the path between the resource type and the name, without its outer slashes: "team/eng".
	Path string
	// Name is the last segment: the name of the role or user.
	Name string
}

// Limits of IAM names: IAM API reference, CreateRole, CreateUser; STS API reference, GetFederationToken.
const (
	maxNameLength          = 64
	maxFederatedNameLength = 32
)

// ssoPath is where IAM Identity Center keeps its roles; outside us-east-1 a region follows.
const ssoPath = "aws-reserved/sso.amazonaws.com"

// ParsePrincipal reads an ARN of the map without regard to case. It fails only where the text can't be taken
// apart; Kind and Check say what it names and whether that is a principal. A colon in ${…} or {{…}}, which another tool
// fills in, divides nothing.
func ParsePrincipal(s string) (Principal, error) {
	if !HasPrefix(s) {
		return Principal{}, ErrPrefix
	}
	a, err := split(s[len(prefix):], cutAtColon)
	if err != nil {
		return Principal{}, err
	}
	p, rest := Principal{ARN: a}, a.Resource
	kind, _, _ := strings.Cut(rest, "/")
	p.Kind = kindOf(fold(p.Service), fold(kind))
	if first, last := strings.IndexByte(rest, '/'), strings.LastIndexByte(rest, '/'); first >= 0 {
		p.Name = rest[last+1:]
		p.Path = rest[min(first+1, last):last]
	}
	return p, nil
}

// cutAtColon cuts at the first colon that is not in ${…} or {{…}}.
func cutAtColon(s string) (before, after string, found bool) {
	if strings.IndexByte(s, '{') < 0 {
		return strings.Cut(s, ":")
	}
	for at := 0; at < len(s); at++ {
		switch {
		case s[at] == ':':
			return s[:at], s[at+1:], true
		case strings.HasPrefix(s[at:], "${"):
			at += max(0, strings.IndexByte(s[at:], '}'))
		case strings.HasPrefix(s[at:], "{{"):
			at += max(0, strings.Index(s[at:], "}}"))
		}
	}
	return s, "", false
}

func kindOf(service, resource string) Kind {
	switch service {
	case "iam":
		return iamKinds[resource]
	case "sts":
		switch resource {
		case "assumed-role":
			return AssumedRole
		case "federated-user":
			return FederatedUser
		}
		return Unknown
	case "":
		return Unknown
	}
	return OtherService
}

// IsSSO reports whether the role lies where IAM Identity Center keeps its roles.
func (p Principal) IsSSO() bool {
	path := fold(p.Path)
	return p.Kind == Role && (path == ssoPath || strings.HasPrefix(path, ssoPath+"/"))
}

// WithoutPath is the ARN by which a role's sessions arrive: STS leaves the path out. Meant for roles alone.
func (p Principal) WithoutPath() string {
	kind, _, _ := strings.Cut(p.Resource, "/")
	a := p.ARN
	a.Resource = kind + "/" + p.Name
	return a.String()
}

// Fault is why no caller can ever have an ARN, and what to write instead.
type Fault struct{ What, Remedy string }

func (f *Fault) Error() string { return f.What + "; " + f.Remedy }

// Check says why no caller can ever have this ARN, apart from its kind and its path, or returns nil.
func (p Principal) Check() error {
	if fault := p.Fault(); fault != nil {
		return fault
	}
	return nil
}

// Fault is Check with what to write instead by itself.
func (p Principal) Fault() *Fault {
	if partition := fold(p.Partition); !slices.Contains(partitions, partition) {
		return &Fault{fmt.Sprintf("%q is not an AWS partition", p.Partition), "write one of " + strings.Join(partitions, ", ")}
	}
	if p.Region != "" {
		return &Fault{"IAM is global", fmt.Sprintf("remove the region %q (two colons after the service)", p.Region)}
	}
	if !IsAccountID(p.Account) {
		return &Fault{fmt.Sprintf("the account %q is not 12 digits", p.Account), "write all 12 without dashes"}
	}
	switch p.Kind {
	case Root:
		if fold(p.Resource) != "root" {
			return &Fault{fmt.Sprintf("%q: the root user's ARN ends in :root", p.Resource), "write that"}
		}
		return nil
	case Role, User, FederatedUser:
		return p.nameFault()
	}
	return nil
}

func (p Principal) nameFault() *Fault {
	if !strings.Contains(p.Resource, "/") || p.Resource[strings.Index(p.Resource, "/")+1:] == "" {
		return &Fault{fmt.Sprintf("the name after %q is missing", p.Resource), "write it"}
	}
	if p.Name == "" {
		return &Fault{fmt.Sprintf("%q ends in a slash", p.Resource), "remove it"}
	}
	if strings.Contains(p.Resource, "//") {
		return &Fault{fmt.Sprintf("%q has an empty path segment", p.Resource), "write one slash in the place of two"}
	}
	if r, ok := badRune(p.Name, isNameRune); ok {
		return &Fault{fmt.Sprintf("%q is not allowed in the name of an IAM %s", r, p.Kind), instead(r)}
	}
	// IAM API reference: a path holds any ASCII character from ! (U+0021) to DEL (U+007F).
	if r, ok := badRune(p.Path, func(r rune) bool { return r > ' ' && r <= 0x7f && r != '*' && r != '?' }); ok {
		return &Fault{fmt.Sprintf("%q is not allowed in an IAM path", r), instead(r)}
	}
	limit := maxNameLength
	if p.Kind == FederatedUser {
		limit = maxFederatedNameLength
		if p.Path != "" {
			return &Fault{fmt.Sprintf("%q: a federated user has no path", p.Resource), "remove it"}
		}
	}
	if n := len(fold(p.Name)); n > limit {
		return &Fault{fmt.Sprintf("the name %q has %d characters, IAM allows %d", p.Name, n, limit), "write the name that IAM shows"}
	}
	return nil
}

// instead says what to do about a character that no name has.
func instead(r rune) string {
	if r == '*' || r == '?' {
		return "write one ARN for each: EKS knows no patterns"
	}
	return "remove it"
}

func isNameRune(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return true
	}
	return strings.ContainsRune("_+=,.@-", r)
}

func badRune(s string, ok func(rune) bool) (rune, bool) {
	for _, r := range fold(s) {
		if !ok(r) {
			return r, true
		}
	}
	return 0, false
}

// IsAccountID reports whether s is an AWS account number: 12 decimal digits.
func IsAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// fold lower-cases ASCII letters and the two other characters that strings.EqualFold takes for ASCII letters:
// the Kelvin sign and the long s. So an ARN that works by that quirk is judged like its plain twin.
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return foldAny(s)
		}
	}
	return strings.ToLower(s)
}

func foldAny(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == '\u212a':
			return 'k'
		case r == '\u017f':
			return 's'
		}
		return r
	}, s)
}

// Fold returns a key that is equal for two ARNs when the authenticator takes them for one.
func Fold(s string) string { return fold(s) }
