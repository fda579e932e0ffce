package writers

import (
	"fmt"
	"strings"
	"testing"
)

const (
	node = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	// The entries that are added to it: one that is right, one that can be repaired, the same repaired, and one that can't be.
	good       = "- rolearn: arn:aws:iam::111122223333:role/qa\n  username: qa\n  groups: [qa]\n"
	repairable = "- rolearn: arn:aws:iam::111122223333:role/team/eng/dev\n  username: dev\n  groups: [devs]\n"
	repaired   = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [devs]\n"
	bad        = "- rolearn: arn:aws:sts::111122223333:assumed-role/qa/session\n  username: qa\n  groups: [qa]\n"
)

// writer is a tool that writes the map.
type writer struct {
	// name is that of its row in docs/writers.md and, with dashes, of its file in testdata.
	name string
	// seen is where its user looks.
	seen string
	// missing says that its program is not built.
	missing bool
	// begins says that the writer changes a map that is there already, and can't make one.
	begins bool
	// open prepares it, as the user whose kubeconfig lies at a path.
	open func(t *testing.T, l *lab, kubeconfig string) hands
}

// hands are what a writer can do.
type hands struct {
	// write writes a map with this mapRoles.
	write func(t *testing.T, mapRoles string) outcome
	// again does what its user or its schedule does without a change; nil writes the same.
	again func(t *testing.T, mapRoles string) outcome
	// remove removes the map; nil where the writer can't.
	remove func(t *testing.T) outcome
}

// tries is how often a refused writer tries again: each try costs what the first did.
const tries = 3

// exercise takes a writer through good, repairable and bad maps, and gives what happened.
func exercise(t *testing.T, l *lab, w *writer) []*step {
	user := "writer-" + w.file()
	_, kubeconfig, err := l.User(user, "system:masters")
	check(t, err)
	before := ""
	if w.begins {
		before = node
	}
	l.begin(t, before)
	h := w.open(t, l, kubeconfig)
	if h.again == nil {
		h.again = h.write
	}
	o := &observer{lab: l, user: user}
	write := func(name, text string) *step {
		return o.observe(t, name, text, func() outcome { return h.write(t, text) })
	}
	again := func(name, text string) *step {
		return o.observe(t, name, text, func() outcome { return h.again(t, text) })
	}

	write("good", node+good).wants(t, 0, asWritten)
	again("good again", node+good).wants(t, 0, unchanged)

	s := write("repairable", node+repairable)
	if s.fate == stored {
		s.wants(t, 0, stored)
		if got := l.stored(t).Data["mapRoles"]; got != node+repaired {
			t.Errorf("stored is\n%s", got)
		}
		s.says(t, "repaired mapRoles[1].rolearn", "arn:aws:iam::111122223333:role/team/eng/dev -> arn:aws:iam::111122223333:role/dev", "[role-path]")
	} else {
		s.wants(t, 1, unchanged)
		s.says(t, "this role ARN has the path team/eng/", "write arn:aws:iam::111122223333:role/dev", "[role-path]", "fix this in")
	}
	again("repairable again", node+repairable).wants(t, s.exit, unchanged)

	first := write("bad", node+bad).wants(t, 1, unchanged)
	first.says(t, "EKS would never match this ARN: it names an assumed-role session", "[arn-kind]")
	for range tries {
		s := again("bad again", node+bad).wants(t, 1, unchanged)
		if s.requests() > first.requests() {
			t.Errorf("the first try cost %d requests, a later one %d", first.requests(), s.requests())
		}
	}
	o.steps = o.steps[:len(o.steps)-tries+1]

	// Where the repair is stored already, there is nothing to write.
	write("right", node+repaired)
	if got := l.stored(t).Data["mapRoles"]; got != node+repaired {
		t.Errorf("stored is\n%s", got)
	}
	again("right again", node+repaired).wants(t, 0, unchanged)

	if h.remove != nil {
		s := o.observe(t, "delete", "", func() outcome { return h.remove(t) }).wants(t, 1, unchanged)
		// Helm drops the refusal of a delete, and shows the warning alone.
		s.says(t, "map-deleted")
	}
	return o.steps
}

// file is the name of its file in testdata, without the ending.
func (w *writer) file() string {
	return strings.NewReplacer(", ", "-", " --", "-", " ", "-").Replace(strings.ToLower(w.name))
}

// fate is what a step did to the map.
type fate string

const (
	asWritten fate = "stored as written"
	stored    fate = "stored repaired"
	unchanged fate = "nothing changed"
)

// step is what a writer did, and what came of it.
type step struct {
	name string
	outcome
	writes, dryRuns int
	fate            fate
}

func (s *step) requests() int { return s.writes + s.dryRuns }

func (s *step) String() string {
	return fmt.Sprintf("%s: exit %d, %s, %s; %s", s.name, s.exit, count(s.writes, "write"), count(s.dryRuns, "dry run"), s.fate)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (s *step) wants(t *testing.T, exit int, fate fate) *step {
	t.Helper()
	if s.exit != exit || s.fate != fate {
		t.Errorf("%v; want exit %d; %s\n%s", s, exit, fate, s.output)
	}
	return s
}

// says wants texts to be readable where the user looks, however the tool breaks the lines.
func (s *step) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(unwrapped(s.output), text) {
			t.Errorf("%s: nothing says %q in\n%s", s.name, text, s.output)
		}
	}
}

// observer notes the steps of one writer.
type observer struct {
	*lab
	user  string
	steps []*step
}

// observe does something and notes what came of it; text is what the map is to be.
func (o *observer) observe(t *testing.T, name, text string, do func() outcome) *step {
	t.Helper()
	before := o.stored(t)
	writes, dryRuns := o.requests(t, o.user)
	s := &step{name: name, outcome: do()}
	s.writes, s.dryRuns = o.requests(t, o.user)
	s.writes, s.dryRuns = s.writes-writes, s.dryRuns-dryRuns
	after := o.stored(t)
	switch {
	case before == nil && after == nil, before != nil && after != nil && before.ResourceVersion == after.ResourceVersion:
		s.fate = unchanged
	case after == nil:
		s.fate = "deleted"
	case after.Data["mapRoles"] == text:
		s.fate = asWritten
	default:
		s.fate = stored
	}
	o.steps = append(o.steps, s)
	return s
}
