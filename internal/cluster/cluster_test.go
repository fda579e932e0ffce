package cluster

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/nodeclass"
	"github.com/aws-auth-guard/aws-auth-guard/test/slowproxy"
)

const nodesRole = "arn:aws:iam::111122223333:role/Nodes"

// TestCluster asks a real API server, with real RBAC, through a proxy that can be slow.
func TestCluster(t *testing.T) {
	ctx := t.Context()
	plane, err := controlplane.Start(ctx, controlplane.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	admin := kubernetes.NewForConfigOrDie(plane.AdminConfig)
	populate(ctx, t, plane, admin)

	all := validate.Questions{Nodes: true, Bindings: true, Grants: []validate.Grant{{Kind: validate.GrantGroup, Name: "devs"}, {Kind: validate.GrantGroup, Name: "system:masters"}, {Kind: validate.GrantUser, Name: "bob"}}}
	jane := authenticationv1.UserInfo{Username: "jane", Groups: []string{"leads"}, Extra: map[string]authenticationv1.ExtraValue{"arn": {"x"}}}

	await.Success(t, "the authorizer to see the bindings", func() error {
		if !New(admin, Options{Deadline: time.Minute}).Ask(ctx, all, jane).MayImpersonate[all.Grants[0]] {
			return errors.New("the authorizer has not seen the binding of the group leads")
		}
		return nil
	})

	t.Run("answers", func(t *testing.T) {
		facts := New(admin, Options{Deadline: time.Minute}).Ask(ctx, all, jane)
		if facts.Unavailable != (validate.Unavailable{}) {
			t.Fatalf("unavailable: %+v", facts.Unavailable)
		}
		if facts.Nodes.Total != 3 || facts.Nodes.Ready != 2 || facts.Nodes.More {
			t.Errorf("nodes %+v, want 3, 2 of them Ready", facts.Nodes)
		}
		if got := facts.Nodes.ByRole[strings.ToLower(nodesRole)]; len(got) != 1 || got[0] != "ip-1" {
			t.Errorf("nodes by role %v", facts.Nodes.ByRole)
		}
		if facts.Bindings.Groups["devs"] != "RoleBinding default/devs" || facts.Bindings.Users["Alice"] != "ClusterRoleBinding alice" || facts.Bindings.Groups["ghosts"] != "" {
			t.Errorf("bindings: devs %q, Alice %q", facts.Bindings.Groups["devs"], facts.Bindings.Users["Alice"])
		}
		want := map[validate.Grant]bool{all.Grants[0]: true, all.Grants[1]: false, all.Grants[2]: false}
		for grant, may := range want {
			if got, known := facts.MayImpersonate[grant]; !known || got != may {
				t.Errorf("%v: may impersonate %v (known %v), want %v", grant, got, known, may)
			}
		}
	})

	t.Run("asks nothing without a question", func(t *testing.T) {
		proxy, client := throughProxy(t, plane.AdminConfig)
		New(client, Options{}).Ask(ctx, validate.Questions{}, jane)
		if n := proxy.Requests.Load(); n != 0 {
			t.Errorf("%d requests", n)
		}
	})

	t.Run("keeps answers", func(t *testing.T) {
		proxy, client := throughProxy(t, plane.AdminConfig)
		c := New(client, Options{Deadline: time.Minute, Keep: time.Hour})
		c.Ask(ctx, all, jane)
		n := proxy.Requests.Load()
		c.Ask(ctx, all, jane)
		if again := proxy.Requests.Load(); again != n {
			t.Errorf("%d requests for the first edit, %d more for the second", n, again-n)
		}
		for name, user := range map[string]authenticationv1.UserInfo{
			"another user":    {Username: "other"},
			"another UID":     {Username: "jane", Groups: jane.Groups, Extra: jane.Extra, UID: "2"},
			"without extras":  {Username: "jane", Groups: jane.Groups},
			"another group":   {Username: "jane", Groups: []string{"leads", "more"}, Extra: jane.Extra},
			"no groups":       {Username: "jane", Extra: jane.Extra},
			"groups in other": {Username: "jane", Groups: []string{"leads\x00more"}, Extra: jane.Extra},
		} {
			n := proxy.Requests.Load()
			c.Ask(ctx, validate.Questions{Grants: all.Grants[:1]}, user)
			if again := proxy.Requests.Load(); again != n+2 {
				t.Errorf("%s: %d questions, want 2; is it told jane's answer?", name, again-n)
			}
		}
	})

	t.Run("whoever may act as everybody is asked no more", func(t *testing.T) {
		proxy, client := throughProxy(t, plane.AdminConfig)
		facts := New(client, Options{Deadline: time.Minute}).Ask(ctx, validate.Questions{Grants: grants("admins", 100)}, authenticationv1.UserInfo{Username: "root", Groups: []string{"admins"}})
		if n := proxy.Requests.Load(); n != 2 || facts.Unavailable.Grants != "" || !facts.MayImpersonate[validate.Grant{Kind: validate.GrantUser}] || !facts.MayImpersonate[validate.Grant{Kind: validate.GrantGroup}] {
			t.Errorf("%d questions, facts %+v", n, facts)
		}
	})

	t.Run("one edit asks a bounded number of questions", func(t *testing.T) {
		proxy, client := throughProxy(t, plane.AdminConfig)
		facts := New(client, Options{Deadline: time.Minute}).Ask(ctx, validate.Questions{Grants: grants("a", 100)}, jane)
		if n := proxy.Requests.Load(); n != 2+16 || facts.Unavailable.Grants != "" || len(facts.MayImpersonate) != 2+16 {
			t.Errorf("%d questions, facts %+v", n, facts)
		}
	})

	// The API server answers nothing that the flooder asks, and everything else.
	t.Run("one user's flood of questions blinds no other, and hides no nodes", func(t *testing.T) {
		held := hold("flooder")
		config := rest.CopyConfig(plane.AdminConfig)
		config.QPS = -1
		config.Wrap(held.wrap)
		c := New(kubernetes.NewForConfigOrDie(Binary(config)), Options{Deadline: time.Minute})
		var flood sync.WaitGroup
		for i := range 60 {
			flood.Go(func() {
				c.Ask(ctx, validate.Questions{Nodes: true, Grants: grants(fmt.Sprintf("f%d-", i), 20)}, authenticationv1.UserInfo{Username: "flooder", UID: "1"})
				c.Ask(ctx, validate.Questions{Nodes: true, Grants: grants(fmt.Sprintf("f%d-", i), 20)}, authenticationv1.UserInfo{Username: "flooder", UID: "1"})
			})
		}
		await.Success(t, "the flood", func() error {
			if n := held.count.Load(); n < 2 {
				return fmt.Errorf("%d questions of the flooder are under way", n)
			}
			return nil
		})
		if facts := c.Ask(ctx, all, jane); facts.Unavailable != (validate.Unavailable{}) || facts.Nodes == nil || facts.Bindings == nil || len(facts.MayImpersonate) != 5 {
			t.Errorf("another user's facts %+v", facts)
		}
		if facts := c.Ask(ctx, validate.Questions{Nodes: true, Bindings: true}, authenticationv1.UserInfo{Username: "flooder", UID: "1"}); facts.Unavailable != (validate.Unavailable{}) || facts.Nodes == nil {
			t.Errorf("the flooder hides the nodes: %+v", facts)
		}
		if n := held.count.Load(); n > userTurns {
			t.Errorf("%d questions of one user are under way", n)
		}
		close(held.release)
		flood.Wait()
	})

	t.Run("slow certificate requests hide no nodes", func(t *testing.T) {
		held := hold("/certificatesigningrequests")
		config := rest.CopyConfig(plane.AdminConfig)
		config.Wrap(held.wrap)
		c := New(kubernetes.NewForConfigOrDie(config), Options{})
		c.Ask(ctx, validate.Questions{Nodes: true}, jane)
		await.Success(t, "the nodes", func() error {
			if facts := c.Ask(ctx, validate.Questions{Nodes: true}, jane); facts.Nodes == nil || facts.Nodes.Total != 3 || len(facts.Nodes.ByRole) != 0 {
				return fmt.Errorf("%+v", facts)
			}
			return nil
		})
		close(held.release)
	})

	t.Run("a slow API server", func(t *testing.T) {
		proxy, client := throughProxy(t, plane.AdminConfig)
		proxy.Delay(5 * time.Second)
		facts := New(client, Options{Deadline: 50 * time.Millisecond}).Ask(ctx, all, jane)
		const want = "the API server did not answer in time"
		if facts.Unavailable != (validate.Unavailable{Nodes: want, Classes: want, Bindings: want, Grants: want}) || facts.Nodes != nil || len(facts.MayImpersonate) != 0 {
			t.Errorf("facts %+v", facts)
		}
	})

	t.Run("a late answer serves the next edit", func(t *testing.T) {
		proxy, client := throughProxy(t, plane.AdminConfig)
		proxy.Delay(200 * time.Millisecond)
		c := New(client, Options{Deadline: 10 * time.Millisecond, Keep: time.Hour})
		deadline := time.Now().Add(30 * time.Second)
		for facts := (validate.Facts{}); facts.Nodes == nil || facts.Classes == nil; facts = c.Ask(ctx, validate.Questions{Nodes: true}, jane) {
			if time.Now().After(deadline) {
				t.Fatal("the answer never came")
			}
		}
		if n := proxy.Requests.Load(); n != 4 {
			t.Errorf("%d requests for one question about nodes, want 4 (nodes, certificate requests, two kinds of node class)", n)
		}
	})

	t.Run("the bindings of before serve for a while", func(t *testing.T) {
		proxy, client := throughProxy(t, plane.AdminConfig)
		now := time.Now()
		clock := func() time.Time { return now }
		c := New(client, Options{Deadline: 30 * time.Second, Spare: time.Hour, Now: clock})
		first := c.Ask(ctx, all, jane)
		if first.Unavailable != (validate.Unavailable{}) {
			t.Fatalf("unavailable: %+v", first.Unavailable)
		}
		c.deadline = 50 * time.Millisecond
		const late, refused = "the API server did not answer in time", "the API server could not be asked"
		check := func(want string) {
			t.Helper()
			now = now.Add(DefaultKeep)
			facts := c.Ask(ctx, all, jane)
			if facts.Bindings == nil || facts.Bindings.Groups["devs"] != first.Bindings.Groups["devs"] {
				t.Errorf("bindings %+v", facts.Bindings)
			}
			if facts.Unavailable != (validate.Unavailable{Nodes: want, Classes: want, Grants: want}) || facts.Nodes != nil || len(facts.MayImpersonate) != 0 {
				t.Errorf("what decides about access is not asked again: %+v", facts)
			}
		}
		proxy.Delay(time.Second)
		check(late)
		proxy.Delay(0)
		proxy.Refuse(true)
		c.deadline = 30 * time.Second
		c.Ask(ctx, all, jane) // waits for what was under way
		check(refused)
		proxy.Refuse(false)

		c.Ask(ctx, all, jane)
		now = now.Add(DefaultKeep + time.Hour)
		proxy.Refuse(true)
		if facts := c.Ask(ctx, all, jane); facts.Bindings != nil || facts.Unavailable.Bindings != refused {
			t.Errorf("bindings that are too old serve: %+v", facts)
		}
		proxy.Refuse(false)
	})

	t.Run("a refusing API server", func(t *testing.T) {
		proxy, client := throughProxy(t, plane.AdminConfig)
		proxy.Refuse(true)
		facts := New(client, Options{Deadline: time.Minute}).Ask(ctx, all, jane)
		const want = "the API server could not be asked"
		if facts.Unavailable != (validate.Unavailable{Nodes: want, Classes: want, Bindings: want, Grants: want}) {
			t.Errorf("unavailable: %+v", facts.Unavailable)
		}
		proxy.Refuse(false)
	})

	t.Run("node classes", func(t *testing.T) {
		nobody, _, err := plane.User("nobody")
		if err != nil {
			t.Fatal(err)
		}
		ask := func(config *rest.Config) validate.Facts {
			return New(kubernetes.NewForConfigOrDie(config), Options{Deadline: time.Minute}).Ask(ctx, validate.Questions{Nodes: true}, jane)
		}
		for name, config := range map[string]*rest.Config{"an administrator": plane.AdminConfig, "one without permissions": nobody} {
			if facts := ask(config); facts.Classes == nil || len(facts.Classes) != 0 || facts.Unavailable.Classes != "" {
				t.Errorf("of a cluster without their kinds %s sees %+v", name, facts)
			}
		}
		classes := nodeclass.Install(t, plane.AdminConfig, "../..")
		classes.Create(t, validate.EC2NodeClass, "default", "Nodes")
		classes.Create(t, validate.EC2NodeClass, "old", "")
		classes.Create(t, validate.AutoNodeClass, "default", "AutoNodes")
		want := validate.NodeClasses{{Kind: validate.EC2NodeClass, Name: "default", Role: "Nodes"}, {Kind: validate.EC2NodeClass, Name: "old"}, {Kind: validate.AutoNodeClass, Name: "default", Role: "AutoNodes"}}
		if facts := ask(Binary(plane.AdminConfig)); !slices.Equal(facts.Classes, want) || facts.Unavailable != (validate.Unavailable{}) {
			t.Errorf("facts %+v", facts)
		}
		if facts := ask(nobody); facts.Classes != nil || facts.Unavailable.Classes != "the guard lacks the permission to ask" {
			t.Errorf("without permissions: %+v", facts)
		}
	})

	t.Run("no permissions", func(t *testing.T) {
		config, _, err := plane.User("nobody")
		if err != nil {
			t.Fatal(err)
		}
		nobody := New(kubernetes.NewForConfigOrDie(config), Options{Deadline: time.Minute})
		facts := nobody.Ask(ctx, all, jane)
		const want = "the guard lacks the permission to ask"
		if facts.Unavailable != (validate.Unavailable{Nodes: want, Bindings: want, Grants: want}) {
			t.Errorf("unavailable: %+v", facts.Unavailable)
		}
		if missing, err := nobody.Missing(ctx, nil); err != nil || len(missing) != len(Rights()) {
			t.Errorf("missing %v, %v", missing, err)
		}
		off := map[string]bool{"node-access-lost": true, "group-unbound": true, "username-uppercase": true, "writer-scope": true}
		if missing, err := nobody.Missing(ctx, off); err != nil || fmt.Sprint(missing) != "[create subjectaccessreviews.authorization.k8s.io]" {
			t.Errorf("with rules off: missing %v, %v", missing, err)
		}
		if missing, err := New(admin, Options{}).Missing(ctx, nil); err != nil || len(missing) != 0 {
			t.Errorf("of an administrator: missing %v, %v", missing, err)
		}
	})
}

// grants are so many users and groups.
func grants(name string, n int) (list []validate.Grant) {
	for i := range n {
		list = append(list, validate.Grant{Kind: validate.GrantUser, Name: fmt.Sprint(name, i)}, validate.Grant{Kind: validate.GrantGroup, Name: fmt.Sprint(name, i)})
	}
	return list
}

// held keeps the requests back whose path or body has a text, until they are released.
type held struct {
	text    string
	count   atomic.Int64
	release chan struct{}
}

func hold(text string) *held { return &held{text: text, release: make(chan struct{})} }

func (h *held) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		body := ""
		if r.Body != nil {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			body, r.Body = string(text), io.NopCloser(bytes.NewReader(text))
		}
		if strings.Contains(r.URL.Path+body, h.text) {
			h.count.Add(1)
			defer h.count.Add(-1)
			select {
			case <-h.release:
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
		return next.RoundTrip(r)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func throughProxy(t *testing.T, config *rest.Config) (*slowproxy.Proxy, kubernetes.Interface) {
	t.Helper()
	proxy, err := slowproxy.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Stop() })
	return proxy, kubernetes.NewForConfigOrDie(proxy.Config())
}

// populate makes three nodes, one of them not ready, a certificate request of the first, and bindings.
func populate(ctx context.Context, t *testing.T, plane *controlplane.ControlPlane, admin kubernetes.Interface) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, ready := range map[string]corev1.ConditionStatus{"ip-1": corev1.ConditionTrue, "ip-2": corev1.ConditionTrue, "ip-3": corev1.ConditionFalse} {
		node, err := admin.CoreV1().Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		must(err)
		node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}
		_, err = admin.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{})
		must(err)
	}
	// A kubelet asks for its serving certificate as the node that it is, with the ARN that the authenticator gave.
	kubelet, _, err := plane.Impersonate(rest.ImpersonationConfig{
		UserName: "system:node:ip-1", Groups: []string{"system:nodes", "system:authenticated"},
		Extra: map[string][]string{"canonicalArn": {nodesRole}},
	})
	must(err)
	_, err = admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "nodes"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:node"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "system:nodes"}},
	}, metav1.CreateOptions{})
	must(err)
	csr := &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: "csr-1"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			SignerName: certificatesv1.KubeletServingSignerName, Request: request(t, "system:node:ip-1"),
			Usages: []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageServerAuth},
		},
	}
	await.Success(t, "the authorizer to see the bindings", func() error {
		_, err := kubernetes.NewForConfigOrDie(kubelet).CertificatesV1().CertificateSigningRequests().Create(ctx, csr, metav1.CreateOptions{})
		return err
	})
	_, err = admin.RbacV1().RoleBindings("default").Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "devs"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "devs"}, {Kind: rbacv1.ServiceAccountKind, Name: "ghosts", Namespace: "default"}},
	}, metav1.CreateOptions{})
	must(err)
	_, err = admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "alice"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "Alice"}},
	}, metav1.CreateOptions{})
	must(err)
	_, err = admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "admins"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "admins"}},
	}, metav1.CreateOptions{})
	must(err)
	// Leads may give away the group devs.
	_, err = admin.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "leads"},
		Rules:      []rbacv1.PolicyRule{{Verbs: []string{"impersonate"}, APIGroups: []string{""}, Resources: []string{"groups"}, ResourceNames: []string{"devs"}}},
	}, metav1.CreateOptions{})
	must(err)
	_, err = admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "leads"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "leads"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "leads"}},
	}, metav1.CreateOptions{})
	must(err)
}

func request(t *testing.T, name string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name, Organization: []string{"system:nodes"}}, DNSNames: []string{"ip-1"}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}
