package validate_test

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func ExampleCheck() {
	doc := awsauth.Read(map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/team/dev\n  username: dev\n"})
	for _, f := range validate.Check(doc, validate.Options{}) {
		fmt.Println(f.Path(), f.Rule)
	}
	// Output: data.mapRoles[0].rolearn role-path
}
