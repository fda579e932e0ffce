package arn

import (
	"regexp"
	"slices"
	"strings"
)

// ssoRolePrefix begins the names of all roles of IAM Identity Center, lower-cased.
const ssoRolePrefix = "awsreservedsso_"

var (
	// sessionName matches names that AWS and its tools give to sessions and nobody gives to a role: an e-mail address, the
	// id of an instance or of a hybrid node, the default of an SDK or of a service.
	sessionName = regexp.MustCompile(`@|^m?i-(?:[0-9a-f]{8}|[0-9a-f]{17})$|^botocore-session-\d+$|^aws-?cli-session|` +
		`^aws-(?:go-sdk|sdk-[a-z]+|java-sdk)-|^awscodebuild-[0-9a-f]{8}-`)
	// maybeSessionName matches names of sessions that a role can have too: a time, a long id, a UUID.
	maybeSessionName = regexp.MustCompile(`^\d+$|^[0-9a-f]{32}$|(?:^|-)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$`)
)

// SessionOf is the ARN of the role where the last part of a role ARN is the name of a session, "" where it is not: then somebody
// has written iam and role into the ARN of a session. Where a role can have such a name too, sure is false.
func (p Principal) SessionOf() (role string, sure bool) {
	if p.Kind != Role || p.Path == "" {
		return "", false
	}
	parents := strings.Split(p.Path, "/")
	ofSSO := slices.IndexFunc(parents, func(name string) bool { return strings.HasPrefix(fold(name), ssoRolePrefix) })
	name := fold(p.Name)
	if sure = ofSSO >= 0 || sessionName.MatchString(name); !sure && !maybeSessionName.MatchString(name) {
		return "", false
	}
	p.Name = parents[len(parents)-1]
	if ofSSO >= 0 {
		p.Name = parents[ofSSO]
	}
	return p.WithoutPath(), sure
}
