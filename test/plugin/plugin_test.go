package plugin

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cli"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

// program is the name by which this test program, called by a link, is the plugin.
const program = "kubectl-aws_auth"

var (
	update = flag.Bool("update", false, "update the expected outputs")
	// cluster is the control plane that all tests share; they change nothing of it but what they take away again.
	cluster *controlplane.ControlPlane
	client  kubernetes.Interface
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == program {
		os.Exit(cli.Run(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	ctx := context.Background()
	if cluster, err = controlplane.Start(ctx, controlplane.Options{Progress: os.Stderr}); err == nil {
		client, err = kubernetes.NewForConfig(cluster.AdminConfig)
	}
	if err == nil {
		err = populate(ctx)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	if cluster != nil {
		if err := cluster.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

const mapRoles = `- rolearn: arn:aws:iam::111122223333:role/Admin
  username: admin:{{SessionName}}
  groups: [system:masters]
- rolearn: arn:aws:iam::111122223333:role/team/ops
  username: ops:{{SessionName}}
  groups: [operators]
- rolearn: arn:aws:iam::111122223333:role/dev
  username: dev:{{SessionName}}
  groups: [developers, Viewers]
- rolearn: arn:aws:iam::111122223333:role/node
  username: system:node:{{EC2PrivateDNSName}}
  groups: [system:bootstrappers, system:nodes]
`

const mapUsers = `- userarn: arn:aws:iam::111122223333:user/ci
  username: ci
  groups: [deployers]
- userarn: arn:aws:iam::111122223333:user/idle
  username: idle
- userarn: arn:aws:iam::111122223333:user/alice
  username: alice
`

// populate fills the cluster with a map and with bindings that fit it, and some that do not.
func populate(ctx context.Context) error {
	if _, err := client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": mapRoles, "mapUsers": mapUsers},
	}, metav1.CreateOptions{}); err != nil {
		return err
	}
	if _, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "prod"}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	edit := func(verb string, names ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{verb}, ResourceNames: names}
	}
	for _, r := range []*rbacv1.Role{
		{ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: "deployer"}, Rules: []rbacv1.PolicyRule{edit("*")}},
		{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "map-editor"}, Rules: []rbacv1.PolicyRule{edit("update", "aws-auth"), edit("create", "aws-auth")}},
		{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "other-editor"}, Rules: []rbacv1.PolicyRule{edit("update", "coredns")}},
	} {
		if _, err := client.RbacV1().Roles(r.Namespace).Create(ctx, r, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	for _, b := range []struct{ namespace, name, roleKind, role, kind, subject string }{
		{"", "developers", "ClusterRole", "view", rbacv1.GroupKind, "developers"},
		{"", "developers-gone", "ClusterRole", "gone", rbacv1.GroupKind, "developers"},
		{"", "viewers", "ClusterRole", "view", rbacv1.GroupKind, "viewers"},
		{"", "alice", "ClusterRole", "view", rbacv1.UserKind, "Alice"},
		{"", "ghost", "ClusterRole", "cluster-admin", rbacv1.UserKind, "ghost"},
		{"", "bob", "ClusterRole", "view", rbacv1.UserKind, "dev:bob"},
		{"prod", "deployers", "Role", "deployer", rbacv1.GroupKind, "deployers"},
		{"kube-system", "ci", "Role", "map-editor", rbacv1.UserKind, "ci"},
		{"kube-system", "idle", "Role", "other-editor", rbacv1.UserKind, "idle"},
	} {
		meta := metav1.ObjectMeta{Namespace: b.namespace, Name: b.name}
		ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: b.roleKind, Name: b.role}
		subjects := []rbacv1.Subject{{Kind: b.kind, APIGroup: rbacv1.GroupName, Name: b.subject}}
		var err error
		if b.namespace == "" {
			_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects}, metav1.CreateOptions{})
		} else {
			_, err = client.RbacV1().RoleBindings(b.namespace).Create(ctx, &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects}, metav1.CreateOptions{})
		}
		if err != nil {
			return err
		}
	}
	anything := rbacv1.PolicyRule{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}
	return errors.Join(
		await.Rights(ctx, client, "ghost", nil, "", anything),
		await.Rights(ctx, client, "idle", nil, "kube-system", edit("update", "coredns")),
	)
}

// result is what one run of the plugin left behind.
type result struct {
	code     int
	out, err string
}

// plugin runs a command line as somebody; an empty kubeconfig means the administrator.
func plugin(t *testing.T, kubeconfig, in string, args ...string) result {
	t.Helper()
	if kubeconfig == "" {
		kubeconfig = cluster.AdminKubeconfig
	}
	t.Setenv("KUBECONFIG", kubeconfig)
	var out, problems bytes.Buffer
	code := cli.Run(args, cli.Streams{In: strings.NewReader(in), Out: &out, Err: &problems})
	return result{code, out.String(), problems.String()}
}

// expect wants an exit code, and each of the texts in the output.
func (r result) expect(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, text := range texts {
		if !strings.Contains(r.out+r.err, text) {
			t.Errorf("nothing says %q", text)
		}
	}
	if t.Failed() {
		t.Fatalf("stdout:\n%s\nstderr:\n%s", r.out, r.err)
	}
}

// ofTheMoment is what tells one run from another in the head of a report.
var ofTheMoment = regexp.MustCompile(`(?m)^((?:map +resourceVersion|Kubernetes|time) +)\S+$`)

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, cluster.AdminConfig.Host, "https://SERVER")
	got = ofTheMoment.ReplaceAllString(got, "$1…")
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update to take it):\n%s", path, got)
	}
}

// as makes a user that RBAC objects name, as EKS would let it in.
func as(t *testing.T, who rest.ImpersonationConfig) string {
	t.Helper()
	_, path, err := cluster.Impersonate(who)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// nobody is the path of a kubeconfig that has no credentials.
func nobody(t *testing.T) string {
	t.Helper()
	path, err := cluster.WriteKubeconfig(&rest.Config{Host: cluster.AdminConfig.Host, TLSClientConfig: rest.TLSClientConfig{CAData: cluster.AdminConfig.CAData}})
	if err != nil {
		t.Fatal(err)
	}
	return path
}
