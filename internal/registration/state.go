package registration

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// Kind says what a problem leads to.
type Kind string

// The kinds, gravest first.
const (
	// Bypass: an edit can get past the guard.
	Bypass Kind = "bypass"
	// Broken: the guard can't answer, or refuses what it should not.
	Broken Kind = "broken"
	// Warning: it works, and something about it will not do for long or for all.
	Warning Kind = "warning"
	// Unknown: it could not be found out.
	Unknown Kind = "unknown"
)

func kinds() []Kind { return []Kind{Bypass, Broken, Warning, Unknown} }

// Problem is something wrong with the guard.
type Problem struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
	// Remedy is what to do about it.
	Remedy string `json:"remedy"`
}

// String is the sentence for people.
func (p Problem) String() string { return p.Message + "; " + p.Remedy }

// adder takes a problem that was found.
type adder func(kind Kind, message, remedy string)

// Backend is what is known of the service behind a webhook.
type Backend struct {
	// Unread says why the service could not be read, or is empty.
	Unread string
	// Found is false where there is no such service.
	Found bool
	// Ports of the service.
	Ports []int32
	// Ready counts its endpoints that are ready.
	Ready int
}

// Surroundings are what the webhooks are judged by.
type Surroundings struct {
	Now time.Time
	// Namespace holds the labels of kube-system.
	Namespace map[string]string
	// Backends by NAMESPACE/NAME of the service.
	Backends map[string]Backend
}

// State is the guard in a cluster.
type State struct {
	Installed bool           `json:"installed"`
	Webhooks  []WebhookState `json:"webhooks"`
	// Problems of the guard as a whole.
	Problems []Problem `json:"problems"`
}

// WebhookState is one webhook of the guard.
type WebhookState struct {
	Configuration string `json:"configuration"`
	Name          string `json:"name"`
	Mutating      bool   `json:"mutating"`
	// FailurePolicy is what becomes of an edit while the guard does not answer: Fail refuses it, Ignore lets it through.
	FailurePolicy  string `json:"failurePolicy"`
	TimeoutSeconds int32  `json:"timeoutSeconds"`
	Backend        string `json:"backend"`
	// Ready counts the ready endpoints; nil where that is not known.
	Ready *int `json:"ready"`
	// CertificateExpires is when the first certificate of the caBundle ends; nil where there is none.
	CertificateExpires *time.Time `json:"certificateExpires"`
	Problems           []Problem  `json:"problems"`
}

// Worst returns the gravest kind of all problems, "" where there is none.
func (s *State) Worst() Kind {
	all := slices.Clone(s.Problems)
	for i := range s.Webhooks {
		all = append(all, s.Webhooks[i].Problems...)
	}
	for _, k := range kinds() {
		if slices.ContainsFunc(all, func(p Problem) bool { return p.Kind == k }) {
			return k
		}
	}
	return ""
}

// Judge judges the webhooks that Find found.
func Judge(webhooks []*Webhook, around *Surroundings) *State {
	s := &State{Installed: len(webhooks) > 0, Webhooks: []WebhookState{}, Problems: []Problem{}}
	if !s.Installed {
		s.Problems = append(s.Problems, Problem{Bypass, "no webhook of the guard is registered: nothing checks edits of aws-auth", "install the guard, or find out who has taken it away"})
		return s
	}
	mutates, validates := false, false
	for _, w := range webhooks {
		mutates, validates = mutates || w.Mutating, validates || !w.Mutating
		s.Webhooks = append(s.Webhooks, w.judge(around))
	}
	if !validates {
		s.Problems = append(s.Problems, Problem{Bypass, "only the mutating webhook is registered: edits are repaired, and none is refused",
			"upgrade the guard's release, which registers the validating webhook again"})
	}
	if !mutates {
		s.Problems = append(s.Problems, Problem{Warning, "only the validating webhook is registered: edits are refused, and none is repaired",
			"upgrade the guard's release, which registers the mutating webhook again"})
	}
	return s
}

func (w *Webhook) judge(around *Surroundings) WebhookState {
	st := WebhookState{
		Configuration: w.Configuration, Name: w.Name, Mutating: w.Mutating, FailurePolicy: string(w.failure),
		TimeoutSeconds: w.timeout, Backend: w.backend(), Problems: []Problem{},
	}
	add := func(k Kind, message, remedy string) { st.Problems = append(st.Problems, Problem{k, message, remedy}) }
	w.judgeRules(add)
	w.judgeSelectors(around, add)
	w.judgeConditions(add)
	w.judgeTimeout(add)
	if w.failure == admissionv1.Ignore {
		// That is how the guard comes by default, and a choice: it is no hole that somebody has made.
		add(Warning, fmt.Sprintf("failurePolicy Ignore: while the guard does not answer within %d s, edits go through unchecked", w.timeout),
			"set failurePolicy to Fail where an unchecked edit is worse than a refused one")
	}
	st.CertificateExpires = w.judgeCertificates(around.Now, add)
	st.Ready = w.judgeBackend(around, add)
	slices.SortStableFunc(st.Problems, func(a, b Problem) int {
		return slices.Index(kinds(), a.Kind) - slices.Index(kinds(), b.Kind)
	})
	return st
}

