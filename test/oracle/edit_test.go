package oracle

import (
	"reflect"
	"slices"
	"testing"

	"sigs.k8s.io/aws-iam-authenticator/pkg/config"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/edit"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

// list is a map as the real authenticator reads it.
type list struct {
	Roles    []config.RoleMapping
	Users    []config.UserMapping
	Accounts []string
}

func listOf(data map[string]string) (l list) {
	l.Roles, l.Users, l.Accounts, _ = authenticator.Parse(data)
	return l
}

// editOf is an edit, what it should do to the lists, and whom it is about.
type editOf struct {
	make  func() (*edit.Result, error)
	want  func(list) list
	about string
}

const newRole, newUser, newAccount = "arn:aws:iam::999988887777:role/brand-new", "arn:aws:iam::999988887777:user/brand-new", "999988887776"

func editsOf(doc *awsauth.Document) map[string]editOf {
	name, groups := "someone:{{SessionName}}", []string{"g1", "yes"}
	all := map[string]editOf{
		"add a role": {
			make: func() (*edit.Result, error) {
				return edit.Add(doc, awsauth.MapRoles, edit.Entry{ARN: newRole, Username: name, Groups: groups})
			},
			want: func(l list) list {
				l.Roles = append(l.Roles, config.RoleMapping{RoleARN: newRole, Username: name, Groups: groups})
				return l
			},
			about: newRole,
		},
		"add a user": {
			make: func() (*edit.Result, error) {
				return edit.Add(doc, awsauth.MapUsers, edit.Entry{ARN: newUser, Username: "someone", Groups: groups})
			},
			want: func(l list) list {
				l.Users = append(l.Users, config.UserMapping{UserARN: newUser, Username: "someone", Groups: groups})
				return l
			},
			about: newUser,
		},
		"add an account": {
			make:  func() (*edit.Result, error) { return edit.AddAccount(doc, newAccount) },
			want:  func(l list) list { l.Accounts = append(l.Accounts, newAccount); return l },
			about: newAccount,
		},
	}
	for i, e := range doc.Mappings() {
		roles, at := e.Section.Key == awsauth.MapRoles, 0
		for _, earlier := range doc.Mappings()[:i] {
			if earlier.Section == e.Section {
				at++
			}
		}
		place := string(e.Section.Key) + "/" + e.ARN
		all["remove "+place] = editOf{
			make: func() (*edit.Result, error) { return edit.Remove(doc, e) },
			want: func(l list) list {
				if roles {
					l.Roles = slices.Delete(slices.Clone(l.Roles), at, at+1)
				} else {
					l.Users = slices.Delete(slices.Clone(l.Users), at, at+1)
				}
				return l
			},
			about: e.ARN,
		}
		all["set "+place] = editOf{
			make: func() (*edit.Result, error) {
				return edit.Set(doc, e, edit.Update{Username: &name, RemoveGroups: e.Groups, AddGroups: groups})
			},
			want: func(l list) list {
				if roles {
					l.Roles = slices.Clone(l.Roles)
					l.Roles[at].Username, l.Roles[at].Groups = name, groups
				} else {
					l.Users = slices.Clone(l.Users)
					l.Users[at].Username, l.Users[at].Groups = name, groups
				}
				return l
			},
			about: e.ARN,
		}
	}
	return all
}

// TestEditsTable makes every edit in every case. The real authenticator then reads the lists that were meant, and lets
// everybody else in as before.
func TestEditsTable(t *testing.T) {
	real := authenticator.Start(t)
	made := 0
	for _, c := range cases.All() {
		t.Run(c.ID, func(t *testing.T) {
			doc := awsauth.Read(c.Data)
			before := listOf(c.Data)
			callers := naturalCallers(c.Data)
			was := outcomes(t, real, c.Data, callers)
			for what, e := range editsOf(doc) {
				r, err := e.make()
				if err != nil {
					continue
				}
				made++
				after := r.Doc.Data()
				if got, want := listOf(after), e.want(before); !sameList(got, want) {
					t.Errorf("%s:\n%q\nbecame\n%q\nis read as\n%+v\nmeant was\n%+v", what, c.Data, after, got, want)
					continue
				}
				for i, now := range outcomes(t, real, after, callers) {
					canonical, err := authenticator.Canonicalize(callers[i].ARN)
					if err != nil || arn.Fold(canonical) == arn.Fold(e.about) {
						continue
					}
					if !slices.Equal(now, was[i]) {
						t.Errorf("%s:\n%q\nbecame\n%q\ncaller %s gets %v, got %v before", what, c.Data, after, callers[i].ARN, now, was[i])
					}
				}
			}
		})
	}
	if made < 1000 {
		t.Errorf("only %d edits could be made", made)
	}
}

func sameList(a, b list) bool {
	return slices.EqualFunc(a.Roles, b.Roles, func(x, y config.RoleMapping) bool {
		return slices.Equal(x.Groups, y.Groups) && reflect.DeepEqual(withoutGroups(x), withoutGroups(y))
	}) && slices.EqualFunc(a.Users, b.Users, func(x, y config.UserMapping) bool {
		return x.UserARN == y.UserARN && x.Username == y.Username && slices.Equal(x.Groups, y.Groups)
	}) && slices.Equal(a.Accounts, b.Accounts)
}

func withoutGroups(r config.RoleMapping) config.RoleMapping {
	r.Groups = nil
	return r
}
