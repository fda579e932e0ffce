package accessentry_test

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/accessentry"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func ExampleMake() {
	doc := awsauth.Read(map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [developers]\n"})
	plan := accessentry.Make(doc, accessentry.Options{Cluster: "prod"})
	fmt.Println(plan.Summary())
	for _, item := range plan.Items {
		fmt.Println(item.ARN, item.Status)
	}
	// Output:
	// 1 ready, 0 need attention, 0 need no change
	// arn:aws:iam::111122223333:role/dev ready
}
