package admission

import (
	"fmt"
	"testing"

	"github.com/go-logr/logr"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// TestADryRunLeavesNothingBehind holds what the webhooks promise the API server by sideEffects: NoneOnDryRun.
func TestADryRunLeavesNothingBehind(t *testing.T) {
	for _, dry := range []bool{false, true} {
		o, _ := options(logr.Discard())
		b := &believer{}
		o.Recorder, o.AdmissionLog = b, b
		object := fmt.Sprintf(`{"metadata":{"name":"aws-auth","namespace":"kube-system","annotations":{%q:"arn-kind: a test"}},"data":{"mapRoles":%q}}`,
			policy.OverrideAnnotation, "- rolearn: arn:aws:sts::111122223333:assumed-role/qa/session\n  username: qa\n")
		for _, h := range []*Handler{NewMutate(o), NewValidate(o)} {
			answer := serve(t, h, review(configMapFields, fmt.Sprintf(`"operation":"CREATE","dryRun":%v`, dry), `"object":`+object))
			if !answer.Allowed {
				t.Fatalf("%s, dry run %v: %+v", h.stage, dry, answer.Result)
			}
		}
		if want := !dry; (len(b.overridden) == 1) != want || (len(b.admitted) == 1) != want {
			t.Errorf("dry run %v: told of %q, noted %q", dry, b.overridden, b.admitted)
		}
	}
}
