package report_test

import (
	"fmt"
	"os"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func ExampleBuilder() {
	f := manifest.Read("map.yaml", "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: dev\n")
	b := &report.Builder{Action: policy.Default().Action}
	b.File(f)
	b.Document(f, f.Documents[0], []validate.Finding{{Rule: "system-masters", Section: "mapRoles", What: "an administrator"}})
	if err := report.Text(os.Stdout, b.Report()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// map.yaml:1:1: warning: an administrator [system-masters]
	//          1 | mapRoles: |
	//            | ^^^^^^^^
	//
	// 1 map in 1 file: 0 errors, 1 warning
}
