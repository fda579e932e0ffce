package validate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func BenchmarkCheck(b *testing.B) {
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "- rolearn: arn:aws:iam::111122223333:role/team-%05d\n  username: team-%05d:{{SessionName}}\n  groups:\n  - team-%05d:developers\n", i, i, i)
	}
	data := map[string]string{"mapRoles": text.String()}
	b.ReportAllocs()
	for b.Loop() {
		Check(awsauth.Read(data), Options{})
	}
}
