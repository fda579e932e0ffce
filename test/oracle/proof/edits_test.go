package proof

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// everyEdit is the variable of the environment that makes TestEverySmallEdit take every edit of the universe, which takes
// more than an hour, instead of a sample. As "3/20" it takes the third of twenty parts, so that a machine can do them in turns.
const everyEdit = "AWS_AUTH_GUARD_EVERY_EDIT"

// cluster is what the guard may ask, and the judge knows.
type cluster struct{}

// bound reports whether a binding names a user or group.
func (*cluster) bound(name string) bool {
	return slices.Contains([]string{
		"editors", "viewers", "system:masters", "system:nodes", "system:bootstrappers", "eks:kube-proxy-windows", "system:node-proxier",
	}, name)
}

// mayTake reports whether an author who is no administrator may impersonate a user or group.
func (*cluster) mayTake(kind, name string) bool { return kind == "group" && name == "editors" }

// facts answers what the rules ask.
func (c *cluster) facts(q validate.Questions) validate.Facts {
	f := validate.Facts{
		Nodes:          &validate.NodeFacts{Ready: 2},
		Bindings:       &validate.BindingFacts{Groups: map[string]string{}},
		MayImpersonate: map[validate.Grant]bool{},
	}
	for _, group := range []string{"editors", "viewers"} {
		f.Bindings.Groups[group] = "ClusterRoleBinding " + group
	}
	for _, g := range q.Grants {
		f.MayImpersonate[g] = c.mayTake(g.Kind, g.Name)
	}
	return f
}

// writer is somebody who makes all edits: a person or a pipeline.
type writer struct {
	name, caller, manager string
	policy                *policy.Policy
}

func writers() []writer {
	strict := policy.Default()
	strict.Profile = validate.Strict
	return []writer{
		{"a person", jane, "kubectl-edit", policy.Default()}, {"a pipeline", ci, "terraform", strict},
		{"a person, strict", jane, "kubectl-edit", strict}, {"a pipeline, standard", ci, "terraform", policy.Default()},
	}
}

// worker makes edits one after the other. Documents may not be shared with other workers.
type worker struct {
	*prover
	documents map[*small]*awsauth.Document
	counts
}

// counts are what has become of the edits.
type counts struct{ edits, refused, repaired, findings int }

// prover makes edits and gathers what is wrong with the decisions.
type prover struct {
	judge    *judge
	maps     []*small
	verdicts map[*small]*verdict
	rests    map[*small]*verdict // without what breaks a list
	rules    map[string]func(*claim) bool
	cluster  cluster
	// mutate and validate are the guard's decisions.
	mutate, validate func(*policy.Policy, *admission.Request, *validate.Change) *admission.Decision

	mu    sync.Mutex
	wrong map[string]*fault
	total counts
}

// fault is one kind of thing that is wrong, with its shortest example.
type fault struct {
	example     string
	size, times int
}

