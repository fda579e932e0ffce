package registration

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestRemedies: every problem says what is so, and then what to do about it.
func TestRemedies(t *testing.T) {
	ignore := admissionv1.Ignore
	selecting := func(key string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{key: "on"}}
	}
	condition := func(expression string) func(*admissionv1.ValidatingWebhook, *Surroundings) {
		return func(w *admissionv1.ValidatingWebhook, _ *Surroundings) {
			w.MatchConditions = []admissionv1.MatchCondition{{Name: "x", Expression: expression}}
		}
	}
	backend := func(b Backend) func(*admissionv1.ValidatingWebhook, *Surroundings) {
		return func(_ *admissionv1.ValidatingWebhook, s *Surroundings) { s.Backends["guard/guard"] = b }
	}
	for name, c := range map[string]struct {
		change       func(*admissionv1.ValidatingWebhook, *Surroundings)
		says, remedy string
	}{
		"as it is installed": {func(*admissionv1.ValidatingWebhook, *Surroundings) {}, "", ""},
		"failure policy": {func(w *admissionv1.ValidatingWebhook, _ *Surroundings) { w.FailurePolicy = &ignore },
			"warning: failurePolicy Ignore", "set failurePolicy to Fail"},
		"rules": {func(w *admissionv1.ValidatingWebhook, _ *Surroundings) {
			w.Rules[0].Operations = []admissionv1.OperationType{admissionv1.Create}
		}, "bypass: its rules leave out UPDATE, DELETE", "add UPDATE, DELETE to the operations"},
		"objects": {func(w *admissionv1.ValidatingWebhook, _ *Surroundings) { w.ObjectSelector = selecting("guard") },
			"bypass: its objectSelector (guard=on)", "remove the objectSelector"},
		"another namespace": {func(w *admissionv1.ValidatingWebhook, _ *Surroundings) { w.NamespaceSelector = selecting("guard") },
			"does not fit kube-system", "select kubernetes.io/metadata.name=kube-system instead"},
		"a label that people set": {func(w *admissionv1.ValidatingWebhook, s *Surroundings) {
			w.NamespaceSelector, s.Namespace["guard"] = selecting("guard"), "on"
		}, "can turn the guard off", "select kubernetes.io/metadata.name=kube-system instead"},
		"not read":        {backend(Backend{Unread: "403"}), "unknown: whether the service guard/guard answers", "kubectl get service,endpointslices -n guard"},
		"no service":      {backend(Backend{}), "broken: the service guard/guard does not exist", "upgrade the guard's release"},
		"another port":    {backend(Backend{Found: true, Ports: []int32{80, 8443}, Ready: 2}), "has no port 443", "to one that it has: 80, 8443"},
		"no port":         {backend(Backend{Found: true, Ready: 2}), "has no port 443", "it has none"},
		"nobody is ready": {backend(Backend{Found: true, Ports: []int32{443}}), "no endpoint of", "kubectl get pods -n guard"},
		"one is ready":    {backend(Backend{Found: true, Ports: []int32{443}, Ready: 1}), "warning: only one endpoint", "run two replicas"},
		"an authorizer":   {condition("authorizer.group('').resource('x').check('x').allowed()"), "unknown: the match condition x can't be judged", "compare it"},
		"by the writer":   {condition("!request.userInfo.username.startsWith('eks:')"), "warning: the match condition x depends on who writes", "remove it"},
		"by the object":   {condition("!has(object.metadata.labels)"), "depends on the object's labels", "remove it"},
		"not deletes":     {condition("request.operation != 'DELETE'"), "bypass: the match condition x keeps", "write " + NameCondition},
	} {
		t.Run(name, func(t *testing.T) {
			in := around()
			webhooks := Find(nil, configuration(func(w *admissionv1.ValidatingWebhook) {
				w.ClientConfig.CABundle = certificate(t, -1, 90)
				c.change(w, in)
			}))
			problems := Judge(webhooks, in).Webhooks[0].Problems
			got := said(t, problems)
			if !strings.Contains(got, c.says) || !strings.Contains(got, c.remedy) || (c.says == "") != (got == "") {
				t.Errorf("got %q, want %q and %q", got, c.says, c.remedy)
			}
		})
	}
	for name, s := range map[string]*State{"no webhook": Judge(nil, around()), "one webhook": Judge(Find(nil, configuration(func(*admissionv1.ValidatingWebhook) {})), around())} {
		if got := said(t, s.Problems); got == "" {
			t.Errorf("%s: nothing is said", name)
		}
	}
}

// said joins the sentences about problems. Each problem must have a remedy.
func said(t *testing.T, problems []Problem) string {
	t.Helper()
	var lines []string
	for _, p := range problems {
		if p.Remedy == "" || strings.Contains(p.Message, p.Remedy) {
			t.Errorf("%q has the remedy %q", p.Message, p.Remedy)
		}
		lines = append(lines, string(p.Kind)+": "+p.String())
	}
	return strings.Join(lines, "\n")
}
