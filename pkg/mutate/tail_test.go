package mutate

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// TestNothingIsRepairedBeforeATail: whoever wrote such a text meant what EKS does not read as well.
func TestNothingIsRepairedBeforeATail(t *testing.T) {
	for name, list := range map[string]string{
		"a path":               "- rolearn: " + a + "team/dev\n  username: dev\n",
		"an unquoted template": "- rolearn: " + a + "dev\n  username: {{SessionName}}\n",
		"upper case":           "- rolearn: " + a + "dev\n  username: Dev\n",
		"a group of its own":   "- rolearn: " + a + "dev\n  username: dev\n  groups: devs\n",
	} {
		if text, _ := repair("mapRoles", list, anyFix); text == list {
			t.Errorf("%s: %q is not repaired even without a tail", name, list)
		}
		for _, tail := range []string{
			"--- - rolearn: " + a + "ops\n", "---\n- rolearn: " + a + "ops\n", "---\n\t- rolearn: " + a + "ops\n", "---\n@\n", "---\n`\n", "---\n\"\n", "...\n@\n",
		} {
			if text, r := repair("mapRoles", list+tail, anyFix); r.Changed() {
				t.Errorf("%s: %q is repaired to %q", name, list+tail, text)
			}
			doc := awsauth.Read(map[string]string{"mapRoles": list + tail})
			for _, f := range Vet(doc, check(doc), validate.Options{}) {
				if f.Fix != nil || strings.Contains(f.Sentence().Text, "not repaired") && !strings.Contains(f.Sentence().Text, "first YAML document") {
					t.Errorf("%s: %q: %s", name, list+tail, f.Sentence().Text)
				}
			}
		}
	}
}
