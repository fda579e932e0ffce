package awsauth_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// said is what a document says, without its places.
func said(d *awsauth.Document) string {
	var b strings.Builder
	for _, s := range d.Sections() {
		fmt.Fprintf(&b, "%s %t %t %v %v %v %t\n", s.Key, s.Present, s.Blank, s.Err, s.TypeErr, s.Shape, s.Discarded())
		for _, e := range s.Entries {
			fmt.Fprintf(&b, "%d %t %q %q %v %v %v\n", e.Index, e.Valid, e.Invalid, e.Reading(), e.Groups == nil, e.Shape(), e.Span())
			if e.Section != s {
				b.WriteString("the entry is another section's\n")
			}
		}
		for _, a := range s.Accounts {
			fmt.Fprintf(&b, "%+v %v\n", a.Value, a.Valid)
		}
	}
	return b.String()
}

func TestAReaderSaysTheSameAgain(t *testing.T) {
	r := awsauth.NewReader()
	for _, c := range cases.All() {
		want := said(awsauth.ReadAll(c.Data, nil))
		for range 2 {
			if got := said(r.ReadAll(c.Data, nil)); got != want {
				t.Fatalf("%s: read again it says\n%s\nand not\n%s", c.ID, got, want)
			}
		}
	}
}

func TestWhatAReaderGivesIsNotShared(t *testing.T) {
	r := awsauth.NewReader()
	data := map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n  groups: [x, y]\n"}
	want := said(awsauth.Read(data))
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			for range 20 {
				d := r.ReadAll(data, nil)
				if got := said(d); got != want {
					t.Errorf("got %s", got)
				}
				e := d.Roles.Entries[0]
				e.ARN, e.Valid = "changed", false
				e.Groups = append(e.Groups, "more")
				d.Roles.Entries = nil
			}
		})
	}
	group.Wait()
}
