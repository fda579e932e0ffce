package permissions

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admissionlog"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
)

// reportKind is one of the two kinds of reports, with the place of its real definition.
type reportKind struct {
	resource     schema.GroupVersionResource
	kind         string
	module, file string
}

func reportKinds() []reportKind {
	return []reportKind{
		{schema.GroupVersionResource{Group: "openreports.io", Version: "v1alpha1", Resource: "reports"}, "Report", "github.com/openreports/reports-api", "config/crd/openreports.io_reports.yaml"},
		{schema.GroupVersionResource{Group: "wgpolicyk8s.io", Version: "v1alpha2", Resource: "policyreports"}, "PolicyReport", "github.com/kyverno/kyverno", "config/crds/policyreport/wgpolicyk8s.io_policyreports.yaml"},
	}
}

func (k reportKind) install(t *testing.T) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", k.module)
	command.Dir = filepath.Join(root, "test/kyverno")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(m.Dir, k.file))
	if err != nil {
		t.Fatal(err)
	}
	definition := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &definition.Object); err != nil {
		t.Fatal(err)
	}
	install(t, rendering{definition})
	eventually(t, "the kind "+k.kind, func() error {
		_, err := shared.objects.Resource(k.resource).Namespace("kube-system").List(t.Context(), metav1.ListOptions{})
		return err
	})
}

// accessConfigMap holds the authentication mode.
const accessConfigMap = "aws-auth-guard-access"

// auditSite is what all runs of the auditor have alike.
type auditSite struct {
	chart      rendering
	kubeconfig string
	policy     string
}

