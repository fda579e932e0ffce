package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
	"github.com/aws-auth-guard/aws-auth-guard/test/slowproxy"
)

const (
	// drain is how long a replica serves on after SIGTERM. Readiness is noticed within readinessPeriod.
	drain = 3 * time.Second
	// patience bounds waits for something that does happen.
	patience = time.Minute
	// strict is the policy. Its copies differ in a comment, so that each is a change.
	strict = "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\nprofile: strict\n# copy %d\n"
	// wrong is a policy that can't be used.
	wrong = "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\nprofile: strikt\n# copy %d\n"
)

// site is a control plane with two replicas of the guard behind one address.
type site struct {
	plane    *controlplane.ControlPlane
	admin    kubernetes.Interface
	proxy    *slowproxy.Proxy
	balancer *balancer
	program  string
	// kubeconfig leads the replicas to the API server, through the proxy.
	kubeconfig string
	authority  *guard.Authority
	replicas   []*replica
	started    int
	policies   int
	log        *lockedLog
}

// replica is one webhook process.
type replica struct {
	*guard.Guard
	backend *backend
	kill    context.CancelFunc
}

// newSite starts everything and makes the map. Without a guard the API server asks nobody.
func newSite(ctx context.Context, program string, guarded bool, progress io.Writer) (*site, error) {
	s := &site{program: program, log: &lockedLog{}}
	var err error
	s.plane, err = controlplane.Start(ctx, controlplane.Options{Progress: progress, APIServerFlags: map[string]string{
		// Watches are answered by etcd itself, which still knows the versions of before a restart; and it keeps all of them.
		"watch-cache-sizes": "configmaps#0", "etcd-compaction-interval": "0",
	}})
	if err != nil {
		return nil, err
	}
	if s.admin, err = kubernetes.NewForConfig(s.plane.AdminConfig); err != nil {
		return s, err
	}
	if s.proxy, err = slowproxy.Start(s.plane.AdminConfig); err != nil {
		return s, err
	}
	if s.kubeconfig, err = s.plane.WriteKubeconfig(s.proxy.Config()); err != nil {
		return s, err
	}
	if s.balancer, err = newBalancer(); err != nil {
		return s, err
	}
	if s.authority, err = guard.NewAuthority(); err != nil {
		return s, err
	}
	if err := s.bindTeams(ctx); err != nil {
		return s, err
	}
	return s, s.install(ctx, guarded)
}

// install starts the replicas, has the API server ask them, makes the map and makes the policy strict.
func (s *site) install(ctx context.Context, guarded bool) error {
	for range 2 {
		r, err := s.start(ctx, "")
		if err != nil {
			return err
		}
		s.replicas = append(s.replicas, r)
	}
	if guarded {
		if err := (&guard.Guard{URL: s.balancer.url, Authority: s.authority}).Register(ctx, s.plane.AdminConfig); err != nil {
			return err
		}
	}
	_, err := s.admin.CoreV1().ConfigMaps(namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: base()}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return s.setPolicy(ctx, s.policy())
}

// bindTeams gives every group of the test a binding, without which the policy strict refuses it.
func (s *site) bindTeams(ctx context.Context) error {
	for i := range teams {
		team := fmt.Sprintf("team-%d", i)
		_, err := s.admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: team},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: team}},
		}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
	}
	return nil
}

// policy is another copy of the strict one.
func (s *site) policy() string { s.policies++; return fmt.Sprintf(strict, s.policies) }

// start starts a replica and waits until the Service leads to it.
func (s *site) start(ctx context.Context, policy string) (*replica, error) {
	s.started++
	dir := filepath.Join(s.plane.Directory, fmt.Sprintf("replica-%d", s.started))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	running, kill := context.WithCancel(ctx)
	g, err := guard.Start(running, guard.Options{
		Program: s.program, Directory: dir, Policy: policy, Authority: s.authority, Log: s.log,
		Arguments: []string{"--kubeconfig", s.kubeconfig, "--drain", drain.String()},
	})
	if err != nil {
		kill()
		return nil, err
	}
	r := &replica{Guard: g, kill: kill}
	r.backend = s.balancer.add(strings.TrimPrefix(g.URL, "https://"), g.HealthURL)
	return r, s.await(ctx, "a replica is ready", func() bool { return s.balancer.serves(r.backend) })
}

func (s *site) await(ctx context.Context, what string, ok func() bool) error {
	for end := time.Now().Add(patience); !ok(); pause(ctx, 20*time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited in vain: %s\n%s", what, s.log.tail())
		}
	}
	return nil
}

// setPolicy gives all replicas a policy and waits until it is in force.
func (s *site) setPolicy(ctx context.Context, text string) error {
	for _, r := range s.replicas {
		before := metric(r, "awsauth_policy_generation")
		if err := r.SetPolicy(text); err != nil {
			return err
		}
		if err := s.await(ctx, "a policy is in force", func() bool { return metric(r, "awsauth_policy_generation") > before }); err != nil {
			return err
		}
	}
	return nil
}

// metric is the value of a metric without labels, or -1.
func metric(r *replica, name string) float64 {
	response, err := http.Get(r.MetricsURL + "/metrics")
	if err != nil {
		return -1
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(text)) {
		var value float64
		if _, err := fmt.Sscanf(line, name+" %g\n", &value); err == nil {
			return value
		}
	}
	return -1
}

// close ends everything.
func (s *site) close() error {
	var problems []error
	for _, r := range s.replicas {
		r.kill()
		_ = r.Stop() // It was killed.
	}
	if s.balancer != nil {
		s.balancer.close()
	}
	if s.proxy != nil {
		problems = append(problems, s.proxy.Stop())
	}
	return errors.Join(append(problems, s.plane.Stop())...)
}

// lockedLog keeps the end of what the replicas log.
type lockedLog struct {
	mu   sync.Mutex
	text []byte
}

const keptLog = 64 << 10

func (l *lockedLog) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, text...)
	if len(l.text) > 2*keptLog {
		l.text = append([]byte(nil), l.text[len(l.text)-keptLog:]...)
	}
	return len(text), nil
}

// tail is the end of the log without the decisions.
func (l *lockedLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for line := range bytes.Lines(l.text) {
		if !bytes.Contains(line, []byte(`"msg":"decision"`)) {
			b.Write(line)
		}
	}
	return b.String()
}
