package history

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// listed is what `history --from-audit-log -o json` says.
type listed struct {
	Failed, Same int
	Revisions    []struct {
		Revision                 int
		Manager, User, UserAgent string
		By                       string
		Addresses                []string
		Good, Deleted, Gap       bool
		Summary                  string
	}
	Unseen []struct{ Verb, Why string }
}

// TestTheAuditLogOfTheRealAPIServerIsRead writes the map in all the ways there are, under an audit policy like EKS's, and finds
// each state in the log, whatever form and order it comes in.
func TestTheAuditLogOfTheRealAPIServerIsRead(t *testing.T) {
	in := namespace(t)
	before, err := os.Stat(shared.AuditLogPath)
	if err != nil {
		t.Fatal(err)
	}
	api := shared.eks.CoreV1().ConfigMaps("kube-system")
	patch := func(kind types.PatchType, manager, body string) {
		t.Helper()
		if _, err := api.Patch(t.Context(), "aws-auth", kind, []byte(body), metav1.PatchOptions{FieldManager: manager}); err != nil {
			t.Fatal(err)
		}
	}
	quoted := func(s string) string {
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	// A create, of which EKS logs no content; then an update, and each kind of patch.
	write(t, "eksctl", roles(nodes))
	write(t, "terraform", roles(nodes+devs))
	patch(types.MergePatchType, "merge", `{"data":{"mapRoles":`+quoted(nodes+devs+ops)+`}}`)
	patch(types.JSONPatchType, "json", `[{"op":"replace","path":"/data/mapRoles","value":`+quoted(nodes+ops)+`}]`)
	patch(types.StrategicMergePatchType, "strategic", `{"data":{"mapUsers":"[]"}}`)
	annotate(t, "example.com/owner", "platform")
	// What changes nothing: a dry run, somebody who may not, and what nobody has asked for.
	if _, err := api.Patch(t.Context(), "aws-auth", types.MergePatchType, []byte(`{"data":null}`), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		t.Fatal(err)
	}
	mallory, _, err := shared.Impersonate(rest.ImpersonationConfig{UserName: "mallory"})
	if err != nil {
		t.Fatal(err)
	}
	if err := kubernetes.NewForConfigOrDie(mallory).CoreV1().ConfigMaps("kube-system").Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}); err == nil {
		t.Fatal("mallory may delete the map")
	}
	if err := api.Delete(t.Context(), "aws-auth", metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		t.Fatal(err)
	}
	remove(t)
	// An apply that makes the map is logged whole; kubectl says who it is.
	if r, err := shared.Kubectl(t.Context(), call("apply", "--server-side", "--field-manager=argocd", "-f", manifestFile(t, nodes+devs))); err != nil || r.ExitCode != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	write(t, "kubectl-edit", roles(unreadable))

	var lines []string
	await.Success(t, "the last edit in the log", func() error {
		raw, err := os.ReadFile(shared.AuditLogPath)
		if err != nil {
			return err
		}
		lines = strings.Split(strings.TrimSpace(string(raw[before.Size():])), "\n")
		if !strings.Contains(strings.Join(lines, "\n"), "fieldManager=kubectl-edit") {
			return fmt.Errorf("%d lines", len(lines))
		}
		return nil
	})
	want := []string{
		"1 terraform good the first state that was seen: it lets 2 principals in (nodes 1, system:masters 0)", "2 merge good GAINS arn:aws:iam::111122223333:role/ops (editors)",
		"3 json good LOSES arn:aws:iam::111122223333:role/dev (editors)", "4 strategic good no change of access", "5  not good the map is not there: 2 principals lose their access",
		"6 argocd good the map is there again: it lets 2 principals in (nodes 1, system:masters 0)", "7 kubectl-edit not good LOSES node role arn:aws:iam::111122223333:role/nodes (system:bootstrappers, system:nodes) and 1 more",
	}
	backwards := slices.Clone(lines)
	slices.Reverse(backwards)
	dir := t.TempDir()
	for name, log := range map[string]string{
		"lines": strings.Join(lines, "\n"), "backwards": strings.Join(backwards, "\n"), "CloudWatch, packed": packedEvents(t, lines), "twice": strings.Join(append(slices.Clone(lines), lines...), "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, strings.ReplaceAll(name, " ", ""))
			if err := os.WriteFile(file, []byte(log), 0o600); err != nil {
				t.Fatal(err)
			}
			var l listed
			r := plugin(t, "", "history", "--from-audit-log", file, "-o", "json").expect(t, 0)
			if err := json.Unmarshal([]byte(r.out), &l); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range slices.Backward(l.Revisions) {
				state := "good"
				if !r.Good {
					state = "not good"
				}
				manager := r.Manager
				if r.Deleted {
					manager = ""
				}
				got = append(got, fmt.Sprint(r.Revision, " ", manager, " ", state, " ", r.Summary))
				if r.User == "" || r.UserAgent == "" || !slices.Equal(r.Addresses, []string{"127.0.0.1"}) || r.Gap {
					t.Errorf("%+v", r)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if len(l.Unseen) != 1 || l.Unseen[0].Verb != "create" || l.Same != 1 {
				t.Errorf("unseen %+v, %d the same", l.Unseen, l.Same)
			}
			if name != "twice" && l.Failed != 3 {
				t.Errorf("%d failed", l.Failed)
			}
		})
	}

	// undo takes the states of the log, where there is no history.
	plugin(t, "", "undo", "-n", in, "--yes").expect(t, 3, "there is no history of the map")
	plugin(t, "", "undo", "--from-audit-log", filepath.Join(dir, "lines"), "--yes", "--to", "5").expect(t, 2, "undo restores maps and never deletes one")
	plugin(t, "", "undo", "--from-audit-log", filepath.Join(dir, "lines"), "--yes", "--to", "70").expect(t, 3, "the log has no revision 70")
	plugin(t, "", "undo", "--from-audit-log", filepath.Join(dir, "backwards"), "--dry-run=server").expect(t, 0, "revision 6 would be put back (server dry run)")
	plugin(t, "", "undo", "--from-audit-log", filepath.Join(dir, "lines"), "--yes").expect(t, 0, "revision 6 is the live map again")
	if now := current(t); !maps.Equal(now.Data, roles(nodes+devs)) {
		t.Errorf("the live map: %q", now.Data)
	}
}

// manifestFile is a manifest of the map.
func manifestFile(t *testing.T, roles string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "aws-auth.yaml")
	text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    " + strings.ReplaceAll(strings.TrimSuffix(roles, "\n"), "\n", "\n    ") + "\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// packedEvents is what `aws logs filter-log-events` prints of the lines, compressed.
func packedEvents(t *testing.T, lines []string) string {
	t.Helper()
	type event struct {
		LogStreamName string `json:"logStreamName"`
		Timestamp     int64  `json:"timestamp"`
		Message       string `json:"message"`
	}
	events := []event{}
	for i, line := range lines {
		events = append(events, event{"kube-apiserver-audit-0a1b", int64(i), line})
	}
	raw, err := json.MarshalIndent(map[string]any{"events": events, "searchedLogStreams": []string{}}, "", "    ")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
