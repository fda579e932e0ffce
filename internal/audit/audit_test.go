package audit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

const (
	nodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	devs  = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{SessionName}}\n  groups:\n  - developers\n"
	admin = "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin:{{SessionName}}\n  groups:\n  - system:masters\n"
	// broken has a key out of line: the list is lost.
	broken = "- rolearn: arn:aws:iam::111122223333:role/nodes\n   username: x\n"
)

// evaluate judges a map of this text; "" is no map.
func evaluate(t *testing.T, text string, change ...func(*Input)) *Evaluation {
	t.Helper()
	in := &Input{
		Policy: policy.Default(),
		Index:  rbac.NewIndex(&rbac.Objects{}, false), Guard: registration.Judge(nil, &registration.Surroundings{}),
	}
	if text != "" {
		in.Map = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "aws-auth", UID: "1"}, Data: map[string]string{"mapRoles": text}}
	}
	for _, c := range change {
		c(in)
	}
	e, err := Evaluate(in)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func bound(in *Input) {
	in.Index = rbac.NewIndex(&rbac.Objects{RoleBindings: []*rbacv1.RoleBinding{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "developers"}, Subjects: []rbacv1.Subject{{Kind: rbacv1.GroupKind, Name: "developers"}},
		RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "view"},
	}}}, false)
}

// outcome of a rule, the first where there are several; "" where it has no result.
func outcome(e *Evaluation, rule string) Outcome {
	for i := range e.Results {
		if e.Results[i].Rule == rule {
			return e.Results[i].Outcome
		}
	}
	return ""
}

func TestOutcomes(t *testing.T) {
	off := policy.Default()
	off.Rules["role-path"] = policy.Rule{Action: "off"}
	for name, c := range map[string]struct {
		text   string
		change func(*Input)
		rule   string
		want   Outcome
	}{
		"clean":                         {nodes, bound, "role-path", Pass},
		"an error":                      {strings.Replace(nodes, "role/", "role/a/", 1), bound, "role-path", Fail},
		"a warning":                     {admin, bound, "system-masters", Warn},
		"a map that nobody can change":  {nodes, func(in *Input) { bound(in); yes := true; in.Map.Immutable = &yes }, "map-immutable", Fail},
		"one that somebody can":         {nodes, func(in *Input) { bound(in); no := false; in.Map.Immutable = &no }, "map-immutable", Pass},
		"switched off":                  {strings.Replace(nodes, "role/", "role/a/", 1), func(in *Input) { in.Policy = off }, "role-path", Skip},
		"a group that nothing binds":    {devs, func(*Input) {}, "group-unbound", Warn},
		"a group that a binding names":  {devs, bound, "group-unbound", Pass},
		"bindings that are not known":   {devs, func(in *Input) { in.Index = nil }, "group-unbound", ""},
		"no map":                        {"", bound, "map-deleted", Fail},
		"a map that lets nobody in":     {"[]\n", bound, "map-deleted", Fail},
		"a lost list has its own rule":  {broken, bound, "map-deleted", Pass},
		"a lost list":                   {broken, bound, "yaml-syntax", Fail},
		"rules about an edit are quiet": {nodes, bound, "self-lockout", ""},
		"rules about a manifest too":    {nodes, bound, "manifest-shape", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := outcome(evaluate(t, c.text, c.change), c.rule); got != c.want {
				t.Errorf("%s: %q, want %q", c.rule, got, c.want)
			}
		})
	}
}

