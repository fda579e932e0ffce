package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/assets"
	"github.com/aws-auth-guard/aws-auth-guard/test/companion"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// lab is a control plane on which all variants are in place at once. Each has a user of its own, and by the condition of
// its registration the API server asks it about that user's edits alone: so all of them edit one and the same map, taking
// turns edit by edit, and differ in nothing but who is asked.
type lab struct {
	plane    *controlplane.ControlPlane
	admin    kubernetes.Interface
	programs *programs
	variants []*variant
	stops    []func()
	// logs are the files that the programs of others write to.
	logs []string
}

// programs are what is started.
type programs struct {
	webhook, noop string
	rivals        assets.Rivals
}

// variant is one way to guard aws-auth.
type variant struct {
	name, user string
	// install puts it in place. Refusing says whether it refuses a map that the authenticator can't read.
	install  func(ctx context.Context, l *lab, v *variant) error
	refusing bool
	// hooks are the names of the webhooks that must have been asked about every edit.
	hooks []string

	client kubernetes.Interface
	// pid is its process, 0 where it has none of its own.
	pid int
	// absent says why it is not there; nil where it is.
	absent error
	times  map[int]*times
}

// absentFrom adds an empty row to a table where the variant is not there, with the reason, and reports whether it did.
func (v *variant) absentFrom(t *figures.Table) bool {
	if v.absent != nil {
		row := make([]any, len(t.Header))
		for i := range row {
			row[i] = ""
		}
		row[0] = v.name
		t.Add(row...)
		t.Note += fmt.Sprintf(" %s could not be measured: %v.", v.name, v.absent)
	}
	return v.absent != nil
}

// times are what the edits of a variant took on maps of one size.
type times struct {
	alone []time.Duration
	// done are the edits in the time spent when many were made at once.
	done  int
	spent time.Duration
}

// variants in the order of the table. The first is the one without a webhook.
func variants() []*variant {
	return []*variant{
		{name: rowNothing, user: "bench-nothing", install: func(context.Context, *lab, *variant) error { return nil }},
		{name: rowNoop, user: "bench-noop", install: installNoop, hooks: []string{"noop.bench.test"}},
		{name: rowNoopBoth, user: "bench-noop-both", install: installNoop, hooks: []string{"mutate-noop.bench.test", "validate-noop.bench.test"}},
		{name: rowValidate, user: "bench-validate", install: installGuard, refusing: true, hooks: []string{"validate.bench.test"}},
		{name: rowBoth, user: "bench-both", install: installGuard, refusing: true, hooks: []string{"mutate-both.bench.test", "validate-both.bench.test"}},
		{name: rowPolicy, user: "bench-policy", install: installPolicy},
		{name: rowGatekeeper, user: "bench-gatekeeper", install: installGatekeeper, refusing: true, hooks: []string{"gatekeeper.bench.test"}},
		{name: rowKyverno, user: "bench-kyverno", install: installKyverno, refusing: true, hooks: []string{"validate.kyverno.svc-fail-finegrained-aws-auth"}},
	}
}

// newLab starts the control plane and puts the variants in place. One that can't be is left out of what is measured.
func newLab(ctx context.Context, p *programs, progress io.Writer) (*lab, error) {
	plane, err := controlplane.Start(ctx, controlplane.Options{Progress: progress})
	if err != nil {
		return nil, err
	}
	l := &lab{plane: plane, programs: p, variants: variants()}
	if l.admin, err = kubernetes.NewForConfig(plane.AdminConfig); err != nil {
		return l, err
	}
	_, err = l.admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "teams"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: "developers"}, {Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: "viewers"}},
	}, metav1.CreateOptions{})
	if err != nil {
		return l, err
	}
	_, err = l.admin.CoreV1().ConfigMaps(awsauth.Namespace).Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: awsauth.Name}, Data: map[string]string{"mapRoles": mapOf(10, 0)},
	}, metav1.CreateOptions{})
	if err != nil {
		return l, err
	}
	for _, v := range l.variants {
		if err := l.put(ctx, v); err != nil {
			if v.name != rowGatekeeper && v.name != rowKyverno {
				return l, fmt.Errorf("%s: %w", v.name, err)
			}
			v.absent = err
			fmt.Fprintf(progress, "%s can't be measured: %v\nthe end of its log:\n%s\n", v.name, err, l.lastLines())
		}
	}
	return l, nil
}

