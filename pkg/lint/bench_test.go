package lint

import (
	"fmt"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

func BenchmarkManyGroups(b *testing.B) {
	for _, groups := range []int{1000, 10000} {
		d := ofGroups(groups, "System:Masters%d")
		b.Run(fmt.Sprint(groups), func(b *testing.B) {
			for b.Loop() {
				New(policy.Default()).Check(d)
			}
		})
	}
}
