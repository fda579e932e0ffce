package install

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

func TestMain(m *testing.M) {
	guard.EditorMain()
	os.Exit(m.Run())
}

// mastersEntry and plainEntry are entries of mapRoles as they are in the manifest that kubectl edit opens.
const (
	mastersEntry = "\n    - rolearn: %s\n      username: %s\n      groups: [system:masters]"
	plainEntry   = "\n    - rolearn: %s\n      username: %s\n      groups: []"
)

// edit puts an entry at the head of mapRoles with kubectl edit. When the editor is opened again, because the edit was
// refused, it changes nothing, and kubectl gives up: the causes are in the text that it was opened with, and are given
// with the errors.
func (s *site) edit(t *testing.T, entry, arn, username string) result {
	t.Helper()
	editor, err := guard.NewEditor(t.TempDir(), guard.Step{Old: "  mapRoles: |", New: "  mapRoles: |" + fmt.Sprintf(entry, arn, username)})
	if err != nil {
		t.Fatal(err)
	}
	command, err := editor.Command()
	if err != nil {
		t.Fatal(err)
	}
	r := s.run(t, s.kubectl, "", append(editor.Environment(), "KUBE_EDITOR="+command), "edit", "configmap", "aws-auth", "--namespace", "kube-system")
	seen, err := editor.Seen()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range seen[min(1, len(seen)):] {
		r.errors += text
	}
	return r
}

// guarded makes two edits with kubectl edit: one that is repaired and warned of, and one that is refused. username
// tells the edits of one test apart.
func (s *site) guarded(t *testing.T, username string) {
	t.Helper()
	s.reset(t)
	r := s.edit(t, mastersEntry, "arn:aws:iam::111122223333:role/team/"+username, strings.ToUpper(username))
	for _, rule := range []string{"role-path", "username-uppercase", "system-masters"} {
		if r.code != 0 || !strings.Contains(r.errors, "["+rule+"]") {
			t.Fatalf("an edit that needs repair, %s:\n%s\n%s", rule, r, s.pods(t))
		}
	}
	before := s.text(t)
	if !strings.Contains(before, "role/"+username+"\n") || !strings.Contains(before, "username: "+username+"\n") {
		t.Fatalf("stored after the repair:\n%s", before)
	}
	r = s.edit(t, mastersEntry, "arn:aws:sts::111122223333:assumed-role/x/y", "x")
	if r.code == 0 || !strings.Contains(r.errors, "[arn-kind]") {
		t.Fatalf("an edit that no repair saves:\n%s\n%s", r, s.pods(t))
	}
	if text := s.text(t); text != before {
		t.Fatalf("stored after the refusal:\n%s", text)
	}
}

// guardedStrictly is guarded under the profile strict, where a grant of system:masters is refused as well.
func (s *site) guardedStrictly(t *testing.T) {
	t.Helper()
	s.reset(t)
	for rule, arn := range map[string]string{
		"arn-kind":       "arn:aws:sts::111122223333:assumed-role/x/y",
		"system-masters": "arn:aws:iam::111122223333:role/x",
	} {
		if r := s.edit(t, mastersEntry, arn, "x"); r.code == 0 || !strings.Contains(r.errors, "["+rule+"]") {
			t.Fatalf("%s under strict:\n%s", rule, r)
		}
	}
	r := s.edit(t, plainEntry, "arn:aws:iam::111122223333:role/team/strict", "strict")
	if r.code != 0 || !strings.Contains(r.errors, "[role-path]") || !strings.Contains(s.text(t), "role/strict\n") {
		t.Fatalf("a repair under strict:\n%s\n%s", r, s.text(t))
	}
}
