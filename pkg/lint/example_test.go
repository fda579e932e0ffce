package lint_test

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/lint"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

func ExampleChecker() {
	f := manifest.Read("map.yaml", "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/team/dev\n    username: dev\n")
	checker := lint.New(policy.Default())
	for _, d := range f.Documents {
		_, findings := checker.Check(d)
		for _, found := range findings {
			fmt.Println(found.Path(), found.Rule, checker.Policy.Action(found.Rule), found.Fix.Applicability)
		}
	}
	// Output: data.mapRoles[0].rolearn role-path fix safe
}
