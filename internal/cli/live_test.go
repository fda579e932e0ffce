package cli

import (
	"bytes"
	"strings"
	"testing"
)

// TestAuditOfHiddenBreaks: the YAML that shows the live map is not the user's, so a break that nobody sees is reported of the list that
// EKS reads, once, and of no other text.
func TestAuditOfHiddenBreaks(t *testing.T) {
	for name, tt := range map[string]struct {
		live map[string]string
		want int
	}{
		"in another data key": {map[string]string{"mapRoles": goodMap, "main.tf": "x\u2028y"}, 0},
		"in mapRoles":         {map[string]string{"mapRoles": "# x\u2028- y\n" + goodMap}, 1},
		"in both":             {map[string]string{"mapRoles": "# x\u2028- y\n" + goodMap, "main.tf": "x\u2028y"}, 1},
		"in none":             {map[string]string{"mapRoles": goodMap}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := simulated{live: tt.live}
			t.Setenv("KUBECONFIG", c.start(t))
			var out bytes.Buffer
			Run([]string{"audit"}, Streams{In: strings.NewReader(""), Out: &out, Err: &out})
			if n := strings.Count(out.String(), "U+2028"); n != tt.want || strings.Contains(out.String(), "manifest-syntax") {
				t.Errorf("%d times:\n%s", n, &out)
			}
		})
	}
}

// TestHintOfALivePlan: the command that a plan ends with can be copied as it is.
func TestHintOfALivePlan(t *testing.T) {
	c := simulated{live: map[string]string{"mapRoles": goodMap}}
	t.Setenv("KUBECONFIG", c.start(t))
	const want = "kubectl aws-auth access-entries plan --cluster=blue -o cli\n"
	if out := said(t, "", "access-entries", "plan", "--cluster", "blue"); !strings.HasSuffix(out, want) {
		t.Errorf("%s\nwant %s", out, want)
	}
}