func reasons(events []Event) string {
	var list []string
	for _, e := range events {
		list = append(list, e.Reason)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestChanges(t *testing.T) {
	works := func(in *Input) { in.Guard = &registration.State{Installed: true} }
	override := func(in *Input) {
		in.Map.Annotations = map[string]string{"aws-auth-guard.dev/override": "system-masters: on call"}
	}
	for name, c := range map[string]struct {
		// before is what was reported last; nil is nothing.
		before *Evaluation
		after  *Evaluation
		want   string
	}{
		"the first look at a good map":       {nil, evaluate(t, nodes+admin, bound, works), ""},
		"the first look at a broken map":     {nil, evaluate(t, broken, bound, works), ReasonFinding},
		"the first look without a guard":     {nil, evaluate(t, nodes, bound), ReasonMissing},
		"nothing new":                        {evaluate(t, nodes+admin), evaluate(t, nodes+admin), ""},
		"an error reported before":           {evaluate(t, broken), evaluate(t, broken), ""},
		"the map breaks":                     {evaluate(t, nodes+devs, works), evaluate(t, broken, works), ReasonFinding + " " + ReasonNodesLost},
		"the map goes":                       {evaluate(t, nodes, works), evaluate(t, "", works), ReasonFinding + " " + ReasonNodesLost},
		"an admin comes":                     {evaluate(t, nodes, works), evaluate(t, nodes+admin, works), ReasonAdminGranted},
		"an admin goes":                      {evaluate(t, nodes+admin, works), evaluate(t, nodes, works), ""},
		"the entries change places":          {evaluate(t, nodes+admin, works), evaluate(t, admin+nodes, works), ""},
		"an override comes":                  {evaluate(t, nodes, works), evaluate(t, nodes, works, override), ReasonOverrideSeen},
		"the guard goes":                     {evaluate(t, nodes, works), evaluate(t, nodes), ReasonMissing},
		"the guard comes back":               {evaluate(t, nodes), evaluate(t, nodes, works), ReasonInOrder},
		"the guard can't be read":            {evaluate(t, nodes), evaluate(t, nodes, func(in *Input) { in.Guard = nil }), ""},
		"warnings are for the report":        {evaluate(t, nodes, works), evaluate(t, nodes+devs, works), ""},
		"an error moves with another entry":  {evaluate(t, nodes+strings.Replace(devs, "role/", "role/a/", 1), works), evaluate(t, strings.Replace(devs, "role/", "role/a/", 1)+nodes, works), ""},
		"a second error of a rule told once": {evaluate(t, strings.Replace(devs, "role/", "role/a/", 1), works), evaluate(t, strings.Replace(devs, "role/", "role/a/", 1)+strings.Replace(devs, "role/", "role/b/", 1), works), ReasonFinding},
	} {
		t.Run(name, func(t *testing.T) {
			var before *State
			if c.before != nil {
				s := c.before.State(nil)
				before = &s
			}
			if got := reasons(c.after.Changes(before)); got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

func TestAReportIsWrittenOnlyWhenItSaysSomethingElse(t *testing.T) {
	for _, api := range APIs() {
		t.Run(api.Name, func(t *testing.T) {
			first, changed, err := evaluate(t, nodes+devs).Document(&api, nil, nil, time.Unix(100, 0))
			if err != nil || !changed {
				t.Fatalf("changed %v, %v", changed, err)
			}
			first.SetResourceVersion("7")
			second, changed, err := evaluate(t, nodes+devs).Document(&api, nil, first, time.Unix(200, 0))
			if err != nil || changed {
				t.Errorf("changed %v, %v\n%v\n%v", changed, err, first, second)
			}
			third, changed, err := evaluate(t, nodes).Document(&api, nil, first, time.Unix(300, 0))
			if err != nil || !changed || third.GetResourceVersion() != "7" {
				t.Errorf("changed %v, %v", changed, err)
			}
			stamps := map[int64]int{}
			for _, r := range third.Object["results"].([]any) {
				stamps[r.(map[string]any)["timestamp"].(map[string]any)["seconds"].(int64)]++
			}
			// What was true before keeps its time; the group that is gone makes one rule pass again.
			if stamps[300] != 1 || stamps[100] < 20 || stamps[200] != 0 {
				t.Errorf("times: %v", stamps)
			}
		})
	}
}

func TestALargeReportIsCutAndCountsAll(t *testing.T) {
	var text strings.Builder
	text.WriteString(nodes)
	for i := range 700 {
		fmt.Fprintf(&text, "- rolearn: arn:aws:iam::111122223333:role/a/r%d\n  username: u%d\n", i, i)
	}
	e := evaluate(t, text.String(), bound)
	doc, _, err := e.Document(&APIs()[0], nil, nil, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	summary := doc.Object["summary"].(map[string]any)
	if n := len(doc.Object["results"].([]any)); n != maxResults || summary["fail"] != int64(700) {
		t.Errorf("%d results, summary %v", n, summary)
	}
	if got := doc.GetAnnotations()[leftOut]; got != strconv.Itoa(len(e.Results)-maxResults) {
		t.Errorf("%s: %q", leftOut, got)
	}
	json, err := doc.MarshalJSON()
	if err != nil || len(json) > 1<<20 {
		t.Errorf("%d bytes, %v", len(json), err)
	}
}

// TestAReportFitsWhateverTheMapHolds has names that take four times their length in a message, and twice in a property.
func TestAReportFitsWhateverTheMapHolds(t *testing.T) {
	long := strings.Repeat(`"`, 1500)
	var text strings.Builder
	text.WriteString(nodes)
	for i := range 500 {
		fmt.Fprintf(&text, "- rolearn: arn:aws:iam::111122223333:role/r%d\n  username: 'u%d%s'\n", i, i, long)
	}
	for _, api := range APIs() {
		doc, _, err := evaluate(t, text.String(), func(in *Input) { in.Index = nil }).Document(&api, nil, nil, time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		json, err := doc.MarshalJSON()
		if err != nil || len(json) > 1<<20 {
			t.Errorf("%s: %d bytes, %v", api.Name, len(json), err)
		}
		n, left := len(doc.Object["results"].([]any)), doc.GetAnnotations()[leftOut]
		summary := doc.Object["summary"].(map[string]any)
		all := summary["pass"].(int64) + summary["fail"].(int64) + summary["warn"].(int64) + summary["skip"].(int64)
		if n < 50 || left != strconv.FormatInt(all-int64(n), 10) {
			t.Errorf("%s: %d results, left out %s of %d", api.Name, n, left, all)
		}
	}
}
