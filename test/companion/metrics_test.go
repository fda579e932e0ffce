package companion

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	// The webhook program is built outside of go test's sight: without these, results of an older one would be taken
	// from the cache.
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/audit/controller"
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/server"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

// metricName finds metrics in queries.
var metricName = regexp.MustCompile(`\b(awsauth|apiserver|controller_runtime|kube)_[a-z0-9_]+`)

// TestEveryMetricIsExported holds that each metric that an alert or the dashboard asks for is there: at a running guard,
// a running auditor, or the API server. Those of kube-state-metrics are known by name (its docs/metrics/workload/deployment-metrics.md).
func TestEveryMetricIsExported(t *testing.T) {
	wanted := map[string]bool{}
	for _, file := range []string{"alerts.yaml", "alerts-access.yaml", "dashboard.json"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "charts", "aws-auth-guard", "files", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range metricName.FindAllString(string(text), -1) {
			wanted[name] = true
		}
	}
	for _, name := range []string{"kube_deployment_status_replicas_available", "kube_deployment_spec_replicas"} {
		delete(wanted, name)
	}
	if len(wanted) < 15 {
		t.Fatalf("only %d metrics are asked for: %q", len(wanted), slices.Collect(maps.Keys(wanted)))
	}

	c, client, program, g := guarded(t)
	edits(t, client)
	pages := []string{get(t, g.MetricsURL+"/metrics"), metricsOf(t, program, "audit", "--namespace", "default", "--kubeconfig", onlooker(t, c, client), "--report-api", "none"),
		metricsOf(t, program, "serve", "--self-signed", "--namespace", "default", "--kubeconfig", c.AdminKubeconfig, "--webhook-configuration", "other", "--port", "0",
			"--access-snapshot", filepath.Join(t.TempDir(), "snapshot"))}
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(await.Patience); ; time.Sleep(100 * time.Millisecond) {
		unanswered(t, client)
		page, err := client.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		missing := missing(wanted, append(pages, string(page)))
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody exports %q", missing)
		}
	}
}

// missing are the metrics that no page has. A histogram's parts are named after it.
func missing(wanted map[string]bool, pages []string) []string {
	var names []string
	for name := range wanted {
		line := regexp.MustCompile(`(?m)^` + name + `[ {]`)
		if !slices.ContainsFunc(pages, line.MatchString) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// edits makes one that is repaired, one that is refused and one that is overridden.
func edits(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	maps := client.CoreV1().ConfigMaps(awsauth.Namespace)
	options := metav1.UpdateOptions{FieldManager: "kubectl-edit"}
	if _, err := maps.Create(t.Context(), configMap(roles(nodes), ""), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := maps.Update(t.Context(), configMap(roles(nodes+"- rolearn: arn:aws:iam::111122223333:role/a/b\n  username: b\n"), ""), options); err != nil {
		t.Fatal(err)
	}
	if _, err := maps.Update(t.Context(), configMap(roles("[]"), ""), options); err == nil {
		t.Fatal("an empty map was not refused")
	}
	if _, err := maps.Update(t.Context(), configMap(roles("[]"), "map-deleted: a test"), options); err != nil {
		t.Fatal(err)
	}
}

// unanswered makes an edit that the API server can't ask about: once it is refused for that, once it fails open.
func unanswered(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	hooks := client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	mutating := client.AdmissionregistrationV1().MutatingWebhookConfigurations()
	for _, policy := range []admissionregistrationv1.FailurePolicyType{admissionregistrationv1.Fail, admissionregistrationv1.Ignore} {
		h, err := hooks.Get(t.Context(), Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		h.Webhooks[0].FailurePolicy = &policy
		m, err := mutating.Get(t.Context(), Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m.Webhooks[0].FailurePolicy = &policy
		if _, err := hooks.Update(t.Context(), h, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := mutating.Update(t.Context(), m, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		_, _ = client.CoreV1().ConfigMaps(awsauth.Namespace).Update(t.Context(), configMap(roles("[]"), ""), metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}})
	}
}

// onlooker is the kubeconfig of somebody who may read everything and write nothing but Leases.
func onlooker(t *testing.T, c *controlplane.ControlPlane, client kubernetes.Interface) string {
	t.Helper()
	const name = "onlooker"
	_, kubeconfig, err := c.User(name)
	if err != nil {
		t.Fatal(err)
	}
	rules := []rbacv1.PolicyRule{
		{Verbs: []string{"get", "list", "watch"}, APIGroups: []string{"*"}, Resources: []string{"*"}},
		{Verbs: []string{"*"}, APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}},
	}
	_, roleErr := client.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}, metav1.CreateOptions{})
	_, bindingErr := client.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: name}},
	}, metav1.CreateOptions{})
	if err := errors.Join(roleErr, bindingErr); err != nil {
		t.Fatal(err)
	}
	if err := await.Rights(t.Context(), client, name, nil, "", rules...); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

// metricsOf runs the program on free ports until it says where its metrics are, and gives them.
func metricsOf(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), await.Patience)
	defer cancel()
	process := exec.CommandContext(ctx, program, append(arguments, "--bind-address", "127.0.0.1", "--health-port", "0", "--metrics-port", "0")...)
	process.Stderr = t.Output()
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		_ = process.Wait()
	}()
	line, err := bufio.NewReader(output).ReadString('\n')
	m := regexp.MustCompile(`metrics (http://[^\s,)]+)`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("%s said %q: %v", strings.Join(arguments, " "), line, err)
	}
	// The auditor's look at the map comes a moment after, and it may not write down what it finds.
	var page string
	for deadline := time.Now().Add(await.Patience); !strings.Contains(page, "\nawsauth_audit_failures_total{") && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if page = get(t, m[1]+"/metrics"); arguments[0] != "audit" {
			break
		}
	}
	return page
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(fmt.Errorf("%s: %s, %w", url, response.Status, err))
	}
	return string(page)
}
