package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// TestRemoves: however many entries go, each list is edited, proven and written once.
func TestRemoves(t *testing.T) {
	var roles, users strings.Builder
	for i := range 100 {
		fmt.Fprintf(&roles, "- rolearn: arn:aws:iam::111122223333:role/r%d\n  username: shared\n", i)
		fmt.Fprintf(&users, "- userarn: arn:aws:iam::111122223333:user/u%d\n  username: shared\n", i)
	}
	roles.WriteString("- rolearn: arn:aws:iam::111122223333:role/stays\n  username: stays\n")
	doc := awsauth.Read(map[string]string{"mapRoles": roles.String(), "mapUsers": users.String()})
	plan := plan(func(doc *awsauth.Document) ([]operation, error) { return removes(doc, "", "shared", true) })
	m, err := plan.make(doc)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.results) != 2 {
		t.Errorf("%d edits of two lists", len(m.results))
	}
	if left := m.doc.Mappings(); len(left) != 1 || left[0].Username != "stays" {
		t.Errorf("%d entries are left", len(left))
	}
}
