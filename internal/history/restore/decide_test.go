package restore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	nodes  = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	others = "- rolearn: arn:aws:iam::111122223333:role/others\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	dev    = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"
)

func doc(roles string) *awsauth.Document {
	return awsauth.Read(map[string]string{"mapRoles": roles})
}

func TestFind(t *testing.T) {
	ready := &validate.NodeFacts{Ready: 3}
	known := &validate.NodeFacts{Ready: 3, ByRole: map[string][]string{"arn:aws:iam::111122223333:role/nodes": {"ip-10-0-0-1"}}}
	for name, c := range map[string]struct {
		live, good *awsauth.Document
		nodes      *validate.NodeFacts
		want       Break
	}{
		"whole":                       {doc(nodes), doc(nodes), ready, Whole},
		"deleted":                     {nil, doc(nodes), ready, Deleted},
		"deleted, none good":          {nil, nil, nil, Deleted},
		"emptied":                     {doc("[]\n"), doc(nodes), ready, Deleted},
		"not there":                   {awsauth.Read(nil), doc(nodes), nil, Deleted},
		"unreadable":                  {doc(nodes + " x: y\n"), doc(nodes), nil, Unreadable},
		"no list":                     {doc("a: b\n"), doc(nodes), nil, Unreadable},
		"accounts unreadable":         {awsauth.Read(map[string]string{"mapRoles": nodes, "mapAccounts": "{"}), doc(nodes), nil, Unreadable},
		"nodes lost":                  {doc(dev), doc(nodes + dev), ready, NodesLost},
		"a group of the nodes lost":   {doc(strings.Replace(nodes, "  - system:nodes\n", "", 1)), doc(nodes), ready, NodesLost},
		"nodes lost, none there":      {doc(dev), doc(nodes + dev), &validate.NodeFacts{}, Whole},
		"nodes lost, not known":       {doc(dev), doc(nodes + dev), nil, Whole},
		"one of two lost":             {doc(others), doc(nodes + others), ready, Whole},
		"one of two lost, in use":     {doc(others), doc(nodes + others), known, NodesLost},
		"the other of two lost":       {doc(nodes), doc(nodes + others), known, Whole},
		"somebody else lost":          {doc(nodes), doc(nodes + dev), ready, Whole},
		"no nodes came in by it ever": {doc(dev), doc(dev + "# x\n"), ready, Whole},
	} {
		if got := Find(c.live, c.good, c.nodes, nil); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestFindWithAccessEntries holds that what EKS does not read is never broken, and that nodes with an access entry are not lost.
func TestFindWithAccessEntries(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	view := func(mode snapshot.Mode, role string, kind snapshot.Type, age time.Duration) *snapshot.View {
		born := now.AddDate(-1, 0, 0)
		s := &snapshot.Snapshot{TakenAt: now.Add(-age), Cluster: snapshot.Cluster{Name: "blue", AuthenticationMode: mode}}
		if role != "" {
			s.Entries = []snapshot.Entry{{PrincipalARN: "arn:aws:iam::111122223333:role/" + role, Type: kind, CreatedAt: now.AddDate(0, -1, 0), PrincipalCreatedAt: &born}}
		}
		return s.At(now, time.Hour)
	}
	ready := &validate.NodeFacts{Ready: 3}
	for name, c := range map[string]struct {
		live *awsauth.Document
		view *snapshot.View
		want Break
	}{
		"deleted, mode API":                {nil, view(snapshot.API, "", "", 0), Whole},
		"unreadable, mode API of long ago": {doc(nodes + " x: y\n"), view(snapshot.API, "", "", 1000*time.Hour), Whole},
		"deleted":                          {nil, view(snapshot.Both, "nodes", snapshot.EC2Linux, 0), Deleted},
		"nodes that have an access entry":  {doc(dev), view(snapshot.Both, "nodes", snapshot.EC2Linux, 0), Whole},
		"one of another type":              {doc(dev), view(snapshot.Both, "nodes", snapshot.EC2Windows, 0), NodesLost},
		"one of another role":              {doc(dev), view(snapshot.Both, "others", snapshot.EC2Linux, 0), NodesLost},
		"one as of long ago":               {doc(dev), view(snapshot.Both, "nodes", snapshot.EC2Linux, 2*time.Hour), NodesLost},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Find(c.live, doc(nodes+dev), ready, c.view); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// at is so many seconds into the story.
func at(seconds int) time.Time { return time.Unix(1_800_000_000+int64(seconds), 0) }

func TestDecide(t *testing.T) {
	const grace = 60 * time.Second
	good := func(n int64, name string, seconds int) *history.Revision {
		return &history.Revision{Number: n, Name: name, Good: true, Recorded: at(seconds)}
	}
	gone := func(n int64, seconds int) *history.Revision {
		return &history.Revision{Number: n, Name: "gone", Deleted: true, Recorded: at(seconds)}
	}
	bad := func(n int64, seconds int) *history.Revision {
		return &history.Revision{Number: n, Name: "bad", Recorded: at(seconds)}
	}
	empty := func(n int64, seconds int) *history.Revision {
		return &history.Revision{Number: n, Name: "empty", Recorded: at(seconds), Problems: []string{"it lets nobody in"}}
	}
	with := func(r *history.Revision, change func(*history.Revision)) *history.Revision {
		change(r)
		return r
	}
	restored := func(n int64, name string, seconds, restored int) *history.Revision {
		return with(good(n, name, seconds), func(r *history.Revision) { r.Restored = at(restored) })
	}
	override := func(r *history.Revision, text string) *history.Revision {
		return with(r, func(r *history.Revision) { r.Override = text })
	}
	rules := func(rule string, action validate.Action) *policy.Policy {
		p := policy.Default()
		p.Rules[rule] = policy.Rule{Action: action}
		return p
	}
	audit := policy.Default()
	audit.Profile = validate.Audit
	for name, c := range map[string]struct {
		now     int
		off     bool
		policy  *policy.Policy
		what    Break
		history []*history.Revision
		want    Action
		number  int64
		says    string
	}{
		"off":                 {now: 1000, off: true, what: Deleted, history: []*history.Revision{gone(2, 0), good(1, "a", 0)}, want: Nothing},
		"whole":               {now: 1000, history: []*history.Revision{good(1, "a", 0)}, want: Nothing},
		"no history":          {now: 1000, what: Deleted, want: Nothing},
		"at once":             {now: 0, what: Deleted, history: []*history.Revision{gone(2, 0), good(1, "a", -100)}, want: Wait, number: 1, says: "revision 1 is put back at 2027-01-15T08:01:00Z"},
		"a second too early":  {now: 59, what: Deleted, history: []*history.Revision{gone(2, 0), good(1, "a", -100)}, want: Wait, number: 1},
		"after the grace":     {now: 60, what: Deleted, history: []*history.Revision{gone(2, 0), good(1, "a", -100)}, want: Restore, number: 1},
		"the last good one":   {now: 60, what: Unreadable, history: []*history.Revision{bad(4, 0), bad(3, -10), good(2, "b", -90), good(1, "a", -100)}, want: Restore, number: 2},
		"another broken text": {now: 60, what: Unreadable, history: []*history.Revision{bad(4, 30), bad(3, -10), good(2, "b", -90)}, want: Wait, number: 2},
		"nothing good":        {now: 60, what: Unreadable, history: []*history.Revision{bad(2, 0), bad(1, -10)}, want: Leave, says: "no good revision"},
		"good when it came":   {now: 60, what: NodesLost, history: []*history.Revision{good(2, "b", 0), good(1, "a", -10)}, want: Leave, says: "good when it came to be"},
		"let pass": {now: 60, what: Deleted, want: Leave, says: "somebody meant it", history: []*history.Revision{
			with(gone(2, 0), func(r *history.Revision) { r.Admitted = true }), good(1, "a", -10),
		}},
		"the policy lets deletes pass":      {now: 60, policy: rules("map-deleted", validate.Warn), what: Deleted, history: []*history.Revision{gone(2, 0), good(1, "a", -10)}, want: Leave, says: "map-deleted"},
		"the policy lets node losses pass":  {now: 60, policy: rules("node-access-lost", validate.Off), what: NodesLost, history: []*history.Revision{bad(2, 0), good(1, "a", -10)}, want: Leave, says: "node-access-lost"},
		"the policy lets other things pass": {now: 60, policy: rules("map-deleted", validate.Warn), what: NodesLost, history: []*history.Revision{bad(2, 0), good(1, "a", -10)}, want: Restore, number: 1},
		"the profile audit":                 {now: 60, policy: audit, what: Deleted, history: []*history.Revision{gone(2, 0), good(1, "a", -10)}, want: Leave, says: "the policy does not refuse"},
		"a delete that was overridden":      {now: 60, what: Deleted, history: []*history.Revision{override(gone(2, 0), "map-deleted: we move"), override(good(1, "a", -10), "map-deleted: we move")}, want: Leave, says: "override"},
		"an override that was left":         {now: 60, what: Deleted, history: []*history.Revision{gone(2, 0), override(good(1, "a", -10), "map-deleted: we move")}, want: Restore, number: 1},
		"emptied with an override, deleted": {now: 60, what: Deleted, history: []*history.Revision{gone(3, 0), override(empty(2, -5), "map-deleted: we move"), good(1, "a", -10)}, want: Leave, says: "override"},
		"emptied without one, deleted":      {now: 60, what: Deleted, history: []*history.Revision{gone(3, 0), override(empty(2, -5), "map-deleted: x"), override(good(1, "a", -10), "map-deleted: x")}, want: Restore, number: 1},
		"broken with one, deleted":          {now: 60, what: Deleted, history: []*history.Revision{gone(3, 0), override(bad(2, -5), "map-deleted: x"), good(1, "a", -10)}, want: Restore, number: 1},
		"an override of something else":     {now: 60, what: Deleted, history: []*history.Revision{override(gone(2, 0), "role-path: x"), good(1, "a", -10)}, want: Restore, number: 1},
		"a loss that was overridden":        {now: 60, what: NodesLost, history: []*history.Revision{override(bad(2, 0), "role-path,node-access-lost: x"), good(1, "a", -10)}, want: Leave, says: "override"},
		"an old override":                   {now: 60, what: NodesLost, history: []*history.Revision{override(bad(2, 0), "node-access-lost: x"), override(good(1, "a", -10), "node-access-lost: x")}, want: Restore, number: 1},
		"an override that says nothing":     {now: 60, what: NodesLost, history: []*history.Revision{override(bad(2, 0), "node-access-lost"), good(1, "a", -10)}, want: Restore, number: 1},
		"broken again":                      {now: 900, what: Deleted, history: []*history.Revision{gone(4, 300), restored(3, "a", 200, 199)}, want: Leave, says: "restored once already"},
		"broken again before it was seen":   {now: 900, what: Deleted, history: []*history.Revision{gone(2, 100), restored(1, "a", -10, 199)}, want: Leave, says: "restored once"},
		"a good edit, and broken again":     {now: 900, what: Deleted, history: []*history.Revision{gone(5, 500), good(4, "b", 400), restored(3, "a", 200, 199)}, want: Restore, number: 4},
		"an old good one does not count":    {now: 900, what: Deleted, history: []*history.Revision{gone(4, 300), restored(3, "a", 200, 199), good(1, "b", -10)}, want: Leave, says: "restored once"},
		"fixed by hand within the second":   {now: 900, what: Deleted, history: []*history.Revision{gone(5, 300), good(4, "b", 199), restored(3, "a", 199, 199)}, want: Restore, number: 4},
		"restored twice":                    {now: 900, what: Deleted, history: []*history.Revision{gone(6, 500), restored(5, "b", 450, 449), restored(3, "a", 200, 199)}, want: Leave, says: "restored once"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Situation{Now: at(c.now), Grace: grace, Break: c.what, Policy: c.policy, History: c.history}
			if s.Policy == nil {
				s.Policy = policy.Default()
			}
			if c.off {
				s.Grace = 0
			}
			d := Decide(s)
			if d.Action != c.want || d.Revision != c.number || !strings.Contains(d.Reason, c.says) || (d.Action == Nothing) != (d.Reason == "") {
				t.Errorf("%+v", d)
			}
		})
	}
}

// world is a cluster in a few words: states by letter, upper case for good ones.
type world struct {
	now     int
	live    string
	history []*history.Revision
}

func isGood(state string) bool { return state == strings.ToUpper(state) }

// become makes a state the live one, as the recorder does.
func (w *world) become(state string) {
	w.live = state
	number, mark := int64(1), time.Time{}
	if len(w.history) > 0 {
		if w.history[0].Name == state {
			return
		}
		number = w.history[0].Number + 1
	}
	w.history = slices.DeleteFunc(w.history, func(r *history.Revision) bool {
		if r.Name == state {
			mark = r.Restored
		}
		return r.Name == state
	})
	w.history = slices.Insert(w.history, 0, &history.Revision{Number: number, Name: state, Good: isGood(state), Recorded: at(w.now), Restored: mark})
}

// TestWhateverHappensItRestoresOnceAndNeverOverAGoodState tells thousands of stories of good and bad edits, looks and
// restarts, and holds what auto-restore promises.
func TestWhateverHappensItRestoresOnceAndNeverOverAGoodState(t *testing.T) {
	const grace = 30
	restores := 0
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 1))
		w := &world{}
		w.become("A")
		story := []string{"A"}
		// since is when the present state came; goodEdits counts edits to another good state than the one restored last.
		since, goodEdits, last := 0, 0, ""
		for range 60 {
			w.now += 1 + random.IntN(20)
			if random.IntN(3) == 0 {
				state := []string{"A", "B", "C", "x", "y", "z"}[random.IntN(6)]
				if state != w.live {
					since = w.now
					if isGood(state) && state != last {
						goodEdits++
					}
				}
				w.become(state)
				story = append(story, fmt.Sprintf("%d:%s", w.now, state))
				continue
			}
			found := Whole
			if !isGood(w.live) {
				found = Unreadable
			}
			d := Decide(&Situation{Now: at(w.now), Grace: grace * time.Second, Break: found, Policy: policy.Default(), History: w.history})
			if d.Action != Restore {
				if d.Action == Nothing && found != Whole {
					t.Fatalf("seed %d: nothing is done about %v", seed, story)
				}
				continue
			}
			restores++
			target := lastGood(w.history)
			switch {
			case isGood(w.live):
				t.Fatalf("seed %d: restored over a good state: %v", seed, story)
			case w.now-since < grace:
				t.Fatalf("seed %d: restored after %d s: %v", seed, w.now-since, story)
			case last != "" && goodEdits == 0:
				t.Fatalf("seed %d: restored twice without a good edit between: %v", seed, story)
			case target.Number != d.Revision:
				t.Fatalf("seed %d: restored %d, not the last good one: %v", seed, d.Revision, story)
			}
			target.Restored = at(w.now)
			last, goodEdits = target.Name, 0
			w.become(target.Name)
			story = append(story, fmt.Sprintf("%d:restored %s", w.now, target.Name))
		}
	}
	if restores < 3000 {
		t.Errorf("%d restores in all: the stories try too little", restores)
	}
}
