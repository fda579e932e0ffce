package chart

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"helm.sh/helm/v4/pkg/chart/common/util"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/chart/render"
	"github.com/aws-auth-guard/aws-auth-guard/test/chart/values"
)

// under puts a value under a path with dots.
func under(path string, value any) map[string]any {
	keys := strings.Split(path, ".")
	for _, key := range slices.Backward(keys) {
		value = map[string]any{key: value}
	}
	return value.(map[string]any)
}

// refusal is what Helm says of values by the schema of the chart, empty where they fit.
func refusal(t *testing.T, given map[string]any) string {
	t.Helper()
	if err := util.ValidateAgainstSingleSchema(given, []byte(readFile(t, inChart("values.schema.json")))); err != nil {
		return err.Error()
	}
	return ""
}

// TestTypos wants a key that is misspelt to be refused wherever it stands, and nothing to be shared with an umbrella chart but global.
func TestTypos(t *testing.T) {
	var parents func(v *values.Value) []string
	parents = func(v *values.Value) []string {
		if v.Fields == nil {
			return nil
		}
		paths := []string{v.Path}
		for _, f := range v.Fields {
			paths = append(paths, parents(f)...)
		}
		return paths
	}
	all := parents(readValues(t))
	if len(all) < 20 {
		t.Fatalf("only %d objects: %v", len(all), all)
	}
	for _, path := range append(all, "certificates.certManager.issuerRef", "policy.rules") {
		if says := refusal(t, under(strings.TrimPrefix(path+".tpyo", "."), "x")); !strings.Contains(says, "tpyo") {
			t.Errorf("%s.tpyo: %q", path, says)
		}
	}
	if says := refusal(t, under("global.anything.at", "all")); says != "" {
		t.Error(says)
	}
	// Through Helm as a whole.
	if _, err := render.Chart(root, render.Options{Set: []string{"webhook.replica=3"}}); err == nil || !strings.Contains(err.Error(), "replica") {
		t.Errorf("helm install says %v", err)
	}
}

// TestTypes wants a value of a wrong type to be refused in every place, and the default to be taken.
func TestTypes(t *testing.T) {
	for _, leaf := range readValues(t).Leaves() {
		if says := refusal(t, under(leaf.Path, leaf.Default)); says != "" {
			t.Errorf("%s: its default is refused: %s", leaf.Path, says)
		}
		wrong := any(map[string]any{"a": "map"})
		if _, ok := leaf.Default.(map[string]any); ok {
			wrong = "a text"
		}
		if says := refusal(t, under(leaf.Path, wrong)); says == "" {
			t.Errorf("%s: %v is taken", leaf.Path, wrong)
		}
		if list, ok := leaf.Default.([]any); ok && refusal(t, under(leaf.Path, append(slices.Clone(list), []any{}))) == "" {
			t.Errorf("%s: a list as an item is taken", leaf.Path)
		}
	}
}

