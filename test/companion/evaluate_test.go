package companion

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/ext"
	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	guard "github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// edit is a write to aws-auth: without New a delete, without Old a creation.
type edit struct {
	Old, New *corev1.ConfigMap
}

func (e *edit) operation() admissionv1.Operation {
	switch {
	case e.New == nil:
		return admissionv1.Delete
	case e.Old == nil:
		return admissionv1.Create
	}
	return admissionv1.Update
}

func (e *edit) String() string {
	show := func(c *corev1.ConfigMap) string {
		if c == nil {
			return "nothing"
		}
		return fmt.Sprintf("%q %q %q", c.Data, c.BinaryData, c.Annotations)
	}
	return show(e.Old) + "\n-> " + show(e.New)
}

func configMap(data map[string]string, override string) *corev1.ConfigMap {
	c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: awsauth.Name, Namespace: awsauth.Namespace}, Data: data}
	if override != "" {
		c.Annotations = map[string]string{policy.OverrideAnnotation: override}
	}
	return c
}

// evaluator does what the API server does with the policy, in this process: for as many edits as a fuzzer makes.
// The tests on the API server hold that both agree.
type evaluator struct {
	names       []string
	variables   []cel.Program
	validations []cel.Program
	messages    []cel.Program
}

// costLimit is what one expression may cost on the API server (k8s.io/apiserver/pkg/apis/cel, PerCallLimit).
const costLimit = 1_000_000

func newEvaluator(t testing.TB) *evaluator {
	t.Helper()
	specs, err := Specs()
	if err != nil {
		t.Fatal(err)
	}
	spec := &specs.Main
	env, err := cel.NewEnv(cel.Variable("object", cel.DynType), cel.Variable("oldObject", cel.DynType), cel.Variable("variables", cel.DynType), cel.Variable("request", cel.DynType), ext.Strings(ext.StringsVersion(2)))
	if err != nil {
		t.Fatal(err)
	}
	compile := func(expression string) cel.Program {
		ast, issues := env.Compile(expression)
		if issues.Err() != nil {
			t.Fatalf("%s: %v", expression, issues.Err())
		}
		program, err := env.Program(ast, cel.CostLimit(costLimit))
		if err != nil {
			t.Fatal(err)
		}
		return program
	}
	e := &evaluator{}
	for _, v := range spec.Variables {
		e.names = append(e.names, v.Name)
		e.variables = append(e.variables, compile(v.Expression))
	}
	for _, v := range spec.Validations {
		e.validations = append(e.validations, compile(v.Expression))
		e.messages = append(e.messages, compile(v.MessageExpression))
	}
	return e
}

// immutable gives a copy that nobody can change.
func immutable(c *corev1.ConfigMap) *corev1.ConfigMap {
	c, yes := c.DeepCopy(), true
	c.Immutable = &yes
	return c
}

// bare are the expressions by which texts, short ones and long ones, count as empty.
func (e *evaluator) bare(t testing.TB) (bare []*regexp.Regexp) {
	t.Helper()
	for _, name := range []string{"bare", "longBare"} {
		out, _, err := e.variables[slices.Index(e.names, name)].Eval(map[string]any{})
		if err != nil {
			t.Fatal(err)
		}
		text, _ := out.Value().(string)
		bare = append(bare, regexp.MustCompile(text))
	}
	return bare
}

// refusals are the rules by which the policy refuses an edit, as its messages name them.
func (e *evaluator) refusals(t testing.TB, made *edit) []string {
	t.Helper()
	rules, used := e.evaluate(t, made)
	// No variable may fail, not even one that this edit does not need.
	for _, name := range e.names {
		used.Get(types.String(name))
	}
	return rules
}

// evaluate makes the policy's decision, and gives the variables that it used.
func (e *evaluator) evaluate(t testing.TB, made *edit) ([]string, *lazily) {
	t.Helper()
	values := map[string]any{"object": plain(t, made.New), "oldObject": plain(t, made.Old),
		// As one that deletes all ConfigMaps at once: the other policy asks the same of a delete by name.
		"request": map[string]any{"name": ""}}
	eval := func(what string, p cel.Program) ref.Val {
		out, _, err := p.Eval(values)
		if err != nil {
			t.Fatalf("%s: %v\n%s", what, err, made)
		}
		return out
	}
	variables := &lazily{Mapper: types.NewStringInterfaceMap(types.DefaultTypeAdapter, nil), known: map[string]ref.Val{}}
	variables.eval = func(name string) ref.Val {
		return eval("the variable "+name, e.variables[slices.Index(e.names, name)])
	}
	values["variables"] = variables
	var rules []string
	for i, p := range e.validations {
		if eval("a validation", p) != types.True {
			message, _ := eval("a message", e.messages[i]).Value().(string)
			rules = append(rules, rule(message))
		}
	}
	return rules, variables
}

