package selfcheck_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/selfcheck"
	// The webhook program is built outside of go test's sight: without this, results of an older one would be taken
	// from the cache.
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/server"
	"github.com/aws-auth-guard/aws-auth-guard/test/companion"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// patience bounds waits for something that does happen; only a failing test waits that long.
const patience = time.Minute

const (
	nodes  = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	masked = "[{\"rolearn\":\"arn:aws-cn:iam::444455556666:role/root\",\"username\":\"root\",\"groups\":[\"system:masters\"]}]\n---\n- ignored\n"
	broken = "- rolearn: arn:aws:iam::111122223333:role/nodes\n username: x\n"
)

// site is a cluster with a guard that may be taken away in parts.
type site struct {
	*controlplane.ControlPlane
	t         *testing.T
	guard     *guard.Guard
	stopGuard func() error
	client    kubernetes.Interface
	eks       kubernetes.Interface
}

func newSite(t *testing.T) *site {
	t.Helper()
	c, err := controlplane.Start(t.Context(), controlplane.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	eks, _, err := c.Impersonate(rest.ImpersonationConfig{UserName: "eks:addon-manager", Groups: []string{"system:masters"}})
	if err != nil {
		t.Fatal(err)
	}
	eks.WarningHandler = rest.NoWarnings{}
	return &site{ControlPlane: c, t: t, client: kubernetes.NewForConfigOrDie(c.AdminConfig), eks: kubernetes.NewForConfigOrDie(eks)}
}

func (s *site) startGuard() {
	s.t.Helper()
	program, err := guard.Build(s.t.Context(), s.Directory)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.guard, err = guard.Start(s.t.Context(), guard.Options{Program: program, Directory: s.Directory, Log: s.t.Output()}); err != nil {
		s.t.Fatal(err)
	}
	s.stopGuard = sync.OnceValue(s.guard.Stop)
	s.t.Cleanup(func() { _ = s.stopGuard() })
	if err := s.guard.Register(s.t.Context(), s.AdminConfig); err != nil {
		s.t.Fatal(err)
	}
}

// put stores a map as EKS would, or takes it away where data is nil.
func (s *site) put(data map[string]string) {
	s.t.Helper()
	maps := s.eks.CoreV1().ConfigMaps("kube-system")
	if err := maps.Delete(s.t.Context(), "aws-auth", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		s.t.Fatal(err)
	}
	if data == nil {
		return
	}
	if _, err := maps.Create(s.t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: data}, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// version is that of the stored map, "" for none.
func (s *site) version() string {
	s.t.Helper()
	c, err := s.client.CoreV1().ConfigMaps("kube-system").Get(s.t.Context(), "aws-auth", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return ""
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return c.ResourceVersion
}

// expect holds what the check says, line by line, and that it stores nothing. The API server takes a moment to notice
// a change of the guard, so it is asked again for a while.
func (s *site) expect(config *rest.Config, good bool, lines ...string) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		before := s.version()
		problem := try(s.t.Context(), config, good, lines)
		if after := s.version(); after != before {
			s.t.Fatalf("the check stored something: version %q, was %q", after, before)
		}
		if problem == "" {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal(problem)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func try(ctx context.Context, config *rest.Config, good bool, lines []string) string {
	var out bytes.Buffer
	err := selfcheck.Run(ctx, config, &out)
	if good && err != nil || !good && !errors.Is(err, selfcheck.ErrNotGuarded) {
		return fmt.Sprintf("the check ends with %v:\n%s", err, out.String())
	}
	said := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(said) != len(lines) {
		return fmt.Sprintf("%d lines instead of %d:\n%s", len(said), len(lines), out.String())
	}
	for i, want := range lines {
		if !strings.HasPrefix(said[i], want[:4]) || !strings.Contains(said[i], strings.TrimSpace(want[4:])) {
			return fmt.Sprintf("line %d is\n%s\nnot\n%s", i+1, said[i], want)
		}
	}
	return ""
}

const (
	repaired = "ok    a role ARN with a path is repaired (mutate.aws-auth-guard.dev)"
	refused  = "ok    the ARN of a session is refused (validate.aws-auth-guard.dev)"
	kept     = "ok    deleting aws-auth is refused (validate.aws-auth-guard.dev)"
)

func TestWithTheGuard(t *testing.T) {
	s := newSite(t)
	s.startGuard()
	for name, c := range map[string]struct {
		data map[string]string
		want []string
	}{
		"a map":                {map[string]string{"mapRoles": nodes}, []string{repaired, refused, kept}},
		"no map":               {nil, []string{"note  there is no kube-system/aws-auth", repaired, refused}},
		"JSON of another part": {map[string]string{"mapRoles": masked}, []string{repaired, refused, kept}},
		"a broken map":         {map[string]string{"mapRoles": broken}, []string{repaired, refused, "note  deleting aws-auth is let through: nobody is mapped in it"}},
		"an empty map":         {map[string]string{}, []string{repaired, refused, "note  deleting aws-auth is let through: nobody is mapped in it"}},
		"users alone":          {map[string]string{"mapUsers": "- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n"}, []string{repaired, refused, kept}},
	} {
		t.Run(name, func(t *testing.T) {
			s.put(c.data)
			s.expect(s.AdminConfig, true, c.want...)
		})
	}
	s.put(map[string]string{"mapRoles": nodes})
	t.Run("an exempt writer", func(t *testing.T) {
		config, _, err := s.Impersonate(rest.ImpersonationConfig{UserName: "eks:addon-manager", Groups: []string{"system:masters"}})
		if err != nil {
			t.Fatal(err)
		}
		s.expect(config, true, "note  a role ARN with a path is only warned about: not refused because the writer is exempt", "note  the ARN of a session is only warned about", "note  deleting aws-auth is only warned about")
	})
	t.Run("somebody who may not delete", func(t *testing.T) {
		s.expect(s.editor(), true, repaired, refused, "note  deleting aws-auth was not tried: ")
	})
	t.Run("the profile strict", func(t *testing.T) {
		s.policy("profile: strict\nrules: {arn-account: {action: deny, accounts: [\"999999999999\"]}}\n")
		s.expect(s.AdminConfig, true, repaired+"; the policy refuses the tried entry for something else", refused, kept)
	})
	t.Run("the profile audit", func(t *testing.T) {
		s.policy("profile: audit\n")
		s.expect(s.AdminConfig, true, "note  a role ARN with a path is only warned about: mapRoles[1]", "note  the ARN of a session is only warned about: mapRoles[1]", "note  deleting aws-auth is only warned about")
	})
	t.Run("a guard that is not there", func(t *testing.T) {
		if err := s.stopGuard(); err != nil {
			t.Fatal(err)
		}
		s.expect(s.AdminConfig, false, "FAIL  can't be judged: the API server can't reach the guard, so edits are refused",
			"FAIL  can't be judged: the API server can't reach the guard", "FAIL  deleting aws-auth could not be tried")
	})
}

func (s *site) policy(text string) {
	s.t.Helper()
	if err := s.guard.SetPolicy("apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\n" + text); err != nil {
		s.t.Fatal(err)
	}
}

// editor is somebody with the permissions of the chart's test: read and write, but not delete.
func (s *site) editor() *rest.Config {
	s.t.Helper()
	config, _, err := s.User("tester")
	if err != nil {
		s.t.Fatal(err)
	}
	meta := metav1.ObjectMeta{Name: "tester", Namespace: "kube-system"}
	_, roleErr := s.client.RbacV1().Roles("kube-system").Create(s.t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
		{Verbs: []string{"get", "update"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"aws-auth"}},
	}}, metav1.CreateOptions{})
	_, bindingErr := s.client.RbacV1().RoleBindings("kube-system").Create(s.t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "tester"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "tester"}},
	}, metav1.CreateOptions{})
	if err := errors.Join(roleErr, bindingErr); err != nil {
		s.t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		_, err := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("kube-system").Get(s.t.Context(), "aws-auth", metav1.GetOptions{})
		if err == nil {
			return config
		}
		if time.Now().After(deadline) {
			s.t.Fatal(err)
		}
	}
}