func newProver(t testing.TB) *prover {
	p := &prover{
		judge: newJudge(t), maps: universe(), verdicts: map[*small]*verdict{}, rests: map[*small]*verdict{},
		rules: confirmations(), wrong: map[string]*fault{},
		mutate: admission.Mutate, validate: admission.Validate,
	}
	// What a deleted map is to all.
	for _, m := range append(slices.Clone(p.maps), nobody) {
		v, err := p.judge.verdict(m.data)
		if err != nil {
			t.Fatal(err)
		}
		p.verdicts[m] = v
		if p.rests[m], err = p.judge.verdict(m.rest); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// nobody stands for no map.
var nobody = &small{name: "no map", data: map[string]string{}}

func (p *prover) worker() *worker {
	return &worker{prover: p, documents: map[*small]*awsauth.Document{}}
}

func (w *worker) read(m *small) *awsauth.Document {
	d := w.documents[m]
	if d == nil {
		d = awsauth.Read(m.data)
		w.documents[m] = d
	}
	return d
}

func object(m *small) *corev1.ConfigMap {
	if m == nobody {
		return nil
	}
	c := &corev1.ConfigMap{Data: m.data}
	c.Name, c.Namespace = awsauth.Name, awsauth.Namespace
	return c
}

// edit makes one edit and judges what the guard says to it.
func (w *worker) edit(by writer, old, written *small) error {
	w.edits++
	before := w.verdicts[old]
	r := &admission.Request{Operation: admissionv1.Update, FieldManager: by.manager, Old: object(old), New: object(written)}
	c := &validate.Change{New: w.read(written), Deleted: written == nobody}
	if old == nobody {
		r.Operation = admissionv1.Create
	} else {
		c.Old = w.read(old)
	}
	if written == nobody {
		r.Operation = admissionv1.Delete
	}
	was := w.identify(by, before, r, c)
	options := by.policy.Options()
	c.Facts = w.cluster.facts(validate.AskForRepair(c, options))
	mutation := w.mutate(by.policy, r, c)
	stored, after := written, w.verdicts[written]
	if mutation.Result == admission.Repaired {
		w.repaired++
		stored = &small{name: written.name, data: maps.Clone(written.data), items: written.items, hidden: written.hidden}
		maps.Copy(stored.data, mutation.Data)
		var err error
		if after, err = w.judge.verdict(stored.data); err != nil {
			return err
		}
		r.New = object(stored)
		c = &validate.Change{Old: c.Old, New: awsauth.Read(stored.data), Requester: c.Requester}
	}
	c.Facts = w.cluster.facts(validate.Ask(c, options))
	told := &claim{
		written: written, before: before, after: after, rest: w.rests[written],
		author: by.caller, was: was, cluster: &w.cluster,
	}
	decision := w.validate(by.policy, r, c)
	repaired := mutation.Result == admission.Repaired
	w.check(by, told, old, decision, repaired)
	if repaired && decision.Admits() {
		w.checkRepairs(by, old, written, mutation, after)
	}
	return nil
}

// identify says who the author is to the API server: whom the old map makes of it, or somebody who came in another way.
func (w *worker) identify(by writer, before *verdict, r *admission.Request, c *validate.Change) *cases.Outcome {
	caller := callers()[by.caller]
	is := &cases.Outcome{Username: "kubernetes-admin", Groups: []string{"system:masters"}}
	was, in := before.sure(by.caller)
	if in {
		is = &was
	}
	groups := append(slices.Clone(is.Groups), "system:authenticated")
	r.User = authenticationv1.UserInfo{Username: is.Username, Groups: groups, Extra: map[string]authenticationv1.ExtraValue{
		"arn": {caller.ARN}, "sessionName": {caller.SessionName}, "accessKeyId": {cases.AccessKeyID},
	}}
	c.Requester = &validate.Requester{
		Username: is.Username, Groups: groups, ARN: caller.ARN, SessionName: caller.SessionName, AccessKeyID: cases.AccessKeyID,
	}
	if !in {
		return nil
	}
	return &was
}

// check holds a decision against the judge.
func (w *worker) check(by writer, c *claim, old *small, d *admission.Decision, repaired bool) {
	said := map[string]bool{}
	for i := range d.Findings {
		c.finding = &d.Findings[i]
		said[c.finding.Rule] = true
		if !c.finding.Touched {
			continue
		}
		w.findings++
		confirm := w.rules[c.finding.Rule]
		switch {
		case confirm == nil:
			w.fail(by, old, c, c.finding.Rule+" has no confirmation", c.finding.Sentence().Text)
		case !confirm(c):
			w.fail(by, old, c, c.finding.Rule+" claims what the judge does not see", c.finding.Path()+": "+c.finding.Sentence().Text)
		}
	}
	if !d.Admits() {
		w.refused++
		if !slices.ContainsFunc(d.Findings, func(j admission.EvaluatedFinding) bool { return j.Refused && j.Touched }) {
			w.fail(by, old, c, "refused for nothing", d.Message)
		}
		return
	}
	for rule, lost := range map[string]bool{
		"self-lockout":      c.was != nil && c.after.loses(c.author, *c.was),
		"node-access-lost":  c.losesNodes(),
		"admin-access-lost": c.losesAdmins(),
		"system-masters":    c.newAdmins(),
	} {
		if lost && !said[rule] && !said["map-deleted"] {
			w.fail(by, old, c, "admitted without "+rule, fmt.Sprintf("was %v, is %v; nodes were %v %v, are %v %v",
				c.was, c.after.outcomes[c.author], c.before.outcomes[node], c.before.outcomes[fargate], c.after.outcomes[node], c.after.outcomes[fargate]))
		}
	}
	if m, silent := c.silence(old); silent && len(said) == 0 && !repaired {
		w.fail(by, old, c, "admitted without a word about an entry that does nothing", fmt.Sprintf("%v gets %v", m, c.after.outcomes[m.caller]))
	}
}

var repairPlace = regexp.MustCompile(`^repaired (\w+)(?:\[(\d+)\])?`)

// checkRepairs holds that the messages about repairs name exactly those to whom the repairs make a difference. One about a
// list that was lost names the list: it lets in nobody else, and somebody.
func (w *worker) checkRepairs(by writer, old, written *small, d *admission.Decision, after *verdict) {
	named, changed, list := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, text := range d.Warnings {
		m := repairPlace.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		i, err := strconv.Atoi(m[2])
		for at, item := range written.items[m[1]] {
			switch {
			case err != nil:
				list[callerRole(item.caller)] = true
			case at == i:
				named[callerRole(item.caller)] = true
			}
		}
	}
	was := w.verdicts[written]
	for caller := range after.outcomes {
		if !after.same(was, caller) {
			changed[callerRole(caller)] = true
		}
	}
	exact := maps.Clone(changed)
	maps.DeleteFunc(exact, func(caller string, _ bool) bool { return list[caller] && !named[caller] })
	if !maps.Equal(named, exact) || len(list) > 0 && len(changed) == 0 {
		w.fail(by, old, &claim{written: written}, "repairs change others than they name",
			fmt.Sprintf("named %v, changed %v: %q", slices.Sorted(maps.Keys(named)), slices.Sorted(maps.Keys(changed)), d.Warnings))
	}
}

func (w *worker) fail(by writer, old *small, c *claim, what, detail string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.wrong[what]
	if f == nil {
		f = &fault{}
		w.wrong[what] = f
	}
	f.times++
	size := len(old.name) + len(c.written.name)
	if f.times == 1 || size < f.size {
		f.size, f.example = size, fmt.Sprintf("%s, from (%s) to (%s): %s", by.name, old.name, c.written.name, detail)
	}
}

// run makes the edits of each old map that list gives, on all processors.
func (p *prover) run(t *testing.T, by []writer, list func(old int) []*small) {
	t.Helper()
	olds := append(slices.Clone(p.maps), nobody)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			w := p.worker()
			for i := int(next.Add(1)) - 1; i < len(olds); i = int(next.Add(1)) - 1 {
				for _, written := range list(i) {
					for _, b := range by {
						if err := w.edit(b, olds[i], written); err != nil {
							t.Errorf("from (%s) to (%s): %v", olds[i].name, written.name, err)
							return
						}
					}
				}
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			p.total.edits += w.edits
			p.total.refused += w.refused
			p.total.repaired += w.repaired
			p.total.findings += w.findings
		})
	}
	wait.Wait()
}

