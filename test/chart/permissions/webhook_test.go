package permissions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admissionlog"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
	"github.com/aws-auth-guard/aws-auth-guard/test/nodeclass"
)

// writerName is who edits the map: nobody who may do everything.
const writerName = "jane"

// What the guard does with what its account may do.
const (
	countsNodes      = "node-access-lost"
	namesNodes       = "node-access-lost names the nodes"
	namesClasses     = "node-access-lost names the node classes"
	findsGroups      = "group-unbound"
	keepsUsernames   = "username-uppercase looks at the bindings"
	asksForWriter    = "privilege-escalation"
	tellsOverrides   = "Events of overrides"
	repeatsOverrides = "Events of overrides that repeat"
	notesAdmitted    = "the notes for the auditor"
)

// blindWebhook is what becomes blind without a permission.
func blindWebhook() map[string][]string {
	bindings := []string{findsGroups, keepsUsernames}
	return map[string][]string{
		"cluster list nodes":                           {countsNodes, namesNodes},
		"cluster list certificatesigningrequests":      {namesNodes},
		"cluster list ec2nodeclasses":                  {namesClasses},
		"cluster list nodeclasses":                     {namesClasses},
		"cluster list rolebindings":                    bindings,
		"cluster list clusterrolebindings":             bindings,
		"cluster create subjectaccessreviews":          {asksForWriter},
		"kube-system create events":                    {tellsOverrides, repeatsOverrides},
		"own get configmaps/aws-auth-guard-admitted":   {notesAdmitted},
		"own patch configmaps/aws-auth-guard-admitted": {notesAdmitted},
	}
}

func TestTheWebhookWithWhatTheChartGives(t *testing.T) {
	chart := renderChart(t, "certificates.mode=cert-manager") // What self-signed adds has a test of its own.
	table := blindWebhook()
	all := chart.permissions(t, webhookAccount)
	expectations(t, table, all)
	install(t, chart.kinds("ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap"))
	kubeconfig := signIn(t, webhookAccount)
	nodeclass.Install(t, shared.AdminConfig, root).Create(t, validate.EC2NodeClass, "gpu", "gpu")
	t.Run("all", func(t *testing.T) {
		for _, p := range all {
			awaitAllowed(t.Context(), t, webhookAccount, p, true)
		}
		tryWebhook(t, kubeconfig, nil)
	})
	for _, p := range all {
		t.Run("without "+p.String(), func(t *testing.T) {
			take(t, webhookAccount, p)
			tryWebhook(t, kubeconfig, table[p.String()])
		})
	}
}

