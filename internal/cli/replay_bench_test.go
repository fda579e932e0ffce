package cli

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/evidence"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// TestLastState: the state after an edit is not read again as the one before the next.
func TestLastState(t *testing.T) {
	var states lastState
	first, second := &corev1.ConfigMap{Data: map[string]string{"mapRoles": goodMap}}, &corev1.ConfigMap{Data: map[string]string{"mapRoles": badMap}}
	before := states.document(first)
	after := states.document(second)
	switch {
	case states.document(nil) != nil, before == nil, before.Roles.Text != goodMap, after.Roles.Text != badMap:
		t.Error("another state than was asked for")
	case states.document(second) == after:
		t.Error("no map was not remembered as the last state")
	}
	if again := states.document(second); again != states.document(second) {
		t.Error("the last state is read again")
	}
}

// BenchmarkReplay replays an edit that breaks a list of many groups, and the one that repairs it.
func BenchmarkReplay(b *testing.B) {
	broken := strings.Replace(goodMap, "groups: [devs]", "groups:\n"+strings.Repeat("  - a\n", 20_000)+"  - {", 1)
	good, bad := &corev1.ConfigMap{Data: map[string]string{"mapRoles": goodMap}}, &corev1.ConfigMap{Data: map[string]string{"mapRoles": broken}}
	for b.Loop() {
		var states lastState
		for _, e := range []pastEdit{{&evidence.Edit{}, good, bad, bad}, {&evidence.Edit{}, bad, good, good}} {
			if _, judged := replayOne(&e, policy.Default(), &states); !judged {
				b.Fatal("not judged")
			}
		}
	}
}
