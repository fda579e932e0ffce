package writers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// act is one run of one of our own commands.
type act struct {
	name      string
	arguments []string
	exit      int
	fate      fate
	// mapRoles is what is stored then; empty says nothing of it.
	mapRoles string
	says     []string
}

const account = "arn:aws:iam::111122223333:"

// viewing is the entry of good after `set`.
var viewing = strings.Replace(good, "groups: [qa]", "groups: [qa, viewers]", 1) //nolint:gochecknoglobals // A constant.

// ownWriters are our commands that write the map, and what they do one after another.
func ownWriters() []struct {
	writer
	begin string
	acts  func(t *testing.T, l *lab, plugin string) []act
} {
	fixed := func(acts ...act) func(*testing.T, *lab, string) []act {
		return func(*testing.T, *lab, string) []act { return acts }
	}
	add := func(arn, name, group string) []string {
		return []string{"add", "role", arn, "--username", name, "--group", group, "--yes"}
	}
	set := func(name string) []string { return []string{"set", account + "role/qa", "--username", name, "--yes"} }
	entry := func(arn, name, group string) string {
		return "- rolearn: " + account + arn + "\n  username: " + name + "\n  groups:\n  - " + group + "\n"
	}
	qa, dev, ops := entry("role/qa", "qa", "qa"), entry("role/dev", "dev", "devs"), entry("role/ops", "ops", "ops")
	return []struct {
		writer
		begin string
		acts  func(t *testing.T, l *lab, plugin string) []act
	}{
		{writer{name: "kubectl aws-auth add", seen: terminal}, node, fixed(
			act{name: "good", arguments: add(account+"role/qa", "qa", "qa"), fate: asWritten, mapRoles: node + qa},
			act{name: "good again", arguments: add(account+"role/qa", "qa", "qa"), fate: unchanged},
			// The command itself takes the path out, and says so.
			act{name: "repairable", arguments: add(account+"role/team/eng/dev", "dev", "devs"), fate: stored, mapRoles: node + qa + dev},
			act{name: "repairable again", arguments: add(account+"role/team/eng/dev", "dev", "devs"), fate: unchanged},
			act{name: "bad", arguments: add(account+"role/ops", "system:ops", "ops"), exit: 1, fate: unchanged, says: []string{"[username-reserved]"}},
			act{name: "bad again", arguments: add(account+"role/ops", "system:ops", "ops"), exit: 1, fate: unchanged},
			act{name: "right", arguments: add(account+"role/ops", "ops", "ops"), fate: asWritten, mapRoles: node + qa + dev + ops},
			act{name: "right again", arguments: add(account+"role/ops", "ops", "ops"), fate: unchanged},
		)},
		{writer{name: "kubectl aws-auth set", seen: terminal}, node + good, fixed(
			act{name: "good", arguments: []string{"set", account + "role/qa", "--add-group", "viewers", "--yes"}, fate: asWritten, mapRoles: node + viewing},
			act{name: "good again", arguments: []string{"set", account + "role/qa", "--add-group", "viewers", "--yes"}, fate: unchanged},
			act{name: "repairable", arguments: set("Tester"), fate: stored, mapRoles: node + strings.Replace(viewing, "username: qa", "username: tester", 1)},
			act{name: "repairable again", arguments: set("Tester"), fate: unchanged},
			act{name: "bad", arguments: set("system:admin"), exit: 1, fate: unchanged, says: []string{"[username-reserved]"}},
			act{name: "bad again", arguments: set("system:admin"), exit: 1, fate: unchanged},
			act{name: "right", arguments: set("qa"), fate: asWritten, mapRoles: node + viewing},
			act{name: "right again", arguments: set("qa"), fate: unchanged},
		)},
		{writer{name: "kubectl aws-auth remove", seen: terminal}, node + good, fixed(
			act{name: "good", arguments: []string{"remove", account + "role/qa", "--yes"}, fate: asWritten, mapRoles: node},
			act{name: "good again", arguments: []string{"remove", account + "role/qa", "--yes"}, exit: 1, fate: unchanged},
			act{name: "bad", arguments: []string{"remove", account + "role/nodes", "--yes"}, exit: 1, fate: unchanged, says: []string{"[map-deleted]"}},
			act{name: "bad again", arguments: []string{"remove", account + "role/nodes", "--yes"}, exit: 1, fate: unchanged},
		)},
		{writer{name: "kubectl aws-auth undo", seen: terminal}, node, undoing},
	}
}

