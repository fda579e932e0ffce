package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	// The webhook program is built outside of go test's sight: without these, results of an older one would be taken
	// from the cache.
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/audit/controller"
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/server"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

const (
	namespace   = "aws-auth-guard"
	ledger      = "aws-auth-guard-admitted"
	lease       = "aws-auth-guard-auditor"
	auditorUser = "system:serviceaccount:aws-auth-guard:aws-auth-guard-auditor"
	guardUser   = "system:serviceaccount:aws-auth-guard:aws-auth-guard"

	nodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	devs  = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{SessionName}}\n  groups:\n  - developers\n"
	admin = "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin:{{SessionName}}\n  groups:\n  - system:masters\n"
)

// suite is what the tests share; they all write the one object that there is, so none runs beside another.
type suite struct {
	*controlplane.ControlPlane
	admin             kubernetes.Interface
	objects           dynamic.Interface
	program           string
	auditorKubeconfig string
	guardKubeconfig   string
}

var shared suite //nolint:gochecknoglobals // Starting it takes too long to do it for each test.

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := shared.start(ctx)
	if shared.ControlPlane != nil {
		defer func() { _ = shared.Stop() }()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func (s *suite) start(ctx context.Context) (err error) {
	if s.ControlPlane, err = controlplane.Start(ctx, controlplane.Options{Progress: os.Stderr}); err != nil {
		return err
	}
	config := rest.CopyConfig(s.AdminConfig)
	config.WarningHandler, config.WarningHandlerWithContext = rest.NoWarnings{}, rest.NoWarnings{}
	s.admin, s.objects = kubernetes.NewForConfigOrDie(config), dynamic.NewForConfigOrDie(config)
	if s.program, err = guard.Build(ctx, s.Directory); err != nil {
		return err
	}
	if _, s.auditorKubeconfig, err = s.User(auditorUser); err != nil {
		return err
	}
	if _, s.guardKubeconfig, err = s.User(guardUser); err != nil {
		return err
	}
	for _, ns := range []string{namespace, "team"} {
		if _, err := s.admin.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	_, err = s.admin.CoreV1().ConfigMaps(namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: ledger}}, metav1.CreateOptions{})
	return errors.Join(err, s.permit(ctx))
}

// permit gives the permissions of docs/operations.md.
func (s *suite) permit(ctx context.Context) error {
	rule := func(group, resources, verbs string, names ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: strings.Split(resources, " "), Verbs: strings.Split(verbs, " "), ResourceNames: names}
	}
	everywhere := func(name, user string, rules ...rbacv1.PolicyRule) error {
		_, err := s.admin.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		_, err = s.admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		}, metav1.CreateOptions{})
		return err
	}
	in := func(namespace, name, user string, rules ...rbacv1.PolicyRule) error {
		_, err := s.admin.RbacV1().Roles(namespace).Create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		_, err = s.admin.RbacV1().RoleBindings(namespace).Create(ctx, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		}, metav1.CreateOptions{})
		return err
	}
	return errors.Join(
		everywhere("auditor", auditorUser,
			rule("rbac.authorization.k8s.io", "rolebindings clusterrolebindings", "list watch"),
			rule("rbac.authorization.k8s.io", "roles clusterroles", "list"),
			rule("admissionregistration.k8s.io", "mutatingwebhookconfigurations validatingwebhookconfigurations", "list watch", "aws-auth-guard"),
			rule("admissionregistration.k8s.io", "validatingadmissionpolicies validatingadmissionpolicybindings", "get", "aws-auth-guard", "aws-auth-guard-delete"),
			rule("apiextensions.k8s.io", "customresourcedefinitions", "list watch", "reports.openreports.io", "policyreports.wgpolicyk8s.io"),
			rule("apiextensions.k8s.io", "customresourcedefinitions", "list watch", "ec2nodeclasses.karpenter.k8s.aws", "nodeclasses.eks.amazonaws.com"),
			rule("karpenter.k8s.aws", "ec2nodeclasses", "list watch"), rule("eks.amazonaws.com", "nodeclasses", "list watch"),
			rule("", "nodes", "list"),
			rule("certificates.k8s.io", "certificatesigningrequests", "list")),
		in("kube-system", "auditor", auditorUser,
			rule("", "configmaps", "get list watch", "aws-auth"),
			rule("", "events", "create"),
			rule("openreports.io", "reports", "create"), rule("openreports.io", "reports", "get update delete", "aws-auth-guard"),
			rule("wgpolicyk8s.io", "policyreports", "create"), rule("wgpolicyk8s.io", "policyreports", "get update delete", "aws-auth-guard")),
		in(namespace, "auditor", auditorUser,
			rule("", "services", "get", "aws-auth-guard"), rule("discovery.k8s.io", "endpointslices", "list"),
			rule("", "configmaps", "create"), rule("", "configmaps", "get update", lease), rule("", "configmaps", "get patch", ledger),
			rule("coordination.k8s.io", "leases", "create"), rule("coordination.k8s.io", "leases", "get update", lease),
			rule("apps", "controllerrevisions", "get list create patch delete")),
		everywhere("guard", guardUser,
			rule("rbac.authorization.k8s.io", "rolebindings clusterrolebindings", "list"), rule("", "nodes", "list"), rule("", "events", "create"),
			rule("authorization.k8s.io", "subjectaccessreviews", "create")),
		in(namespace, "guard", guardUser, rule("", "configmaps", "get patch", ledger)),
	)
}

