package audit

import (
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// moment is when the tests look at a snapshot of five minutes before.
var moment = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func accessEntry(role string, kind snapshot.Type, policies ...string) snapshot.Entry {
	born := moment.AddDate(-1, 0, 0)
	e := snapshot.Entry{
		PrincipalARN: "arn:aws:iam::111122223333:role/path/" + role, Type: kind, Username: role,
		CreatedAt: moment.AddDate(0, -1, 0), PrincipalCreatedAt: &born,
	}
	for _, p := range policies {
		e.Policies = append(e.Policies, snapshot.Policy{ARN: "arn:aws:eks::aws:cluster-access-policy/" + p, Scope: snapshot.Scope{Type: "cluster"}})
	}
	return e
}

func staleEntry(role string) snapshot.Entry {
	e := accessEntry(role, snapshot.Standard)
	*e.PrincipalCreatedAt = moment
	return e
}

// doors gives an evaluation access entries, in a guard that works.
func doors(mode snapshot.Mode, entries ...snapshot.Entry) func(*Input) {
	return func(in *Input) {
		in.Guard = &registration.State{Installed: true}
		in.AccessEntries = (&snapshot.Snapshot{
			TakenAt: moment.Add(-5 * time.Minute), Entries: entries,
			Cluster: snapshot.Cluster{Name: "blue", AuthenticationMode: mode},
		}).At(moment, time.Hour)
	}
}

// old makes the snapshot one of long ago, and foreign one of another cluster.
func old(in *Input)     { in.AccessEntries = in.AccessEntries.At(moment.AddDate(0, 0, 1), time.Hour) }
func foreign(in *Input) { in.AccessEntries = in.AccessEntries.Of("sha256:other") }

func unreadable(in *Input) { in.AccessEntries, in.Unreadable = nil, "the snapshot is cut off" }

func TestOutcomesWithBothDoors(t *testing.T) {
	dev := accessEntry("dev", snapshot.Standard)
	for name, c := range map[string]struct {
		text string
		in   []func(*Input)
		rule string
		want Outcome
	}{
		"an entry overrules":                       {nodes + devs, []func(*Input){doors(snapshot.Both, dev)}, "shadowed-mapping", Warn},
		"no entry does":                            {nodes + devs, []func(*Input){doors(snapshot.Both)}, "shadowed-mapping", Pass},
		"nobody knows":                             {nodes + devs, nil, "shadowed-mapping", ""},
		"nobody knows any more":                    {nodes + devs, []func(*Input){doors(snapshot.Both, dev), old}, "shadowed-mapping", ""},
		"a stale entry":                            {nodes + devs, []func(*Input){doors(snapshot.Both, staleEntry("dev"))}, "stale-entry", Warn},
		"nobody reads the map":                     {nodes + devs, []func(*Input){doors(snapshot.API)}, "map-unread", Warn},
		"nobody does for good":                     {nodes + devs, []func(*Input){doors(snapshot.API), old}, "map-unread", Warn},
		"nobody of another cluster does":           {nodes + devs, []func(*Input){doors(snapshot.API), foreign}, "map-unread", ""},
		"a fault that nobody reads":                {strings.Replace(nodes, "role/", "role/a/", 1), []func(*Input){doors(snapshot.API)}, "role-path", ""},
		"a list that nobody reads":                 {broken, []func(*Input){doors(snapshot.API)}, "yaml-syntax", ""},
		"no map where nobody reads it":             {"", []func(*Input){doors(snapshot.API)}, "map-deleted", ""},
		"no map, and only entries are left":        {"", []func(*Input){doors(snapshot.Both, dev)}, "map-deleted", Warn},
		"no map, and the entries let nobody in":    {"", []func(*Input){doors(snapshot.Both, staleEntry("dev"))}, "map-deleted", Fail},
		"no map, and the entries are not known":    {"", []func(*Input){doors(snapshot.Both, dev), old}, "map-deleted", Fail},
		"no map in a mode that reads it alone":     {"", []func(*Input){doors(snapshot.ConfigMap)}, "map-deleted", Fail},
		"a fault of the map counts in mode both":   {strings.Replace(nodes, "role/", "role/a/", 1), []func(*Input){doors(snapshot.Both)}, "role-path", Fail},
		"a fault counts where the snapshot is old": {broken, []func(*Input){doors(snapshot.Both), old}, "yaml-syntax", Fail},
	} {
		t.Run(name, func(t *testing.T) {
			if got := outcome(evaluate(t, c.text, c.in...), c.rule); got != c.want {
				t.Errorf("%s: %q, want %q", c.rule, got, c.want)
			}
		})
	}
}

func TestASnapshotThatDoesNotCountIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		in   []func(*Input)
		want string
	}{
		"none":                  {nil, ""},
		"a good one":            {[]func(*Input){doors(snapshot.Both)}, ""},
		"an old one":            {[]func(*Input){doors(snapshot.Both), old}, "is 24 h old"},
		"of another cluster":    {[]func(*Input){doors(snapshot.API), foreign}, "certificate authority"},
		"one that is cut off":   {[]func(*Input){unreadable}, "cut off"},
		"mode API, though old":  {[]func(*Input){doors(snapshot.API), old}, ""},
		"mode API of this hour": {[]func(*Input){doors(snapshot.API)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, r := range evaluate(t, nodes, c.in...).Results {
				if r.Category == CategoryAccessEntries {
					got += r.Message
				}
			}
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("reported %q, want %q", got, c.want)
			}
		})
	}
}