// undoing puts back states that the map had while nobody refused them.
func undoing(t *testing.T, l *lab, plugin string) []act {
	log := filepath.Join(t.TempDir(), "audit.log")
	before, err := os.ReadFile(l.AuditLogPath)
	check(t, err)
	for _, text := range []string{good, bad, repairable, "- rolearn: " + account + "role/last\n  username: last\n"} {
		c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": node + text}}
		_, err := l.eks.CoreV1().ConfigMaps("kube-system").Update(t.Context(), c, metav1.UpdateOptions{FieldManager: "eks"})
		check(t, err)
	}
	// What an edit did is logged after it is answered.
	var revisions []string
	await.True(t, "the edits in the audit log", func() bool {
		after, err := os.ReadFile(l.AuditLogPath)
		check(t, err)
		check(t, os.WriteFile(log, after[len(before):], 0o600))
		output, err := exec.CommandContext(t.Context(), plugin, "history", "--from-audit-log", log, "-o", "json").Output()
		check(t, err)
		var listed struct{ Revisions []struct{ Revision int } }
		check(t, json.Unmarshal(output, &listed))
		revisions = nil
		for _, r := range listed.Revisions {
			revisions = append(revisions, strconv.Itoa(r.Revision))
		}
		slices.Sort(revisions)
		return len(revisions) == 4
	})
	to := func(i int) []string {
		return []string{"undo", "--from-audit-log", log, "--to", revisions[i], "--yes"}
	}
	return []act{
		{name: "good", arguments: to(0), fate: asWritten, mapRoles: node + good},
		{name: "good again", arguments: to(0), fate: unchanged},
		{name: "repairable", arguments: to(2), fate: stored, mapRoles: node + repaired},
		{name: "repairable again", arguments: to(2), fate: unchanged},
		{name: "bad", arguments: to(1), exit: 1, fate: unchanged, says: []string{"[arn-kind]"}},
		{name: "bad again", arguments: to(1), exit: 1, fate: unchanged},
		{name: "right", arguments: to(0), fate: asWritten, mapRoles: node + good},
		{name: "right again", arguments: to(0), fate: unchanged},
	}
}

// ownCommands takes our commands through their acts.
func ownCommands(t *testing.T, l *lab) {
	t.Helper()
	plugin := filepath.Join(l.Directory, "kubectl-aws_auth")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", plugin, "github.com/aws-auth-guard/aws-auth-guard/cmd/kubectl-aws_auth").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, w := range ownWriters() {
		t.Run(w.name, func(t *testing.T) {
			user := "writer-" + w.file()
			_, kubeconfig, err := l.User(user, "system:masters")
			check(t, err)
			l.begin(t, w.begin)
			o := &observer{lab: l, user: user}
			for _, a := range w.acts(t, l, plugin) {
				text := ""
				if a.fate == asWritten {
					text = a.mapRoles
				}
				s := o.observe(t, a.name, text, func() outcome {
					return run(t, t.TempDir(), []string{"KUBECONFIG=" + kubeconfig}, plugin, a.arguments...)
				})
				s.wants(t, a.exit, a.fate).says(t, a.says...)
				if got := o.stored(t).Data["mapRoles"]; a.mapRoles != "" && got != a.mapRoles {
					t.Errorf("%s: stored is\n%s\nwant\n%s", a.name, got, a.mapRoles)
				}
			}
			golden(t, w.file(), o.steps)
		})
	}
}
