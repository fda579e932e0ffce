package arn_test

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

// A session of a role comes as the role, without its path.
func ExampleCanonicalize() {
	canonical, err := arn.Canonicalize("arn:aws:sts::111122223333:assumed-role/dev/alice")
	fmt.Println(canonical, err)
	// Output: arn:aws:iam::111122223333:role/dev <nil>
}