// lazily holds variables of a policy. As on the API server, each is evaluated when an expression first asks for it.
type lazily struct {
	traits.Mapper
	eval  func(name string) ref.Val
	known map[string]ref.Val
}

func (l *lazily) Find(key ref.Val) (ref.Val, bool) { return l.Get(key), true }

func (l *lazily) Get(key ref.Val) ref.Val {
	name, _ := key.Value().(string)
	if l.known[name] == nil {
		l.known[name] = l.eval(name)
	}
	return l.known[name]
}

// rule is the name in brackets at the end of a message.
func rule(message string) string {
	at := strings.LastIndexByte(message, '[')
	return strings.TrimSuffix(message[at+1:], "]")
}

func plain(t testing.TB, c *corev1.ConfigMap) any {
	t.Helper()
	if c == nil {
		return nil
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

// judge is the guard's own verdict.
type judge struct{ handler *guard.Handler }

func newJudge() *judge {
	p := policy.Default()
	return &judge{guard.NewValidate(guard.Options{Policy: func() *policy.Policy { return p }, Metrics: guard.NewMetrics(prometheus.NewRegistry()), Log: logr.Discard()})}
}

// refusals are the rules by which the guard refuses an edit with the profile standard.
func (j *judge) refusals(t testing.TB, made *edit) []string {
	t.Helper()
	review := admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		UID: "1", Operation: made.operation(), Namespace: awsauth.Namespace,
		Kind: metav1.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Resource: metav1.GroupVersionResource{Version: "v1", Resource: "configmaps"},
	}}
	review.UserInfo.Username = "jane"
	for _, side := range []struct {
		c  *corev1.ConfigMap
		to *runtime.RawExtension
	}{{made.Old, &review.OldObject}, {made.New, &review.Object}} {
		if side.c == nil {
			continue
		}
		raw, err := json.Marshal(side.c)
		if err != nil {
			t.Fatal(err)
		}
		side.to.Raw = raw
	}
	response := j.handler.Handle(context.Background(), review)
	if response.Allowed {
		return nil
	}
	return strings.Split(response.AuditAnnotations[guard.AnnotationRefused], ",")
}

// sound holds that what the policy refuses the guard refuses as well, unless what is lost held nobody. It does so by the same rule,
// but where a broken text takes the place of all that was there: that is yaml-syntax to the guard. It gives the rules of the policy.
func sound(t testing.TB, e *evaluator, j *judge, made *edit) []string {
	t.Helper()
	refused := e.refusals(t, made)
	if len(refused) == 0 {
		return nil
	}
	own := j.refusals(t, made)
	for _, r := range refused {
		if !slices.Contains(own, r) && (r != "map-deleted" || len(own) == 0 && e.losesSomebody(t, made)) {
			t.Errorf("the policy refuses by %s, the guard by %q:\n%s", r, own, made)
		}
	}
	return refused
}

// losesSomebody reports whether anybody was under the keys that the policy says are lost.
func (e *evaluator) losesSomebody(t testing.TB, made *edit) bool {
	t.Helper()
	lost := awsauth.Keys()
	if made.New != nil {
		_, used := e.evaluate(t, made)
		native, err := used.Get(types.String("emptied")).ConvertToNative(reflect.TypeFor[[]awsauth.Key]())
		if err != nil {
			t.Fatal(err)
		}
		lost, _ = native.([]awsauth.Key)
	}
	return slices.ContainsFunc(lost, func(k awsauth.Key) bool { return holdsSomebody(made.Old, k) })
}

func holdsSomebody(c *corev1.ConfigMap, key awsauth.Key) bool {
	read := awsauth.Read(map[string]string{string(key): c.Data[string(key)]})
	return len(read.Mappings()) > 0 || slices.ContainsFunc(read.Accounts.Accounts, func(a *awsauth.Account) bool {
		return a.Valid && accountID.MatchString(a.Value)
	})
}

// accountID is what an account is to AWS: twelve digits. An item of any other text lets nobody in.
var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// complete holds that the policy lets no delete pass of a map that holds anybody.
func (e *evaluator) complete(t testing.TB, c *corev1.ConfigMap) {
	t.Helper()
	for _, key := range awsauth.Keys() {
		made := &edit{Old: configMap(map[string]string{string(key): c.Data[string(key)]}, "")}
		if holdsSomebody(c, key) && len(e.refusals(t, made)) == 0 {
			t.Errorf("the policy lets a delete pass of %q", made.Old.Data)
		}
	}
}