func newAuditSite(t *testing.T, chart rendering) *auditSite {
	t.Helper()
	s := &auditSite{chart: chart, kubeconfig: signIn(t, auditorAccount), policy: filepath.Join(t.TempDir(), "policy.yaml")}
	text, _, err := unstructured.NestedString(chart.named(t, "ConfigMap", namespace, "aws-auth-guard-policy").Object, "data", "policy.yaml")
	if err != nil || text == "" {
		t.Fatalf("the policy: %q, %v", text, err)
	}
	if err := os.WriteFile(s.policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ready := true
	if _, err := shared.admin.DiscoveryV1().EndpointSlices(namespace).Create(t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: "aws-auth-guard", Labels: map[string]string{discoveryv1.LabelServiceName: "aws-auth-guard"}}, AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{
			{Addresses: []string{"192.0.2.1"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}, {Addresses: []string{"192.0.2.2"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}},
		},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return s
}

// arguments are those that the chart gives to a container, with what is local to a test put in.
func (s *auditSite) arguments(t *testing.T, kind, name string, path ...string) []string {
	t.Helper()
	containers, _, err := unstructured.NestedSlice(s.chart.named(t, kind, namespace, name).Object, append(path, "spec", "containers")...)
	if err != nil || len(containers) != 1 {
		t.Fatalf("the containers of %s %s: %v, %v", kind, name, containers, err)
	}
	list, _, err := unstructured.NestedStringSlice(containers[0].(map[string]any), "args")
	if err != nil {
		t.Fatal(err)
	}
	return append(list, "--policy="+s.policy, "--kubeconfig="+s.kubeconfig, "--namespace="+namespace)
}

// auditing is one run of the auditor.
type auditing struct {
	*program
	site    *auditSite
	metrics string
}

// start begins again: a good map, reports of the kind that is not to be written, an old note, and nothing else.
func (s *auditSite) start(t *testing.T, r lack) *auditing {
	t.Helper()
	ctx := t.Context()
	deleteMap(t)
	for _, err := range []error{
		shared.admin.CoreV1().Events("kube-system").DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}),
		shared.admin.AppsV1().ControllerRevisions(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// The ConfigMap with the authentication mode stays: without it no map can be deleted.
	install(t, slices.DeleteFunc(s.chart.kinds("ConfigMap", "Lease"), func(o *unstructured.Unstructured) bool { return o.GetName() == accessConfigMap }))
	old, err := json.Marshal([]admissionlog.Record{{State: "x", Time: metav1.NewTime(time.Now().Add(-48 * time.Hour))}})
	if err != nil {
		t.Fatal(err)
	}
	maps := shared.admin.CoreV1().ConfigMaps(namespace)
	notes, err := maps.Get(ctx, "aws-auth-guard-admitted", metav1.GetOptions{})
	if err == nil {
		notes.Data = map[string]string{"gone": string(old)}
		_, err = maps.Update(ctx, notes, metav1.UpdateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	if r.bare {
		err := errors.Join(maps.Delete(ctx, "aws-auth-guard-auditor", metav1.DeleteOptions{}), shared.admin.CoordinationV1().Leases(namespace).Delete(ctx, "aws-auth-guard-auditor", metav1.DeleteOptions{}))
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, k := range reportKinds() {
		api := shared.objects.Resource(k.resource).Namespace("kube-system")
		if err := api.Delete(ctx, "aws-auth-guard", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Fatal(err)
		}
		if (i == 1) == r.policy {
			continue
		}
		left := &unstructured.Unstructured{Object: map[string]any{"apiVersion": k.resource.GroupVersion().String(), "kind": k.kind, "summary": map[string]any{}}}
		left.SetName("aws-auth-guard")
		left.SetLabels(map[string]string{"app.kubernetes.io/managed-by": "aws-auth-guard"})
		if _, err := api.Create(ctx, left, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeMap(t, nodes+admin+devs); err != nil {
		t.Fatal(err)
	}
	arguments := append(s.arguments(t, "Deployment", "aws-auth-guard-auditor", "spec", "template"), "--bind-address=127.0.0.1", "--health-port=0", "--metrics-port=0")
	if r.policy {
		arguments = append(arguments, "--report-api=wgpolicy")
	}
	a := &auditing{site: s}
	a.program = startProgram(t, shared.program, arguments, fmt.Sprintf("KUBE_FEATURE_WatchListClient=%v", !r.listing))
	line := <-a.line
	if _, err := fmt.Sscanf(strings.NewReplacer("(", "", ")", "", ",", "").Replace(line), "auditing health %s metrics %s", new(string), &a.metrics); err != nil {
		t.Fatalf("the auditor said %q: %v", line, err)
	}
	return a
}

// metric is the value of a line of the metrics, "" where there is none.
func (a *auditing) metric(name string) (string, error) {
	response, err := http.Get(a.metrics + "/metrics")
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value), nil
		}
	}
	return "", nil
}

func (a *auditing) shows(name, want string) error {
	got, err := a.metric(name)
	if err == nil && got != want {
		err = fmt.Errorf("%s is %q", name, got)
	}
	return err
}

// revisions are the history, the newest first.
func revisions(t *testing.T) ([]*history.Revision, error) {
	t.Helper()
	return history.NewStore(shared.admin, namespace).List(t.Context())
}

// live is the live map, "" where there is none.
func live(t *testing.T) (string, error) {
	t.Helper()
	cm, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return cm.Data["mapRoles"], nil
}

// once runs what the CronJob runs.
func (a *auditing) once(t *testing.T) error {
	t.Helper()
	command := exec.CommandContext(t.Context(), shared.program, a.site.arguments(t, "CronJob", "aws-auth-guard-report", "spec", "jobTemplate", "spec", "template")...)
	var problems strings.Builder
	command.Stderr = &problems
	out, err := command.Output()
	if code := command.ProcessState.ExitCode(); code > 1 {
		fmt.Fprintln(a.command.Stderr, problems.String()) // with the auditor's log, where it is looked for
		return fmt.Errorf("exit %d, %w: %s", code, err, problems.String())
	}
	var report struct {
		Editors []any
		Guard   *struct{ Installed bool }
		Unread  []struct{ What, Why string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return err
	}
	if len(report.Unread) > 0 || report.Guard == nil || !report.Guard.Installed || len(report.Editors) == 0 {
		fmt.Fprintln(a.command.Stderr, report.Unread)
		return fmt.Errorf("not complete: %+v", report)
	}
	return nil
}
