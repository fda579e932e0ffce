package edit_test

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/edit"
)

func ExampleAdd() {
	doc := awsauth.Read(map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev # the team\n  username: dev\n"})
	r, err := edit.Add(doc, awsauth.MapRoles, edit.Entry{
		ARN: "arn:aws:iam::111122223333:role/ops", Username: "ops:{{SessionName}}", Groups: []string{"operators"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(r.Doc.Roles.Text)
	// Output:
	// - rolearn: arn:aws:iam::111122223333:role/dev # the team
	//   username: dev
	// - rolearn: arn:aws:iam::111122223333:role/ops
	//   username: ops:{{SessionName}}
	//   groups:
	//   - operators
}
