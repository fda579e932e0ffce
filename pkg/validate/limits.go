package validate

import (
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/glob"
)

// Protected is an entry that must stay: fields of a policy's list protected. ARN and Username are globs with "*".
type Protected struct {
	ARN string
	// Username is empty where it does not count.
	Username string
	// Groups are those that the entry must keep, as far as it has them.
	Groups []string
}

// Matches reports whether it is this entry. The letter case of an ARN does not count.
func (p *Protected) Matches(principal, username string) bool {
	return glob.Match(arn.Fold(p.ARN), arn.Fold(principal)) && (p.Username == "" || glob.Match(p.Username, username))
}

// Protects reports whether one of a policy's list protected is this entry.
func Protects(list []Protected, principal, username string) bool {
	return slices.ContainsFunc(list, func(p Protected) bool { return p.Matches(principal, username) })
}

// Writer says which entries somebody may write: a row of a policy's list writers. All texts are globs with "*".
type Writer struct {
	// Users and Groups say whose limits these are: anybody who is one of the users or in one of the groups.
	Users, Groups []string
	May           Scope
}

// Scope is what the entries of a writer with limits may say.
type Scope struct {
	ARNs []string
	// Usernames is nil where the policy does not say: then the writer may use those that no binding names.
	Usernames []string
	Groups    []string
}

// Limits are the limits of the writers.
type Limits struct {
	Writers []Writer
	// Only limits everybody to nothing whom no row names.
	Only bool
}

// of gives the rows for somebody, and whether there are limits at all.
func (l *Limits) of(username string, groups []string) ([]Scope, bool) {
	var rows []Scope
	for _, w := range l.Writers {
		if glob.Any(w.Users, username) || slices.ContainsFunc(groups, func(g string) bool { return glob.Any(w.Groups, g) }) {
			rows = append(rows, w.May)
		}
	}
	return rows, len(rows) > 0 || l.Only
}

// Limits reports whether somebody writes within limits. Members of system:masters never do.
func (l *Limits) Limits(username string, groups []string) bool {
	_, limited := l.of(username, groups)
	return limited && !slices.Contains(groups, awsauth.MastersGroup)
}
