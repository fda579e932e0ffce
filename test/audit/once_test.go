package audit

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// once runs the program to its end.
func once(t *testing.T, arguments ...string) (int, string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), shared.program, append([]string{"audit", "--kubeconfig", shared.auditorKubeconfig}, arguments...)...)
	out, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(out)
}

func TestOnceWritesEveryFormatAndEndsByTheFindings(t *testing.T) {
	begin(t, nodes)
	for _, format := range []string{"text", "json", "sarif", "junit", "markdown", "github"} {
		if code, out := once(t, "--once", "-o", format); code != 0 {
			t.Errorf("%s: exit %d\n%s", format, code, out)
		}
	}
	code, out := once(t, "--once", "-o", "json")
	var report struct {
		Access  []any
		Guard   struct{ Installed bool }
		Editors []any
		Unread  []any
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 || len(report.Access) != 1 || len(report.Editors) == 0 || len(report.Unread) != 0 {
		t.Errorf("exit %d, %v: %+v", code, err, report)
	}
	if err := put(t, "- rolearn: arn:aws:iam::111122223333:role/a/nodes\n  username: x\n"); err != nil {
		t.Fatal(err)
	}
	if code, out := once(t, "--once"); code != 1 || !strings.Contains(out, "[role-path]") {
		t.Errorf("findings: exit %d\n%s", code, out)
	}
	for _, format := range []string{"csv", "html"} {
		if code, out := once(t, "--once", "-o", format); code != 2 || !strings.Contains(out, "sarif") {
			t.Errorf("-o %s: exit %d\n%s", format, code, out)
		}
	}
	if code, out := once(t, "--interval", "1s", "--namespace", namespace); code != 2 || !strings.Contains(out, "at least 10s") {
		t.Errorf("usage: exit %d\n%s", code, out)
	}
	if err := shared.admin.CoreV1().ConfigMaps("kube-system").Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if code, out := once(t, "--once"); code != 3 || !strings.Contains(out, "no ConfigMap") {
		t.Errorf("no map: exit %d\n%s", code, out)
	}
}