func TestChangesOfBothDoors(t *testing.T) {
	node, dev := accessEntry("nodes", snapshot.EC2Linux), accessEntry("dev", snapshot.Standard)
	boss := accessEntry("dev", snapshot.Standard, snapshot.ClusterAdmin)
	demoted := accessEntry("admin", snapshot.Standard)
	look := func(text string, in ...func(*Input)) *Evaluation { return evaluate(t, text, in...) }
	works := func(in *Input) { in.Guard = &registration.State{Installed: true} }
	for name, c := range map[string]struct {
		// looks come one after the other; want is what the last one gives rise to.
		looks []*Evaluation
		want  string
	}{
		"the first snapshot":                     {[]*Evaluation{look(nodes, works), look(nodes, doors(snapshot.Both, node, boss))}, ""},
		"the first one, of mode API":             {[]*Evaluation{look(nodes, works), look(nodes, doors(snapshot.API, boss))}, ""},
		"a node mapping goes, its entry stays":   {[]*Evaluation{look(nodes+devs, doors(snapshot.Both, node)), look(devs, doors(snapshot.Both, node))}, ""},
		"it goes while nothing is known":         {[]*Evaluation{look(nodes+devs, doors(snapshot.Both, node)), look(devs, doors(snapshot.Both, node), old)}, ReasonSnapshot},
		"it goes, and has no entry":              {[]*Evaluation{look(nodes+devs, doors(snapshot.Both, dev)), look(devs, doors(snapshot.Both, dev))}, ReasonNodesLost},
		"the entry of nodes goes":                {[]*Evaluation{look(devs, doors(snapshot.Both, node)), look(devs, doors(snapshot.Both))}, ReasonNodesLost},
		"it goes, and the map has them":          {[]*Evaluation{look(nodes, doors(snapshot.Both, node)), look(nodes, doors(snapshot.Both))}, ""},
		"mode API, and all have entries":         {[]*Evaluation{look(nodes, doors(snapshot.Both, node)), look(nodes, doors(snapshot.API, node))}, ReasonModeChanged},
		"mode API, and nodes have none":          {[]*Evaluation{look(nodes, doors(snapshot.Both)), look(nodes, doors(snapshot.API))}, ReasonModeChanged + " " + ReasonNodesLost},
		"the map goes that nobody reads":         {[]*Evaluation{look(nodes+admin, doors(snapshot.API, node)), look("", doors(snapshot.API, node))}, ""},
		"an administrator by access entry":       {[]*Evaluation{look(devs, doors(snapshot.Both, dev)), look(devs, doors(snapshot.Both, boss))}, ReasonAdminGranted},
		"one who is one by the map already":      {[]*Evaluation{look(strings.ReplaceAll(admin, "admin", "dev"), doors(snapshot.Both)), look(devs, doors(snapshot.Both, boss))}, ""},
		"the map grants what is overruled":       {[]*Evaluation{look(nodes, doors(snapshot.Both, demoted)), look(nodes+admin, doors(snapshot.Both, demoted))}, ""},
		"the map grants what nobody reads":       {[]*Evaluation{look(nodes, doors(snapshot.API)), look(nodes+admin, doors(snapshot.API))}, ""},
		"what is overruled when it gets old":     {[]*Evaluation{look(nodes+admin, doors(snapshot.Both, demoted)), look(nodes+admin, doors(snapshot.Both, demoted), old)}, ReasonSnapshot},
		"the snapshot gets old":                  {[]*Evaluation{look(nodes, doors(snapshot.Both, node, boss)), look(nodes, doors(snapshot.Both, node, boss), old)}, ReasonSnapshot},
		"it stays old":                           {[]*Evaluation{look(nodes, doors(snapshot.Both), old), look(nodes, doors(snapshot.Both), old)}, ""},
		"it breaks":                              {[]*Evaluation{look(nodes, doors(snapshot.Both), old), look(nodes, works, unreadable)}, ReasonSnapshot},
		"a new one comes":                        {[]*Evaluation{look(nodes, doors(snapshot.Both), old), look(nodes, doors(snapshot.Both))}, ReasonInOrder},
		"it reports then what came meanwhile":    {[]*Evaluation{look(devs, doors(snapshot.Both, dev)), look(devs, doors(snapshot.Both), old), look(devs, doors(snapshot.Both, boss))}, ReasonAdminGranted + " " + ReasonInOrder},
		"nodes whose entry went in the meantime": {[]*Evaluation{look(devs, doors(snapshot.Both, node)), look(devs, doors(snapshot.Both), old), look(devs, doors(snapshot.Both))}, ReasonInOrder + " " + ReasonNodesLost},
	} {
		t.Run(name, func(t *testing.T) {
			var before *State
			for _, e := range c.looks[:len(c.looks)-1] {
				s := e.State(before)
				before = &s
			}
			events := c.looks[len(c.looks)-1].Changes(before)
			kept := events[:0]
			for _, e := range events {
				// What is wrong with the text is for other tests.
				if e.Reason != ReasonFinding {
					kept = append(kept, e)
				}
			}
			if got := reasons(kept); got != c.want {
				t.Errorf("told %q, want %q: %v", got, c.want, kept)
			}
		})
	}
}