func (l *lab) put(ctx context.Context, v *variant) error {
	config, _, err := l.plane.Impersonate(rest.ImpersonationConfig{
		UserName: v.user, Groups: []string{"system:masters"}, Extra: map[string][]string{"arn": {"arn:aws:sts::111122223333:assumed-role/admin/session"}},
	})
	if err != nil {
		return err
	}
	config.WarningHandler = rest.NoWarnings{}
	if v.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	v.times = map[int]*times{}
	if err := v.install(ctx, l, v); err != nil {
		return err
	}
	return l.awaitRefusal(ctx, v)
}

// installLimit bounds the wait for a variant to be asked.
const installLimit = 90 * time.Second

// awaitRefusal waits until a variant that judges maps refuses one that can't be read, which shows that it is asked.
func (l *lab) awaitRefusal(ctx context.Context, v *variant) error {
	if !v.refusing {
		return nil
	}
	for end := time.Now().Add(installLimit); ; time.Sleep(100 * time.Millisecond) {
		err := v.edit(ctx, "- rolearn: [\n", true)
		if err != nil && strings.Contains(err.Error(), "denied the request") {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("it does not refuse a map that can't be read (last answer: %w)", errors.Join(err, ctx.Err()))
		}
	}
}

func (l *lab) close() {
	for _, stop := range slices.Backward(l.stops) {
		stop()
	}
	_ = l.plane.Stop()
}

// folder makes a folder that goes with the control plane.
func (l *lab) folder(name string) (string, error) {
	dir := filepath.Join(l.plane.Directory, name)
	return dir, os.MkdirAll(dir, 0o700)
}

// startGuard starts the guard, or the webhook that does nothing.
func (l *lab) startGuard(ctx context.Context, name, program string) (*guard.Guard, error) {
	dir, err := l.folder(name)
	if err != nil {
		return nil, err
	}
	g, err := guard.Start(ctx, guard.Options{Program: program, Directory: dir, Arguments: []string{"--kubeconfig", l.plane.AdminKubeconfig}})
	if err != nil {
		return nil, err
	}
	l.stops = append(l.stops, func() { _ = g.Stop() })
	return g, nil
}

func installNoop(ctx context.Context, l *lab, v *variant) error {
	return l.installWebhooks(ctx, v, l.programs.noop, "/validate")
}

func installGuard(ctx context.Context, l *lab, v *variant) error {
	return l.installWebhooks(ctx, v, l.programs.webhook, "/mutate")
}

// installWebhooks starts a program and registers it as the last hook, which validates, and as the one before that, if there
// is one: that mutates, at the path given.
func (l *lab) installWebhooks(ctx context.Context, v *variant, program, mutate string) error {
	g, err := l.startGuard(ctx, v.user, program)
	if err != nil {
		return err
	}
	v.pid = g.PID()
	last := len(v.hooks) - 1
	if last > 0 {
		if err := v.registration(v.hooks[0], g.Client(mutate)).Mutating(ctx, l.admin); err != nil {
			return err
		}
	}
	return v.registration(v.hooks[last], g.Client("/validate")).Validating(ctx, l.admin)
}

// registration lets the API server ask a webhook about the edits of the variant's user alone.
func (v *variant) registration(hook string, client admissionregistrationv1.WebhookClientConfig) *guard.Registration {
	return &guard.Registration{
		Object: strings.TrimSuffix(hook, ".bench.test"), Name: hook, Client: client, Conditions: []admissionregistrationv1.MatchCondition{v.only()},
		Failure: admissionregistrationv1.Fail, Timeout: 10,
	}
}

// only selects the edits of the variant's user.
func (v *variant) only() admissionregistrationv1.MatchCondition {
	return admissionregistrationv1.MatchCondition{Name: "user", Expression: fmt.Sprintf("request.userInfo.username == '%s'", v.user)}
}

func installPolicy(ctx context.Context, _ *lab, v *variant) error {
	specs, err := companion.Specs()
	if err != nil {
		return err
	}
	specs.AddConditions(v.only())
	return companion.Install(ctx, v.client, specs)
}
