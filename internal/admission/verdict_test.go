package admission

import (
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/mutate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// TestLintAndTheWebhookSayTheSame runs the whole table through both: what lint calls an error, the webhook refuses
// when a pipeline creates such a map, and by the same rules.
func TestLintAndTheWebhookSayTheSame(t *testing.T) {
	p := policy.Default()
	for _, c := range cases.All() {
		d := validateNow(p, &Request{Operation: admissionv1.Create, FieldManager: terraform, New: withData(c.Data)})
		var webhook []string
		for _, j := range d.Findings {
			if r := validate.Lookup(j.Rule); !r.AboutEdit {
				webhook = append(webhook, j.Rule+" "+string(j.Action.Level())+" "+j.Sentence().Text)
			}
		}
		var lint []string
		doc := (&Request{}).document(withData(c.Data))
		for _, f := range mutate.Vet(doc, validate.Check(doc, p.Options()), p.Options()) {
			lint = append(lint, f.Rule+" "+string(p.Action(f.Rule).Level())+" "+f.Sentence().Text)
		}
		for i := range min(len(lint), len(webhook)) {
			// The webhook knows that the edit grants it, or asks the cluster for the bindings, and says so.
			for _, rule := range []string{"system-masters", "username-uppercase"} {
				if strings.HasPrefix(webhook[i], rule+" ") && strings.HasPrefix(lint[i], rule+" ") {
					webhook[i], lint[i] = rule, rule
				}
			}
		}
		if !slices.Equal(lint, webhook) {
			t.Errorf("%s: lint says %q, the webhook %q", c.ID, lint, webhook)
		}
	}
}
