package policy_test

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

func ExampleParse() {
	p, err := policy.Parse([]byte("apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\nprofile: strict\n"))
	fmt.Println(p.Action("system-masters"), err)
	_, err = policy.Parse([]byte("apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\nprofile: strikt\n"))
	fmt.Println(err)
	// Output:
	// deny <nil>
	// 3:10: unknown profile "strikt": did you mean "strict"?
}
