package audit

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
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
	for _, format := range []string{"text", "json", "sarif", "junit", "markdown", "github", "html"} {
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
	if code, out := once(t, "--once", "-o", "csv"); code != 2 || !strings.Contains(out, "sarif") {
		t.Errorf("usage: exit %d\n%s", code, out)
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

// freePort is a port that nothing listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func TestTheReportIsServedToThoseWhomTheAPIServerAllows(t *testing.T) {
	begin(t, nodes+admin)
	p := auditor(t, "--report-port", freePort(t))
	p.await(t)
	token := func(name string) string {
		accounts := shared.admin.CoreV1().ServiceAccounts("team")
		if _, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = accounts.Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{}) })
		request, err := accounts.CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return request.Status.Token
	}
	reader, stranger := token("reader"), token("stranger")
	roles := shared.admin.RbacV1()
	if _, err := roles.ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "report-reader"}, Rules: []rbacv1.PolicyRule{{NonResourceURLs: []string{"/report"}, Verbs: []string{"get"}}}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := roles.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "report-reader"}, Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "team", Name: "reader"}},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "report-reader"},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_ = roles.ClusterRoleBindings().Delete(ctx, "report-reader", metav1.DeleteOptions{})
		_ = roles.ClusterRoles().Delete(ctx, "report-reader", metav1.DeleteOptions{})
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	get := func(token, query string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.reportURL+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	await.Success(t, "the page", func() error {
		if status, body := get(reader, ""); status != http.StatusOK || !strings.Contains(body, "<html") || !strings.Contains(body, "role/admin") {
			return errors.New(strconv.Itoa(status) + " " + body)
		}
		return nil
	})
	if status, body := get(reader, "?format=json"); status != http.StatusOK || !json.Valid([]byte(body)) || !strings.Contains(body, `"admin": true`) {
		t.Errorf("JSON: %d %s", status, body)
	}
	for name, c := range map[string]struct {
		token string
		want  int
	}{"none": {"", 401}, "wrong": {"x.y.z", 401}, "not allowed": {stranger, 403}, "too long": {strings.Repeat("x", 20<<10), 401}} {
		if status, body := get(c.token, ""); status != c.want || strings.Contains(body, "arn:aws") {
			t.Errorf("%s: %d, want %d: %s", name, status, c.want, body)
		}
	}
}