// report fails the test for all that is wrong.
func (p *prover) report(t *testing.T) {
	t.Helper()
	for _, what := range slices.Sorted(maps.Keys(p.wrong)) {
		f := p.wrong[what]
		t.Errorf("%s (%d times), as %s", what, f.times, strings.TrimSpace(f.example))
	}
	t.Logf("%d maps; %d edits: %d refused, %d repaired; %d findings confirmed", len(p.maps), p.total.edits, p.total.refused, p.total.repaired, p.total.findings)
}

// minMaps and minEdits are the least that the proof is worth something for.
const (
	minMaps  = 2_000
	minEdits = 4_000_000
)

// TestEverySmallEdit takes each edit from one map of the universe to another, by a person under the profile standard and by
// a pipeline under strict; deletes and new maps as well. Without the variable it takes a sample, under both profiles.
func TestEverySmallEdit(t *testing.T) {
	p := newProver(t)
	if n := len(p.maps); n < minMaps || n*(n-1) < minEdits {
		t.Fatalf("the universe has %d maps", n)
	}
	start := time.Now()
	if value := os.Getenv(everyEdit); value != "" {
		part, parts := 1, 1
		if strings.Contains(value, "/") {
			if n, err := fmt.Sscanf(value, "%d/%d", &part, &parts); n != 2 || err != nil || part < 1 || part > parts {
				t.Fatalf("%s is %q; want 1, or a part like 3/20", everyEdit, value)
			}
		}
		all := append(slices.Clone(p.maps), nobody)
		p.run(t, writers()[:2], func(old int) []*small {
			switch {
			case old%parts != part-1:
				return nil
			case old == len(p.maps):
				return p.maps // there is nothing to delete
			}
			return all
		})
	} else {
		p.run(t, writers(), p.sample)
	}
	p.report(t)
	t.Logf("in %s", time.Since(start).Round(time.Second))
}

// sample gives of the edits of a map those from it to the plain map, to no map, and to one other; of the plain map and of
// no map all.
func (p *prover) sample(old int) []*small {
	if old == 0 || old == len(p.maps) {
		return p.maps[1:]
	}
	const stride = 1_009 // a prime, so that each map is the old and the new one alike often
	return []*small{p.maps[0], nobody, p.maps[(old*stride+old/7)%len(p.maps)]}
}
