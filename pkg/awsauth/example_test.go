package awsauth_test

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func ExampleDocument_Resolve() {
	doc := awsauth.Read(map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{SessionName}}\n  groups: [developers]\n"})
	r := doc.Resolve(awsauth.Caller{ARN: "arn:aws:sts::111122223333:assumed-role/dev/alice"})
	fmt.Println(r.Mapped, r.Username, r.Groups)
	// Output: true dev:alice [developers]
}