// judgeTimeout finds a limit below the guard's own: the API server would give up on decisions that the guard still makes.
func (w *Webhook) judgeTimeout(add adder) {
	least := int32(admission.MinTimeout / time.Second)
	if w.timeout >= least {
		return
	}
	kind, effect := w.unanswered()
	add(kind, fmt.Sprintf("timeoutSeconds is %d, but the guard may take up to %d s for a decision: where it takes longer, %s", w.timeout, least-1, effect),
		fmt.Sprintf("set timeoutSeconds to %d or more", least))
}

func (w *Webhook) judgeRules(add adder) {
	var missing []string
	for _, op := range operations() {
		if !w.covers(op) && (!w.Mutating || op != admissionv1.Delete) {
			missing = append(missing, string(op))
		}
	}
	if len(missing) == 0 {
		return
	}
	names := strings.Join(missing, ", ")
	remedy := fmt.Sprintf("add %s to the operations of its rule for configmaps", names)
	if w.Mutating {
		add(Warning, fmt.Sprintf("its rules leave out %s of configmaps: those edits are not repaired", names), remedy)
		return
	}
	add(Bypass, fmt.Sprintf("its rules leave out %s of configmaps: those edits are never checked", names), remedy)
}

func (w *Webhook) judgeSelectors(around *Surroundings, add adder) {
	if !empty(w.objects) {
		add(Bypass, fmt.Sprintf("its objectSelector (%s) asks for labels of the object, which the writer chooses: edits of an aws-auth without them are never checked", metav1.FormatLabelSelector(w.objects)),
			"remove the objectSelector")
	}
	if empty(w.namespaces) {
		return
	}
	selector, err := metav1.LabelSelectorAsSelector(w.namespaces)
	text := metav1.FormatLabelSelector(w.namespaces)
	remedy := fmt.Sprintf("select %s=%s instead", corev1.LabelMetadataName, awsauth.Namespace)
	if err != nil || !selector.Matches(labels.Set(around.Namespace)) {
		add(Bypass, fmt.Sprintf("its namespaceSelector (%s) does not fit %s: it is never asked", text, awsauth.Namespace), remedy)
		return
	}
	if keys := changeable(w.namespaces); len(keys) > 0 {
		add(Bypass, fmt.Sprintf("its namespaceSelector (%s) depends on %s: whoever may label the namespace %s can turn the guard off",
			text, strings.Join(keys, ", "), awsauth.Namespace), remedy)
	}
}

func empty(s *metav1.LabelSelector) bool {
	return s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0
}

// changeable are the labels of a selector that somebody can change: of a namespace, all but its name.
func changeable(s *metav1.LabelSelector) []string {
	keys := slices.Collect(maps.Keys(s.MatchLabels))
	for _, e := range s.MatchExpressions {
		keys = append(keys, e.Key)
	}
	keys = slices.DeleteFunc(keys, func(k string) bool { return k == corev1.LabelMetadataName })
	slices.Sort(keys)
	return slices.Compact(keys)
}

// unanswered says what becomes of edits that the API server can't ask about.
func (w *Webhook) unanswered() (Kind, string) {
	if w.failure == admissionv1.Ignore {
		return Bypass, "edits go through unchecked"
	}
	return Broken, "every edit of aws-auth is refused"
}

// ports lists the ports of a service.
func ports(of []int32) string {
	if len(of) == 0 {
		return "it has none, so upgrade the guard's release, which writes them again"
	}
	words := make([]string, len(of))
	for i, p := range of {
		words[i] = strconv.Itoa(int(p))
	}
	return strings.Join(words, ", ")
}

func (w *Webhook) judgeBackend(around *Surroundings, add adder) *int {
	namespace, name, ok := w.Service()
	if !ok {
		return nil
	}
	b, asked := around.Backends[namespace+"/"+name]
	kind, effect := w.unanswered()
	switch {
	case !asked || b.Unread != "":
		add(Unknown, fmt.Sprintf("whether the service %s/%s answers could not be read: %s", namespace, name, b.Unread),
			fmt.Sprintf("look yourself: kubectl get service,endpointslices -n %s", namespace))
		return nil
	case !b.Found:
		add(kind, fmt.Sprintf("the service %s/%s does not exist: %s", namespace, name, effect),
			"upgrade the guard's release, which makes its service again, or correct clientConfig.service")
	case !slices.Contains(b.Ports, w.port()):
		add(kind, fmt.Sprintf("the service %s/%s has no port %d: %s", namespace, name, w.port(), effect),
			fmt.Sprintf("set clientConfig.service.port to one that it has: %s", ports(b.Ports)))
	case b.Ready == 0:
		add(kind, fmt.Sprintf("no endpoint of the service %s/%s is ready: %s", namespace, name, effect),
			fmt.Sprintf("look why its pods are not ready: kubectl get pods -n %s", namespace))
	case b.Ready == 1:
		add(Warning, fmt.Sprintf("only one endpoint of the service %s/%s is ready: while it restarts, %s", namespace, name, effect),
			"run two replicas or more")
	}
	return &b.Ready
}