// tryWebhook has the guard do all that it does, and wants it blind in some of that.
func tryWebhook(t *testing.T, kubeconfig string, blind []string) {
	t.Helper()
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	deleteMap(t)
	g, err := guard.Start(context.WithoutCancel(t.Context()), guard.Options{
		Program: shared.program, Directory: dir, Log: log,
		Arguments: []string{"--kubeconfig", kubeconfig, "--namespace", namespace, "--admitted", "aws-auth-guard-admitted"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		deleteRegistration(t)
		deleteMap(t)
		if err := g.Stop(); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the log:\n%s", text)
		}
	}()
	if err := g.Register(t.Context(), shared.AdminConfig); err != nil {
		t.Fatal(err)
	}
	w := newWriter(t)
	if _, _, err := w.write(t, nodes, nil); err != nil {
		t.Fatal(err)
	}
	w.said = func() string {
		text, err := os.ReadFile(log.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, f := range features() {
		if err := f.try(t, w, slices.Contains(blind, f.name)); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}

func deleteRegistration(t *testing.T) {
	t.Helper()
	ctx, api := context.WithoutCancel(t.Context()), shared.admin.AdmissionregistrationV1()
	for _, err := range []error{
		api.MutatingWebhookConfigurations().Delete(ctx, "aws-auth-guard", metav1.DeleteOptions{}),
		api.ValidatingWebhookConfigurations().Delete(ctx, "aws-auth-guard", metav1.DeleteOptions{}),
	} {
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	}
}

// writer edits the map as a person does.
type writer struct {
	client   kubernetes.Interface
	warnings *warnings
	// edits counts the edits that are to be reported as Events.
	edits int
	// said is the guard's log.
	said func() string
}

type warnings struct{ list []string }

func (w *warnings) HandleWarningHeader(_ int, _, text string) { w.list = append(w.list, text) }

func newWriter(t *testing.T) *writer {
	t.Helper()
	config, _, err := shared.User(writerName)
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{warnings: &warnings{}}
	config.WarningHandler = w.warnings
	w.client = kubernetes.NewForConfigOrDie(rest.CopyConfig(config))
	return w
}

// write makes text the map, or tries to (dry); what the API server warns of comes back.
func (w *writer) write(t *testing.T, text string, annotations map[string]string, dryRun ...string) (*corev1.ConfigMap, string, error) {
	t.Helper()
	w.warnings.list = nil
	api := w.client.CoreV1().ConfigMaps("kube-system")
	cm, err := api.Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		cm, err = api.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": text}}, metav1.CreateOptions{FieldManager: "kubectl-create", DryRun: dryRun})
		return cm, strings.Join(w.warnings.list, "\n"), err
	}
	if err != nil {
		t.Fatal(err)
	}
	cm.Data, cm.Annotations = map[string]string{"mapRoles": text}, annotations
	cm, err = api.Update(t.Context(), cm, metav1.UpdateOptions{FieldManager: "kubectl-edit", DryRun: dryRun})
	return cm, strings.Join(w.warnings.list, "\n"), err
}

// feature is something that the guard does. try holds that it does so, or that it is blind, says so, and refuses nothing for
// that.
type feature struct {
	name string
	try  func(t *testing.T, w *writer, blind bool) error
}

// lacks is how the guard says in a warning that it is blind.
const lacks = "(the guard lacks the permission to ask)"

func features() []feature {
	warned := func(name, text, works, blinded string) feature {
		return feature{name, func(t *testing.T, w *writer, blind bool) error {
			t.Helper()
			cm, said, err := w.write(t, text, nil, metav1.DryRunAll)
			if err != nil {
				return fmt.Errorf("refused: %w", err)
			}
			if cm.Data["mapRoles"] != text {
				return fmt.Errorf("rewritten: %s", cm.Data["mapRoles"])
			}
			return says(said, works, blinded, blind)
		}}
	}
	return []feature{
		{countsNodes, func(t *testing.T, w *writer, blind bool) error {
			t.Helper()
			_, said, err := w.write(t, other, nil, metav1.DryRunAll)
			if blind {
				return errors.Join(err, says(said, "", "how many nodes use it could not be checked "+lacks, true))
			}
			if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "the cluster has 1 Ready node") {
				return fmt.Errorf("not refused: %w, %s", err, said)
			}
			return nil
		}},
		{namesNodes, func(t *testing.T, w *writer, blind bool) error {
			t.Helper()
			_, said, err := w.write(t, other, nil, metav1.DryRunAll)
			if named := strings.Contains(fmt.Sprint(err), "(ip-1 joined with it)"); named == blind {
				return fmt.Errorf("names the node %v: %w, %s", named, err, said)
			}
			return nil
		}},
		warned(findsGroups, nodes+devs, `names the group "ghosts": its members get in but may do nothing; bind it, or remove it [group-unbound]`,
			`whether a binding names the group "ghosts" could not be checked `+lacks+` [group-unbound]`),
		warned(keepsUsernames, nodes+"- rolearn: arn:aws:iam::111122223333:role/jane\n  username: Jane\n",
			"not repaired: ClusterRoleBinding jane names it so", "not repaired: the bindings could not be read "+lacks),
		warned(asksForWriter, nodes+devs, `"jane" grants more than it has; it may not impersonate`, `could not be checked `+lacks+` [privilege-escalation]`),
		{tellsOverrides, func(t *testing.T, w *writer, blind bool) error {
			t.Helper()
			if err := w.override(t); err != nil {
				return err
			}
			return w.told(t, 1, blind)
		}},
		{repeatsOverrides, func(t *testing.T, w *writer, blind bool) error {
			t.Helper()
			w.edits-- // the same once more
			if err := w.override(t); err != nil {
				return err
			}
			return w.told(t, 2, blind)
		}},
		{notesAdmitted, func(t *testing.T, w *writer, blind bool) error {
			t.Helper()
			cm, _, err := w.write(t, nodes+admin+fmt.Sprintf("# %s\n", t.Name()), nil)
			if err != nil {
				return err
			}
			eventually(t, notesAdmitted, func() error {
				notes, err := shared.admin.CoreV1().ConfigMaps(namespace).Get(t.Context(), "aws-auth-guard-admitted", metav1.GetOptions{})
				if err != nil {
					return err
				}
				_, noted := admissionlog.Find(notes, history.ContentOf(cm).Name())
				switch {
				case noted == blind:
				case !blind || strings.Contains(w.said(), "it is tried again") && strings.Contains(w.said(), "forbidden"):
					return nil
				}
				return fmt.Errorf("noted %v", noted)
			})
			return nil
		}},
		// The last one: what it adds to the map may not be removed again.
		{namesClasses, func(t *testing.T, w *writer, blind bool) error {
			t.Helper()
			if _, _, err := w.write(t, nodes+strings.Replace(nodes, "role/nodes", "role/gpu", 1), nil); err != nil {
				return err
			}
			_, said, err := w.write(t, nodes, nil, metav1.DryRunAll)
			if named := strings.Contains(fmt.Sprint(err), `EC2NodeClass "gpu" starts`); named == blind {
				return fmt.Errorf("names the node class %v: %w, %s", named, err, said)
			}
			return nil
		}},
	}
}

// says holds what is said, by one who sees or who is blind.
func says(said, works, blinded string, blind bool) error {
	want, not := works, blinded
	if blind {
		want, not = blinded, works
	}
	if !strings.Contains(said, want) || not != "" && strings.Contains(said, not) {
		return fmt.Errorf("said %q, want %q", said, want)
	}
	return nil
}

// override makes an edit that the guard refuses but for the override, and takes it back.
func (w *writer) override(t *testing.T) error {
	t.Helper()
	w.edits++
	bad := nodes + "- rolearn: arn:aws:sts::111122223333:assumed-role/a/b\n  username: x\n"
	if _, _, err := w.write(t, bad, map[string]string{"aws-auth-guard.dev/override": w.reason(t)}); err != nil {
		return err
	}
	_, _, err := w.write(t, nodes, nil)
	return err
}

func (w *writer) reason(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("arn-kind: %d of %s", w.edits, strings.ReplaceAll(t.Name(), "#", " "))
}

// told waits for an Event of the override that counts so many, or until the log says that it could not be made.
func (w *writer) told(t *testing.T, count int32, blind bool) error {
	t.Helper()
	_, reason, _ := strings.Cut(w.reason(t), ": ")
	eventually(t, "the Event", func() error {
		list, err := shared.admin.CoreV1().Events("kube-system").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		var seen int32
		for i := range list.Items {
			if e := &list.Items[i]; e.Reason == "GuardOverridden" && strings.Contains(e.Message, reason) {
				seen += e.Count
			}
		}
		switch {
		case !blind && seen == count:
			return nil
		case blind && seen < count && strings.Contains(w.said(), "an Event could not be made") && strings.Contains(w.said(), "forbidden"):
			return nil
		}
		return fmt.Errorf("it counts %d", seen)
	})
	return nil
}
