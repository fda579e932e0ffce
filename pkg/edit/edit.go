package edit

import (
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Entry is what an entry of mapRoles or mapUsers says.
type Entry struct {
	ARN      string
	Username string
	Groups   []string
}

// Update is what changes in an entry.
type Update struct {
	// Username replaces the username where it is not nil.
	Username *string
	// AddGroups come after those that the entry has; what it has already is not added again.
	AddGroups []string
	// RemoveGroups goes before AddGroups.
	RemoveGroups []string
}

// Result is an edit that was made and proven.
type Result struct {
	// Key of the data whose text changes.
	Key awsauth.Key
	// Edits of that text, in ascending order; of the empty text where the key is missing. None where nothing changes.
	Edits []validate.Edit
	// Doc is the map with the edit.
	Doc *awsauth.Document
}

// Changed reports whether the text changes.
func (r *Result) Changed() bool { return len(r.Edits) > 0 }

// SectionOf is the data key that a principal's entry belongs under: mapUsers for IAM users and for the root user, mapRoles
// for all else.
func SectionOf(p arn.Principal) awsauth.Key {
	switch p.Kind {
	case arn.User, arn.Root, arn.FederatedUser:
		return awsauth.MapUsers
	}
	return awsauth.MapRoles
}

// Find gives the entries that EKS takes for one principal, roles first; letter case does not count. With a username it
// gives those alone that have it.
func Find(doc *awsauth.Document, principal, username string) []*awsauth.Entry {
	var found []*awsauth.Entry
	for _, e := range doc.Mappings() {
		if (principal == "" || e.FoldedARN() == arn.Fold(principal)) && (username == "" || e.Username == username) {
			found = append(found, e)
		}
	}
	return found
}

// Add puts an entry at the end of a list. It fails where the list is broken, and where the principal has an entry already.
func Add(doc *awsauth.Document, key awsauth.Key, e Entry) (*Result, error) {
	if there := Find(doc, e.ARN, ""); len(there) > 0 {
		return nil, fmt.Errorf("%s is there already, as %s", text.Name(e.ARN), place(there[0]))
	}
	s := doc.Section(key)
	if err := Sound(s); err != nil {
		return nil, err
	}
	e.Groups = distinct(e.Groups)
	edits := appendItem(s, func(st style) string { return st.entry(key, e) })
	return prove(doc, key, edits, func(list []reading) []reading { return append(list, readingOf(e)) })
}

// AddAccount puts an account into mapAccounts. It changes nothing where it is there already.
func AddAccount(doc *awsauth.Document, account string) (*Result, error) {
	s := doc.Accounts
	if err := Sound(s); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(s.Accounts, func(a *awsauth.Account) bool { return a.Valid && a.Value == account }) {
		return &Result{Key: awsauth.MapAccounts, Doc: doc}, nil
	}
	edits := appendItem(s, func(st style) string { return st.account(account) })
	return prove(doc, awsauth.MapAccounts, edits, func(list []reading) []reading { return append(list, reading(account)) })
}

// RemoveAccount takes an account out of mapAccounts, each time that it is there.
func RemoveAccount(doc *awsauth.Document, account string) (*Result, error) {
	if err := Sound(doc.Accounts); err != nil {
		return nil, err
	}
	var at []int
	for i, a := range doc.Accounts.Accounts {
		if a.Valid && a.Value == account {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil, fmt.Errorf("mapAccounts does not have %s", text.Name(account))
	}
	return RemoveItems(doc, awsauth.MapAccounts, at)
}

// Remove cuts an entry out of its list, with the comments that belong to it.
func Remove(doc *awsauth.Document, e *awsauth.Entry) (*Result, error) {
	return RemoveItems(doc, e.Section.Key, []int{e.Index})
}

// RemoveItems cuts items out of a list, by their places in ascending order, with the comments that belong to them. It proves all
// cuts at once: many take hardly longer than one.
func RemoveItems(doc *awsauth.Document, key awsauth.Key, at []int) (*Result, error) {
	s := doc.Section(key)
	if err := Sound(s); err != nil {
		return nil, err
	}
	edits, err := cutItems(s, at)
	if err != nil {
		return nil, err
	}
	return prove(doc, key, edits, func(list []reading) []reading {
		kept, next := list[:0:0], 0
		for i, r := range list {
			if next < len(at) && at[next] == i {
				next++
				continue
			}
			kept = append(kept, r)
		}
		return kept
	})
}

// Set changes an entry.
func Set(doc *awsauth.Document, e *awsauth.Entry, u Update) (*Result, error) {
	if err := Sound(e.Section); err != nil {
		return nil, err
	}
	want := Entry{ARN: e.ARN, Username: e.Username, Groups: u.groups(e.Groups)}
	if u.Username != nil {
		want.Username = *u.Username
	}
	var edits []validate.Edit
	if want.Username != e.Username {
		made, err := setUsername(e, want.Username)
		if err != nil {
			return nil, err
		}
		edits = append(edits, made...)
	}
	if !slices.Equal(want.Groups, e.Groups) {
		made, err := setGroups(e, want.Groups)
		if err != nil {
			return nil, err
		}
		edits = append(edits, made...)
	}
	if len(edits) == 0 {
		return &Result{Key: e.Section.Key, Doc: doc}, nil
	}
	return prove(doc, e.Section.Key, edits, func(list []reading) []reading {
		list[e.Index] = readingOf(want)
		return list
	})
}

func (u *Update) groups(has []string) []string {
	groups := slices.DeleteFunc(slices.Clone(has), func(g string) bool { return slices.Contains(u.RemoveGroups, g) })
	for _, g := range u.AddGroups {
		if !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	return groups
}

// distinct leaves out what comes again.
func distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func place(e *awsauth.Entry) string { return fmt.Sprintf("%s[%d]", e.Section.Key, e.Index) }

// Unsound says why a list can't be edited. The lines that it names are those of the list's text.
type Unsound struct {
	awsauth.Sentence
	// Asks is what the rules answer about the list: "where" it breaks, or "how" to correct it.
	Asks string
}

func (u *Unsound) Error() string { return u.Text + ": correct it first" }

// Sound fails where a list can't be edited: EKS can't read it, or not to its end.
func Sound(s *awsauth.Section) error {
	if s.Discarded() {
		return &Unsound{awsauth.Say("EKS can't read ", s.Key), "where"}
	}
	if at, ok := s.Trailing(); ok {
		return &Unsound{awsauth.Say("EKS reads nothing of ", s.Key, " from ", s.Line(at), " on"), "how"}
	}
	return nil
}