// process is a running auditor.
type process struct {
	command *exec.Cmd
	log     string
	health  string
	metrics string
	ended   chan error
}

var addresses = regexp.MustCompile(`^auditing \(health (http://[^,]+), metrics (http://[^)]+)\)\n$`)

// auditor starts the program; it ends with the test.
func auditor(t *testing.T, arguments ...string) *process {
	t.Helper()
	p := &process{ended: make(chan error, 1), log: filepath.Join(t.TempDir(), "log")}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	p.command = exec.Command(shared.program, append([]string{
		"audit", "--kubeconfig", shared.auditorKubeconfig, "--namespace", namespace, "--bind-address", "127.0.0.1",
		"--health-port", "0", "--metrics-port", "0", "--admitted", ledger,
	}, arguments...)...)
	p.command.Stderr = log
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	m := addresses.FindStringSubmatch(line)
	if m == nil {
		_ = p.command.Process.Kill()
		_ = p.command.Wait()
		t.Fatalf("the auditor said %q\n%s", line, p.text(t))
	}
	p.health, p.metrics = m[1], m[2]
	go func() { p.ended <- p.command.Wait() }()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("the auditor's log:\n%s", p.text(t))
		}
	})
	return p
}

func (p *process) text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stop ends the auditor as the kubelet does.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if p.command == nil {
		return
	}
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("the auditor ended with %v", err)
		}
	case <-time.After(await.Patience):
		_ = p.command.Process.Kill()
		t.Error("the auditor did not end")
	}
	p.command = nil
}

// kill ends it as a lost node does.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
	p.command = nil
}

// acts reports whether this one leads.
func (p *process) acts(t *testing.T) bool {
	t.Helper()
	return strings.Contains(p.text(t), `"msg":"acting"`) && !strings.Contains(p.text(t), `"msg":"not acting any more"`)
}

// await waits until this one leads and has looked once: what it finds first is what it begins with. That is kept when the
// look has come to its end.
func (p *process) await(t *testing.T) {
	t.Helper()
	await.Success(t, "an auditor that acts", func() error {
		if !p.acts(t) {
			return errors.New("not yet")
		}
		_, err := shared.admin.CoreV1().ConfigMaps(namespace).Get(t.Context(), lease, metav1.GetOptions{})
		return err
	})
	looks(t, p, 1)
}

// begin clears what earlier tests left and writes the map.
func begin(t *testing.T, text string) {
	t.Helper()
	ctx := t.Context()
	api := shared.admin.CoreV1()
	for _, err := range []error{
		api.ConfigMaps(namespace).Delete(ctx, lease, metav1.DeleteOptions{}),
		shared.admin.CoordinationV1().Leases(namespace).Delete(ctx, lease, metav1.DeleteOptions{}),
		api.ConfigMaps("kube-system").Delete(ctx, "aws-auth", metav1.DeleteOptions{}),
		api.Events("kube-system").DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}),
		shared.admin.AppsV1().ControllerRevisions(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}),
	} {
		if err != nil && !apierrors.IsNotFound(err) {
			t.Fatal(err)
		}
	}
	if _, err := api.ConfigMaps(namespace).Update(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: ledger}}, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.ConfigMaps("kube-system").Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": text},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// put writes the map.
func put(t *testing.T, text string) error {
	t.Helper()
	api := shared.admin.CoreV1().ConfigMaps("kube-system")
	cm, err := api.Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cm.Data = map[string]string{"mapRoles": text}
	_, err = api.Update(t.Context(), cm, metav1.UpdateOptions{FieldManager: "kubectl-edit"})
	return err
}

// events counts the Events of the map by reason.
func events(t *testing.T) map[string][]string {
	t.Helper()
	list, err := shared.admin.CoreV1().Events("kube-system").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, e := range list.Items {
		if e.InvolvedObject.Name == "aws-auth" {
			found[e.Reason] = append(found[e.Reason], e.Message)
			for range e.Count - 1 {
				found[e.Reason] = append(found[e.Reason], e.Message)
			}
		}
	}
	return found
}

// told waits until each reason has been told of.
func told(t *testing.T, reasons ...string) {
	t.Helper()
	for _, reason := range reasons {
		await.Success(t, "the Event "+reason, func() error {
			if found := events(t); len(found[reason]) == 0 {
				return fmt.Errorf("there are %v", found)
			}
			return nil
		})
	}
}

// downloaded is the folder of a module that test/kyverno pins.
func downloaded(t *testing.T, module string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	command.Dir = "../kyverno"
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", command, err, out, problems.String())
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	return m.Dir
}
