package iam_test

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
)

// IAM has a role under a path, of which its sessions know nothing.
func ExampleRead() {
	known, err := iam.Read(iam.File{Name: "iam.json", Text: `{
  "UserDetailList": [],
  "RoleDetailList": [{"Arn": "arn:aws:iam::111122223333:role/team/dev", "CreateDate": "2024-01-01T09:00:00Z"}]
}`})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"dev", "ops"} {
		p, err := arn.ParsePrincipal("arn:aws:iam::111122223333:role/" + name)
		if err != nil {
			fmt.Println(err)
			return
		}
		found, all := known.Of(&p).Find(&p)
		fmt.Println(name, found != nil, all)
	}
	// Output:
	// dev true true
	// ops false true
}
