package manifest_test

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
)

func ExampleRead() {
	f := manifest.Read("aws-auth.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n  mapRoles: |\n    - rolearn: x\n")
	for _, d := range f.Documents {
		fmt.Printf("line %d: %q\n", f.Position(d.KeySpan("mapRoles").Start).Line, d.Data["mapRoles"])
	}
	// Output: line 7: "- rolearn: x\n"
}
