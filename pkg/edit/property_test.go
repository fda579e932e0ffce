package edit

import (
	"errors"
	"slices"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// operations are all that can be done to a map and one of its entries.
func operations(doc *awsauth.Document) map[string]func() (*Result, error) {
	name := "someone:{{SessionName}}"
	ops := map[string]func() (*Result, error){
		"add a role": func() (*Result, error) {
			return Add(doc, awsauth.MapRoles, Entry{ARN: role + "brand-new", Username: name, Groups: []string{"g1", "yes", "a b"}})
		},
		"add a user": func() (*Result, error) {
			return Add(doc, awsauth.MapUsers, Entry{ARN: user + "brand-new", Username: "someone"})
		},
		"add an account": func() (*Result, error) { return AddAccount(doc, "999988887777") },
	}
	for _, e := range doc.Mappings() {
		at := place(e)
		ops["remove "+at] = func() (*Result, error) { return Remove(doc, e) }
		ops["name "+at] = func() (*Result, error) { return Set(doc, e, Update{Username: &name}) }
		ops["add groups to "+at] = func() (*Result, error) { return Set(doc, e, Update{AddGroups: []string{"g1", "on"}}) }
		ops["take all groups of "+at] = func() (*Result, error) { return Set(doc, e, Update{RemoveGroups: e.Groups}) }
		if len(e.Groups) > 0 {
			ops["change a group of "+at] = func() (*Result, error) {
				return Set(doc, e, Update{RemoveGroups: e.Groups[:1], AddGroups: []string{"g2"}})
			}
		}
	}
	return ops
}

// checkOperations makes sure that an edit is what its Result says, and that nobody else notices it.
func checkOperations(t *testing.T, data map[string]string) (made, refused int) {
	t.Helper()
	doc := awsauth.Read(data)
	for what, operation := range operations(doc) {
		r, err := operation()
		if err != nil {
			refused++
			continue
		}
		made++
		before := doc.Section(r.Key).Text
		after, err := splice.Apply(before, r.Edits)
		if err != nil || after != r.Doc.Section(r.Key).Text {
			t.Errorf("%s: the edits give another text than the map has: %v", what, err)
		}
		if !slices.IsSortedFunc(r.Edits, func(a, b splice.Edit) int { return a.Start - b.Start }) {
			t.Errorf("%s: edits out of order: %v", what, r.Edits)
		}
		for _, k := range awsauth.Keys() {
			if k != r.Key && r.Doc.Section(k).Text != doc.Section(k).Text {
				t.Errorf("%s: %s changed as well", what, k)
			}
		}
		if len(readings(r.Doc.Section(r.Key))) < len(readings(doc.Section(r.Key)))-1 {
			t.Errorf("%s: more than one item is gone", what)
		}
	}
	for _, k := range awsauth.Keys() {
		n := len(readings(doc.Section(k)))
		for step := 1; step <= 3; step++ {
			var at []int
			for i := 0; i < n; i += step {
				at = append(at, i)
			}
			if r, err := RemoveItems(doc, k, at); err == nil && len(readings(r.Doc.Section(k))) != n-len(at) {
				t.Errorf("%s: %d of %d items are to go, and %d are left", k, len(at), n, len(readings(r.Doc.Section(k))))
			}
		}
	}
	return made, refused
}

func TestEveryCase(t *testing.T) {
	made, refused := 0, 0
	for _, c := range cases.All() {
		m, r := checkOperations(t, c.Data)
		made, refused = made+m, refused+r
	}
	if made < 2*refused {
		t.Errorf("%d edits were made and %d refused", made, refused)
	}
	t.Logf("%d edits made, %d refused", made, refused)
}

// TestEditsGoBack: what was added can be removed again, and then every byte is as it was.
func TestEditsGoBack(t *testing.T) {
	for _, tt := range roleTexts() {
		t.Run(tt.name, func(t *testing.T) {
			doc := awsauth.Read(map[string]string{"mapRoles": tt.text})
			r, err := Add(doc, awsauth.MapRoles, Entry{ARN: role + "new", Username: "new", Groups: []string{"g"}})
			if err != nil {
				t.Fatal(err)
			}
			back, err := Remove(r.Doc, Find(r.Doc, role+"new", "")[0])
			if err != nil {
				t.Fatal(err)
			}
			if got := back.Doc.Roles.Text; got != tt.text {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.text)
			}
		})
	}
}

func FuzzEdit(f *testing.F) {
	for _, c := range cases.All() {
		f.Add(c.Data["mapRoles"], c.Data["mapUsers"], c.Data["mapAccounts"])
	}
	for _, tt := range roleTexts() {
		f.Add(tt.text, "", "- \"111122223333\"\n")
	}
	f.Fuzz(func(t *testing.T, roles, users, accounts string) {
		if len(roles)+len(users)+len(accounts) > 20_000 {
			t.Skip("long texts find no more")
		}
		checkOperations(t, map[string]string{"mapRoles": roles, "mapUsers": users, "mapAccounts": accounts})
	})
}

func TestErrStyleIsTold(t *testing.T) {
	doc := awsauth.Read(map[string]string{"mapRoles": "- rolearn: " + role + "a\n  username: &n a\n- rolearn: " + role + "b\n  username: *n\n"})
	if _, err := Remove(doc, doc.Roles.Entries[0]); !errors.Is(err, ErrStyle) {
		t.Errorf("%v", err)
	}
}
