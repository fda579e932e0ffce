package iam

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

// Accounts is what IAM says of some accounts. The nil value knows none.
type Accounts struct {
	byID map[string]*Account
}

// Account is one account.
type Account struct {
	// ID is the account's number, File the name of what it was read from.
	ID, File string
	// At is when the file was saved.
	At time.Time
	// Page is set where the file is one page of several, and does not tell who is missing.
	Page bool

	key          string
	roles, users map[string]*Principal
	// sets are the roles of IAM Identity Center by the name of their permission set.
	sets map[string][]*Principal
	// untold is set where IAM was asked name by name: why it does not tell of one, "" where it has none of that name.
	untold map[string]string
	// setsUntold says why sets may lack some.
	setsUntold string
}

func newAccount(file string, at time.Time) *Account {
	return &Account{File: file, At: at, roles: map[string]*Principal{}, users: map[string]*Principal{}, sets: map[string][]*Principal{}}
}

// Principal is a role or a user as IAM has it.
type Principal struct {
	// Principal is its ARN, with its path.
	arn.Principal
	// ID is its unique ID: another one, where a principal of that name is created again.
	ID      string
	Created time.Time
	// Use is nil where the file does not tell when it was last used: of users it never does.
	Use *Use
	// Trust says who may assume a role, and Untold why that is not known, or not all of it.
	Trust  []Grant
	Untold string
}

// Use is the last use of a role.
type Use struct {
	// At is zero where IAM knows of none: it looks back for Tracked at most.
	At     time.Time
	Region string
}

// Tracked is how far back IAM tells when a role was used (IAM API reference, RoleLastUsed).
const Tracked = 400 * 24 * time.Hour

// All are the accounts, in the order of their numbers.
func (a *Accounts) All() []*Account {
	if a == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(a.byID), func(x, y *Account) int { return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.File, y.File)) })
}

// Of is the account of a principal, nil where no file is about it.
func (a *Accounts) Of(p *arn.Principal) *Account {
	if a == nil {
		return nil
	}
	return a.byID[accountKey(p)]
}

func accountKey(p *arn.Principal) string { return arn.Fold(p.Partition) + ":" + p.Account }

// Find is the role or user of a name, whatever its path: IAM has no two that differ in the path or in letter case alone. Where
// it is nil, all says whether the account is known to have none: a file without any role, or without any user, may come of a --filter.
func (a *Account) Find(p *arn.Principal) (found *Principal, all bool) {
	list := a.roles
	if p.Kind == arn.User {
		list = a.users
	}
	found = list[arn.Fold(p.Name)]
	if a.untold != nil {
		why, asked := a.untold[nameKey(p)]
		return found, found != nil || asked && why == ""
	}
	return found, len(list) > 0 && !a.Page
}

// ssoName is the name of a role of IAM Identity Center: that of the permission set, and a suffix that is new whenever the
// permission set is provisioned again.
var ssoName = regexp.MustCompile(`^awsreservedsso_(.+)_[0-9a-f]{16}$`)

// PermissionSet is the name, in lower case, of the permission set that a role is of; "" where its name is not that of such a role.
func PermissionSet(p *arn.Principal) string {
	if m := ssoName.FindStringSubmatch(arn.Fold(p.Name)); m != nil && p.Kind == arn.Role {
		return m[1]
	}
	return ""
}

// Provisioned are the roles that the account has of a permission set, in the order of their ARNs.
func (a *Account) Provisioned(set string) []*Principal { return a.sets[set] }

// add puts a principal into the account; it fails where there is one of its name.
func (a *Account) add(p *Principal) bool {
	list := a.roles
	if p.Kind == arn.User {
		list = a.users
	}
	name := arn.Fold(p.Name)
	if list[name] != nil {
		return false
	}
	list[name] = p
	if set := PermissionSet(&p.Principal); set != "" && p.IsSSO() {
		a.sets[set] = append(a.sets[set], p)
		slices.SortFunc(a.sets[set], func(a, b *Principal) int { return strings.Compare(a.String(), b.String()) })
	}
	return true
}
