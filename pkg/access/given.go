package access

import (
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// Gift is what an edit newly gives to one principal.
type Gift struct {
	// ARN is the principal's, or the number of an account of mapAccounts.
	ARN     string
	Account bool
	// Username is empty where the principal had it before.
	Username string
	// Groups are those that the principal did not have before.
	Groups []string
}

// Given says what an edit newly gives, in the order of Diff. It goes by what the texts mean (awsauth.Document.Meant): a
// repair of a list that was lost gives what the broken text did not name, and a broken text gives what it will once it is
// repaired. Of several readings of the old text (MeantBefore) each counts. An entry that matched nobody before, by its path or
// because it stood after the first document, gives all, and so does one that let in only EC2 instances.
func Given(old, doc *awsauth.Document) []Gift {
	before := []*awsauth.Document{nil}
	if old != nil {
		before = old.MeantBefore(doc)
		if before[0] != old {
			before = append(before, old)
		}
	}
	changes := Diff(before[0], meant(doc))
	var others []map[string]*Change
	for _, other := range before[1:] {
		byKey := map[string]*Change{}
		for _, c := range Diff(other, meant(doc)) {
			byKey[c.key()] = &c
		}
		others = append(others, byKey)
	}
	var gifts []Gift
	for i := range changes {
		c := &changes[i]
		if c.New == nil {
			continue
		}
		g := Gift{ARN: c.ARN, Account: c.Account, Groups: c.AddedGroups()}
		if c.Widens() {
			g.Groups = set(c.New.Groups)
		}
		if c.Old == nil || c.Widens() || c.Old.Username != c.New.Username {
			g.Username = c.New.Username
		}
		for _, byKey := range others {
			g = g.butFor(byKey[c.key()])
		}
		if g.Account || g.Username != "" || len(g.Groups) > 0 {
			gifts = append(gifts, g)
		}
	}
	return gifts
}

// butFor leaves out what the principal had by another reading of the old text: as it was really read, or with its fault fixed.
func (g Gift) butFor(c *Change) Gift {
	if c == nil {
		return Gift{ARN: g.ARN}
	}
	if c.Widens() {
		return g
	}
	added := c.AddedGroups()
	g.Groups = slices.DeleteFunc(g.Groups, func(group string) bool { return !slices.Contains(added, group) })
	if c.Old != nil && c.Old.Username == g.Username {
		g.Username = ""
	}
	return g
}

func meant(doc *awsauth.Document) *awsauth.Document {
	if doc == nil {
		return nil
	}
	return doc.Meant()
}
