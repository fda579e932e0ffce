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
// repaired. An entry that matched nobody before, by its path or because it stood after the first document, gives all, and so
// does one that let in only EC2 instances.
func Given(old, doc *awsauth.Document) []Gift {
	changes := Diff(meant(old), meant(doc))
	var really map[string]*Change
	if meant(old) != old {
		really = map[string]*Change{}
		for _, c := range Diff(old, meant(doc)) {
			really[c.key()] = &c
		}
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
		if really != nil {
			g = g.butFor(really[c.key()])
		}
		if g.Account || g.Username != "" || len(g.Groups) > 0 {
			gifts = append(gifts, g)
		}
	}
	return gifts
}

// butFor leaves out what the principal had though nobody may have meant it.
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
