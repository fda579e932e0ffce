package access_test

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func ExampleDiff() {
	before := awsauth.Read(map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"})
	after := awsauth.Read(map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [system:masters]\n"})
	for _, c := range access.Diff(before, after) {
		fmt.Println(c.Kind, c.ARN, c.AddedGroups(), c.GainsAdmin)
	}
	// Output: changed arn:aws:iam::111122223333:role/dev [system:masters] true
}