func TestWithPartsOfTheGuard(t *testing.T) {
	s := newSite(t)
	s.startGuard()
	s.put(map[string]string{"mapRoles": nodes})
	hooks := s.client.AdmissionregistrationV1()
	mutating, err := hooks.MutatingWebhookConfigurations().Get(t.Context(), "aws-auth-guard", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := hooks.MutatingWebhookConfigurations().Delete(t.Context(), "aws-auth-guard", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Run("the validating webhook alone", func(t *testing.T) {
		s.expect(s.AdminConfig, false, "FAIL  a role ARN with a path is refused, not repaired: mutate.aws-auth-guard.dev is not asked", refused, kept)
	})
	if err := hooks.ValidatingWebhookConfigurations().Delete(t.Context(), "aws-auth-guard", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Run("nothing", func(t *testing.T) {
		s.expect(s.AdminConfig, false, "FAIL  a role ARN with a path is stored as it is: mutate.aws-auth-guard.dev is not asked",
			"FAIL  the ARN of a session is stored: validate.aws-auth-guard.dev is not asked", "FAIL  deleting aws-auth is let through: neither")
	})
	mutating.ResourceVersion, mutating.UID = "", ""
	if _, err := hooks.MutatingWebhookConfigurations().Create(t.Context(), mutating, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Run("the mutating webhook alone", func(t *testing.T) {
		s.expect(s.AdminConfig, false, repaired, "FAIL  the ARN of a session is stored", "FAIL  deleting aws-auth is let through")
	})
	specs, err := companion.Specs()
	if err != nil {
		t.Fatal(err)
	}
	if err := companion.Install(t.Context(), s.client, specs); err != nil {
		t.Fatal(err)
	}
	t.Run("the mutating webhook and the companion policy", func(t *testing.T) {
		s.expect(s.AdminConfig, false, repaired, "FAIL  the ARN of a session is stored", "ok    deleting aws-auth is refused (the companion policy)")
	})
}
