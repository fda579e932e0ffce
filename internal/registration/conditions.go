package registration

import (
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// NameCondition is the match condition that sends every edit of aws-auth to the guard and no other: the deletion of a
// collection has no name in the request, and an object whose name is still to be generated has none at all.
const NameCondition = "has((object != null ? object : oldObject).metadata.name) && " +
	"(object != null ? object : oldObject).metadata.name == 'aws-auth'"

// sample is an edit by which match conditions are tried.
type sample struct {
	what      string
	operation admissionv1.OperationType
	// name as the API server tells it: the deletion of a collection has none, and request.name is an error then.
	name     string
	old, new bool
	// unnamed is an edit of no business of the guard's: a ConfigMap that has no name yet.
	unnamed bool
}

func samples() []sample {
	return []sample{
		{what: "creating aws-auth", operation: admissionv1.Create, name: awsauth.Name, new: true},
		{what: "editing aws-auth", operation: admissionv1.Update, name: awsauth.Name, old: true, new: true},
		{what: "deleting aws-auth", operation: admissionv1.Delete, name: awsauth.Name, old: true},
		{what: "deleting all ConfigMaps at once (deletecollection)", operation: admissionv1.Delete, old: true},
		{what: "creating any ConfigMap by generateName", operation: admissionv1.Create, new: true, unnamed: true},
	}
}

// values are what the conditions see of an edit.
func (s *sample) values() map[string]any {
	metadata := map[string]any{"name": awsauth.Name, "namespace": awsauth.Namespace}
	if s.unnamed {
		metadata = map[string]any{"generateName": "x-", "namespace": awsauth.Namespace}
	}
	object := map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata,
		"data": map[string]any{string(awsauth.MapRoles): "[]"},
	}
	request := map[string]any{
		"kind":      map[string]any{"group": "", "version": "v1", "kind": "ConfigMap"},
		"resource":  map[string]any{"group": "", "version": "v1", "resource": "configmaps"},
		"namespace": awsauth.Namespace, "operation": string(s.operation), "dryRun": false,
		"userInfo": map[string]any{"username": "kubernetes-admin", "groups": []any{"system:masters", "system:authenticated"}},
	}
	if s.name != "" {
		request["name"] = s.name
	}
	values := map[string]any{"object": nil, "oldObject": nil, "request": request}
	if s.new {
		values["object"] = object
	}
	if s.old {
		values["oldObject"] = object
	}
	return values
}

// judgeConditions tries the match conditions on each kind of edit.
func (w *Webhook) judgeConditions(add adder) {
	for _, c := range w.conditions {
		w.judgeCondition(c, add)
	}
}

func (w *Webhook) judgeCondition(c admissionv1.MatchCondition, add adder) {
	program, err := compile(c.Expression)
	if err != nil {
		add(Unknown, fmt.Sprintf("the match condition %s can't be judged here: %s", c.Name, oneLine(c.Expression)),
			"compare it with that of the chart: "+NameCondition)
		return
	}
	var missed []string
	for _, s := range samples() {
		if !w.covers(s.operation) || w.Mutating && s.operation == admissionv1.Delete {
			continue
		}
		out, _, err := program.Eval(s.values())
		switch {
		case err != nil && w.failure == admissionv1.Fail:
			add(Broken, fmt.Sprintf("the match condition %s fails on %s (%v), so the API server refuses that%s", c.Name, s.what, err, cause(c.Expression)),
				"write "+NameCondition)
		case s.unnamed:
		case err != nil || out.Value() != true:
			missed = append(missed, s.what)
		}
	}
	if len(missed) > 0 {
		add(Bypass, fmt.Sprintf("the match condition %s keeps %s from the guard: %s%s", c.Name, strings.Join(missed, " and "), oneLine(c.Expression), cause(c.Expression)),
			"write "+NameCondition)
	}
	if strings.Contains(c.Expression, "userInfo") {
		add(Warning, fmt.Sprintf("the match condition %s depends on who writes, so some writers can bypass the guard: %s", c.Name, oneLine(c.Expression)),
			"remove it: exempt users belong in the guard's policy, where their edits are recorded")
	}
	for _, part := range []string{"labels", "annotations", ".data"} {
		if strings.Contains(c.Expression, part) {
			add(Bypass, fmt.Sprintf("the match condition %s depends on the object's %s, which the writer chooses: %s", c.Name, strings.Trim(part, "."), oneLine(c.Expression)),
				"remove it")
		}
	}
}

// cause says why a condition fails on an object or a request without a name, where that is what it is.
func cause(expression string) string {
	switch {
	case strings.Contains(expression, "request.name"):
		return "; there is no request.name when a collection is deleted"
	case strings.Contains(expression, ".metadata.name") && !strings.Contains(expression, "has("):
		return "; an object whose name is generated has none yet"
	}
	return ""
}

// compile knows the language and strings, not what Kubernetes adds (the authorizer, URLs, quantities): a condition
// that uses those can't be judged.
func compile(expression string) (cel.Program, error) {
	env, err := cel.NewEnv(
		cel.Variable("object", cel.DynType), cel.Variable("oldObject", cel.DynType), cel.Variable("request", cel.DynType),
		cel.OptionalTypes(), ext.Strings(),
	)
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	return env.Program(ast)
}

// maxExpression is how much of an expression is shown, in code points.
const maxExpression = 160

func oneLine(s string) string { return text.Cut(text.OneLine(s), maxExpression) }
