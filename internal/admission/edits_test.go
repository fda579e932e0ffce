package admission

import (
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// TestAMapIsNotMadeImmutable tries every way to write immutable: true.
func TestAMapIsNotMadeImmutable(t *testing.T) {
	fixed := func(text string) *corev1.ConfigMap {
		c, yes := awsAuth(text), true
		c.Immutable = &yes
		return c
	}
	labelled := func(c *corev1.ConfigMap) *corev1.ConfigMap {
		c.Labels = map[string]string{"a": "b"}
		return c
	}
	const rule = "map-immutable"
	for name, tt := range map[string]struct {
		old, new *corev1.ConfigMap
		user     string
		override string
		result   Result
		rules    []string
	}{
		"made so":                          {old: nil, new: fixed(node), result: Refused, rules: []string{rule}},
		"the field alone":                  {old: awsAuth(node), new: fixed(node), result: Refused, rules: []string{rule}},
		"with other metadata":              {old: awsAuth(node), new: labelled(fixed(node)), result: Refused, rules: []string{rule}},
		"with a change of the data":        {old: awsAuth(node), new: fixed(node + dev), result: Refused, rules: []string{rule}},
		"it was so, and a label changes":   {old: fixed(node), new: labelled(fixed(node)), result: Allowed},
		"false":                            {old: awsAuth(node), new: func() *corev1.ConfigMap { c := fixed(node); *c.Immutable = false; return c }(), result: Allowed},
		"by EKS":                           {old: awsAuth(node), new: fixed(node), user: eks, result: Warned},
		"with an override":                 {old: awsAuth(node), new: fixed(node), override: rule + ": frozen for the audit", result: Warned},
		"beside what was wrong before too": {old: awsAuth(node + kind), new: fixed(node + kind), result: Refused, rules: []string{rule}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Request{Operation: admissionv1.Update, User: authenticationv1.UserInfo{Username: tt.user}, FieldManager: person, Old: tt.old, New: tt.new}
			if tt.old == nil {
				r.Operation = admissionv1.Create
			}
			if tt.override != "" {
				r.New.Annotations = map[string]string{policy.OverrideAnnotation: tt.override}
			}
			d := validateNow(policy.Default(), r)
			refused := d.rules(func(j EvaluatedFinding) bool { return j.Refused })
			if d.Result != tt.result || !slices.Equal(refused, tt.rules) {
				t.Errorf("%s by %q, want %s by %q: %q %q", d.Result, refused, tt.result, tt.rules, d.Message, d.Warnings)
			}
			if d.Result == Refused && (len(d.Causes) != 1 || d.Causes[0].Field != "immutable" || !strings.Contains(d.Causes[0].Message, "leave immutable out")) {
				t.Errorf("causes %+v", d.Causes)
			}
			if d.Result == Warned && !strings.Contains(strings.Join(d.Warnings, "\n"), rule) {
				t.Errorf("warnings %q", d.Warnings)
			}
		})
	}
}

// TestEveryLossIsSaid holds the warnings and the annotations of edits that are let pass against who loses what.
func TestEveryLossIsSaid(t *testing.T) {
	const two = "- rolearn: arn:aws:iam::111122223333:role/two\n  username: two\n  groups: [one, other]\n"
	for name, tt := range map[string]struct {
		old, new      string
		warning       string // "" for none about a loss
		lost, reduced string
	}{
		"access":        {node + dev, node, "this edit: LOSES arn:aws:iam::111122223333:role/dev (devs)", "arn:aws:iam::111122223333:role/dev", ""},
		"all groups":    {node + dev, node + strings.Replace(dev, "  groups: [devs]\n", "", 1), "this edit: LOSES ALL GROUPS arn:aws:iam::111122223333:role/dev (loses devs)", "", "arn:aws:iam::111122223333:role/dev"},
		"an empty list": {node + dev, node + strings.Replace(dev, "[devs]", "[]", 1), "this edit: LOSES ALL GROUPS arn:aws:iam::111122223333:role/dev (loses devs)", "", "arn:aws:iam::111122223333:role/dev"},
		"one group":     {node + two, node + strings.Replace(two, ", other", "", 1), "this edit: CHANGES arn:aws:iam::111122223333:role/two (loses other)", "", "arn:aws:iam::111122223333:role/two"},
		"one for one":   {node + dev, node + strings.Replace(dev, "devs", "ops", 1), "this edit: CHANGES arn:aws:iam::111122223333:role/dev (loses devs; gains ops)", "", "arn:aws:iam::111122223333:role/dev"},
		"the username":  {node + dev, node + strings.Replace(dev, "username: dev", "username: ops", 1), `this edit: CHANGES arn:aws:iam::111122223333:role/dev (username "dev" becomes "ops")`, "", "arn:aws:iam::111122223333:role/dev"},
		"nothing":       {node + dev, node + strings.Replace(dev, "[devs]", "[devs, more]", 1), "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := validateNow(policy.Default(), request(alice, person, tt.old, tt.new))
			var losses []string
			for _, w := range d.Warnings {
				if strings.HasPrefix(w, "this edit: ") {
					losses = append(losses, w)
				}
			}
			if strings.Join(losses, "\n") != tt.warning {
				t.Errorf("said of the loss: %q, want %q", losses, tt.warning)
			}
			if d.Annotations[AnnotationLost] != tt.lost || d.Annotations[AnnotationReduced] != tt.reduced {
				t.Errorf("annotations %v, want lost %q and reduced %q", d.Annotations, tt.lost, tt.reduced)
			}
		})
	}
}

// TestTheAccessKeyOfTheWriterIsKnown: the rule self-lockout learns of it from the review.
func TestTheAccessKeyOfTheWriterIsKnown(t *testing.T) {
	const byKey = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{AccessKeyID}}\n"
	r := request("dev:ASIA1", person, node+byKey, node)
	r.User.Extra = map[string]authenticationv1.ExtraValue{"arn": {"arn:aws:sts::111122223333:assumed-role/dev/jane"}, "accessKeyId": {"ASIA1"}}
	if d := validateNow(policy.Default(), r); d.Result != Refused || !strings.Contains(d.Message, "[self-lockout]") {
		t.Errorf("%s: %s", d.Result, d.Message)
	}
	r.User.Extra["accessKeyId"] = authenticationv1.ExtraValue{"ASIA2"}
	if d := validateNow(policy.Default(), r); d.Result == Refused {
		t.Errorf("somebody with another key came in otherwise: %s", d.Message)
	}
}
