package iam

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/awscli"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// maxARN bounds what a message repeats of an ARN, in bytes.
const maxARN = 160

// Live is the File of an account that IAM itself was asked about.
const Live = "live"

// Asked makes an account for asking IAM about one role or user after the other; nothing is known about the others.
func Asked(partition, id string, at time.Time) *Account {
	a := newAccount(Live, at)
	a.key, a.ID, a.untold = arn.Fold(partition)+":"+id, id, map[string]string{}
	return a
}

// Holds reports whether a role or user is of the account.
func (a *Account) Holds(p *arn.Principal) bool { return accountKey(p) == a.key }

// Answer is what IAM answers about a role or a user. Trust is the trust policy of a role, encoded as IAM sends it.
type Answer struct {
	ARN, ID string
	Created time.Time
	Use     *Use
	Trust   string
}

// Has adds a role or a user that IAM has.
func (a *Account) Has(kind arn.Kind, answer *Answer) error {
	from := principal{ARN: answer.ARN, RoleID: answer.ID, Created: awscli.Time{Time: answer.Created}}
	if answer.Trust != "" {
		encoded, err := json.Marshal(answer.Trust)
		if err != nil {
			return err
		}
		from.Trust = encoded
	}
	p, err := from.read(kind)
	switch {
	case err != nil:
		return err
	case accountKey(&p.Principal) != a.key:
		return fmt.Errorf("%s is of another account", text.Quote(text.Middle(answer.ARN, maxName)))
	}
	p.Use = answer.Use
	a.add(p)
	return nil
}

// Lacks notes that IAM has no role or user of a name.
func (a *Account) Lacks(p *arn.Principal) { a.untold[nameKey(p)] = "" }

// TellsNot notes why IAM does not tell of a role or a user.
func (a *Account) TellsNot(p *arn.Principal, why string) { a.untold[nameKey(p)] = why }

// ListsNot notes why it is not known which roles the account has of its permission sets.
func (a *Account) ListsNot(why string) { a.setsUntold = why }

func nameKey(p *arn.Principal) string { return fmt.Sprintf("%d/%s", p.Kind, arn.Fold(p.Name)) }

// Asked is the account that IAM itself was asked about, nil where there is none.
func (a *Accounts) Asked() *Account {
	for _, of := range a.All() {
		if of.untold != nil {
			return of
		}
	}
	return nil
}

// With is what is known together with one account more.
func (a *Accounts) With(more *Account) (*Accounts, error) {
	all := &Accounts{byID: map[string]*Account{more.key: more}}
	for _, of := range a.All() {
		if of.key == more.key {
			return nil, fmt.Errorf("%s is of the account %s too: give that file, or %q", text.Name(of.File), more.ID, Live)
		}
		all.byID[of.key] = of
	}
	return all, nil
}

// Untold says why it is not known whether the account has a role or a user, or which roles it has of a permission set instead; ""
// where that is known.
func (a *Account) Untold(p *arn.Principal) string {
	found, all := a.Find(p)
	whether := fmt.Sprintf("whether there is the %s %s is not known: ", p.Kind, text.Quote(text.Middle(p.String(), maxARN)))
	switch {
	case found != nil, all && (PermissionSet(p) == "" || a.setsUntold == ""):
		return ""
	case all:
		return fmt.Sprintf("whether the permission set of the role %s has another role now is not known: %s", text.Quote(text.Middle(p.Name, maxName)), a.setsUntold)
	case a.untold != nil:
		return whether + a.untold[nameKey(p)]
	case a.Page:
		return whether + text.Name(a.File) + " is one page of several: leave out --no-paginate and --max-items"
	}
	return fmt.Sprintf("%s%s has no %ss at all, as after --filter", whether, text.Name(a.File), p.Kind)
}
