package arn

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// partitions are those of aws-iam-authenticator v0.7.18, pkg/endpoints/partitions.go. A token whose caller
// comes from any other partition is rejected.
var partitions = []string{
	"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc",
}

// Partitions returns the AWS partitions that the authenticator accepts.
func Partitions() []string { return slices.Clone(partitions) }

// ARN is an Amazon Resource Name split at its colons, every part as written.
type ARN struct {
	Partition string
	Service   string
	Region    string
	Account   string
	Resource  string
}

// Errors of Parse.
var (
	ErrPrefix   = errors.New(`an ARN begins with "arn:"`)
	ErrSections = errors.New("an ARN has six parts: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE")
)

// Parse splits an ARN. As in the AWS SDK's aws/arn package the prefix is case-sensitive, and nothing but the
// prefix and the number of colons is checked.
func Parse(s string) (ARN, error) {
	if !strings.HasPrefix(s, prefix) {
		return ARN{}, ErrPrefix
	}
	return split(s[len(prefix):], func(s string) (string, string, bool) { return strings.Cut(s, ":") })
}

const prefix = "arn:"

// HasPrefix reports whether a text begins as an ARN does, without regard to case.
func HasPrefix(s string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// split splits what follows the prefix at its colons, as cut finds them.
func split(rest string, cut func(string) (before, after string, found bool)) (ARN, error) {
	var a ARN
	for _, part := range []*string{&a.Partition, &a.Service, &a.Region, &a.Account} {
		var ok bool
		if *part, rest, ok = cut(rest); !ok {
			return ARN{}, ErrSections
		}
	}
	a.Resource = rest
	return a, nil
}

// String joins the parts again.
func (a ARN) String() string {
	return strings.Join([]string{"arn", a.Partition, a.Service, a.Region, a.Account, a.Resource}, ":")
}

// Canonicalize turns the ARN that STS GetCallerIdentity returns into the one that the authenticator looks for
// in the map: the session of an assumed role becomes arn:PARTITION:iam::ACCOUNT:role/NAME, while users, roles,
// root and federated users stay as they are. It agrees with aws-iam-authenticator v0.7.18, pkg/arn/arn.go.
// The error says why the authenticator would reject such a caller.
func Canonicalize(s string) (string, error) {
	a, err := Parse(s)
	if err != nil {
		return "", fmt.Errorf("%q is not an ARN: %w", s, err)
	}
	if !slices.Contains(partitions, a.Partition) {
		return "", fmt.Errorf("%q: %q is not an AWS partition", s, a.Partition)
	}
	parts := strings.Split(a.Resource, "/")
	switch a.Service + ":" + parts[0] {
	case "iam:role", "iam:user", "iam:root", "sts:federated-user":
		return s, nil
	case "sts:assumed-role":
		if len(parts) < 3 {
			return "", fmt.Errorf("%q: an assumed-role ARN ends in ROLE/SESSION", s)
		}
		role := strings.Join(parts[1:len(parts)-1], "/")
		return fmt.Sprintf("arn:%s:iam::%s:role/%s", a.Partition, a.Account, role), nil
	}
	return "", fmt.Errorf("%q does not name an IAM user, role, root user or federated user", s)
}

// SessionName returns the session of an STS assumed-role ARN, or "" for any other principal.
func SessionName(s string) string {
	a, err := Parse(s)
	if err != nil || a.Service != "sts" {
		return ""
	}
	parts := strings.Split(a.Resource, "/")
	if parts[0] != "assumed-role" || len(parts) < 3 {
		return ""
	}
	return parts[len(parts)-1]
}