// TestWrongValues are mistakes that people make, each with a word of the refusal.
func TestWrongValues(t *testing.T) {
	for _, c := range []struct {
		path  string
		value any
		word  string
	}{
		{"policy.profile", "Strict", "'strict'"},
		{"policy.exempt.users", []any{""}, "minLength"},
		{"policy.rules", map[string]any{"role-pth": map[string]any{"action": "warn"}}, "role-pth"},
		{"policy.rules", map[string]any{"role-path": "warn"}, "want object"},
		{"policy.rules", map[string]any{"node-access-lost": map[string]any{"action": "fix"}}, "'deny'"},
		{"policy.rules", map[string]any{"arn-account": map[string]any{"accounts": []any{"12"}, "action": "warn"}}, "pattern"},
		{"image.digest", "sha256:abc", "pattern"},
		{"image.tag", 1.2, "want string"},
		{"webhook.replicas", 0, "minimum"},
		{"webhook.port", 443, "minimum"},
		{"webhook.timeoutSeconds", 4, "minimum"},
		{"webhook.timeoutSeconds", 31, "maximum"},
		{"webhook.failurePolicy.validating", "fail", "'Fail'"},
		{"webhook.breakGlass.users", "jane", "want array"},
		{"webhook.breakGlass.users", []any{""}, "minLength"},
		{"webhook.podDisruptionBudget.maxUnavailable", "half", "pattern"},
		{"webhook.podDisruptionBudget.maxUnavailable", -1, "minimum"},
		{"webhook.nodeSelector", map[string]any{"gpu": true}, "want string"},
		{"certificates.mode", "selfsigned", "'self-signed'"},
		{"certificates.certManager.duration", "90d", "pattern"},
		{"certificates.certManager.duration", "0h", "pattern"},
		{"certificates.certManager.issuerRef", map[string]any{"nmae": "internal"}, "nmae"},
		{"auditor.interval", "5s", "pattern"},
		{"auditor.interval", "ten minutes", "pattern"},
		{"auditor.autoRestore.gracePeriod", "0s", "pattern"},
		{"networkPolicy.apiServerPorts", []any{"https"}, "want integer"},
		{"networkPolicy.apiServerPorts", []any{}, "minItems"},
		{"webhook.dnsPolicy", "None", "'ClusterFirst'"},
		{"extraObjects", []any{1}, "got number"},
	} {
		if says := refusal(t, under(c.path, c.value)); !strings.Contains(says, c.word) {
			t.Errorf("%s: %v: %q, wanted %q in it", c.path, c.value, says, c.word)
		}
	}
	for path, good := range map[string][]any{
		"auditor.interval":                           {"10s", "2m", "1h30m", "90s", "1h0m5s"},
		"auditor.autoRestore.gracePeriod":            {"5s", "1m30s"},
		"webhook.podDisruptionBudget.maxUnavailable": {0, 2, "25%"},
	} {
		for _, value := range good {
			if says := refusal(t, under(path, value)); says != "" {
				t.Errorf("%s: %v: %s", path, value, says)
			}
		}
	}
}

// TestTheTimeoutIsLongerThanADecision holds the chart to the guard's own limit, whatever that is.
func TestTheTimeoutIsLongerThanADecision(t *testing.T) {
	least := int(admission.MinTimeout.Seconds())
	if says := refusal(t, under("webhook.timeoutSeconds", least)); says != "" {
		t.Errorf("%d seconds: %s", least, says)
	}
	if says := refusal(t, under("webhook.timeoutSeconds", least-1)); !strings.Contains(says, "minimum") {
		t.Errorf("%d seconds, in which the guard may still be deciding: %q", least-1, says)
	}
}

// TestRuleSettings holds the schema to the guard: what one takes of a rule's settings, the other takes as well.
func TestRuleSettings(t *testing.T) {
	taken := 0
	for _, rule := range validate.Rules() {
		for _, action := range []string{"", "off", "warn", "deny", "fix", "refuse"} {
			for _, parameters := range []map[string]any{
				{}, {"allow": []any{"arn:aws:iam::111122223333:role/Admin"}}, {"accounts": []any{"111122223333"}}, {"severity": "low"},
			} {
				setting := map[string]any{}
				for name, value := range parameters {
					setting[name] = value
				}
				if action != "" {
					setting["action"] = action
				}
				rules := map[string]any{rule.Name: setting}
				text, err := yaml.Marshal(map[string]any{"apiVersion": policy.APIVersion, "kind": policy.Kind, "rules": rules})
				if err != nil {
					t.Fatal(err)
				}
				_, read := policy.Parse(text)
				says := refusal(t, under("policy.rules", rules))
				if (read == nil) != (says == "") {
					t.Errorf("%v: the guard says %v, the schema %q", rules, read, says)
				}
				if read == nil {
					taken++
				}
			}
		}
	}
	if taken < 3*len(validate.Rules()) {
		t.Errorf("only %d settings are taken", taken)
	}
}
