package mutate_test

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/mutate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func ExampleRepair() {
	doc := awsauth.Read(map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/team/dev # the team\n  username: dev\n"})
	check := func(d *awsauth.Document) []validate.Finding { return validate.Check(d, validate.Options{}) }
	safe := func(f *validate.Finding) bool { return f.Fix.Applicability == validate.Safe }
	fmt.Print(mutate.Repair(doc, check, safe, validate.Options{}).Data["mapRoles"])
	// Output:
	// - rolearn: arn:aws:iam::111122223333:role/dev # the team
	//   username: dev
}
