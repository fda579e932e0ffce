package cli

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
)

// TestUndoTakesNoProtectedEntryAway: a state that lost a protected entry outside the guard comes after all others, and is not
// put in the place of a map that has the entry.
func TestUndoTakesNoProtectedEntryAway(t *testing.T) {
	content := func(names ...string) history.Content {
		var roles strings.Builder
		for _, name := range names {
			roles.WriteString("- rolearn: arn:aws:iam::111122223333:role/" + name + "\n  username: " + name + "\n")
		}
		return history.Content{Data: map[string]string{"mapRoles": roles.String()}}
	}
	const kept = "arn:aws:iam::111122223333:role/Keep"
	type state struct {
		has                  string
		good, lost, admitted bool
		override             string
	}
	for name, tt := range map[string]struct {
		live string
		// states are the history, the newest first; numbers count down.
		states []state
		want   int64
		lacks  bool
		fails  string
	}{
		"the one before the loss":           {live: "", states: []state{{has: "dev", good: true, lost: true}, {has: "keep dev", good: true}}, want: 1},
		"nor an edit after the loss":        {live: "keep", states: []state{{has: "keep", good: true}, {has: "ops", good: true}, {has: "dev", good: true, lost: true}, {has: "keep dev", good: true}}, want: 1},
		"it came back":                      {live: "x", states: []state{{has: "keep ops", good: true}, {has: "dev", good: true, lost: true}, {has: "keep dev", good: true}}, want: 3},
		"the guard let it pass":             {live: "x", states: []state{{has: "dev", good: true, lost: true, admitted: true}, {has: "keep dev", good: true}}, want: 2},
		"an override let it pass":           {live: "x", states: []state{{has: "dev", good: true, lost: true, override: "protected-entry: gone"}, {has: "keep dev", good: true}}, want: 2},
		"better than nothing":               {live: "", states: []state{{has: "dev", good: true, lost: true}, {has: "keep"}}, want: 2, lacks: true},
		"it would take the entry away":      {live: "keep", states: []state{{has: "keep", good: true}, {has: "dev", good: true, lost: true}}, fails: "revision 1, " + kept},
		"no good state":                     {live: "keep", states: []state{{has: "dev"}}, fails: "has no good state"},
		"the live map is the only good one": {live: "keep", states: []state{{has: "keep", good: true}}, fails: "has no good state"},
	} {
		t.Run(name, func(t *testing.T) {
			live := content(strings.Fields(tt.live)...)
			contents := map[string]history.Content{}
			var all []*history.Revision
			for i, s := range tt.states {
				c := content(strings.Fields(s.has)...)
				r := &history.Revision{Number: int64(len(tt.states) - i), Name: c.Name(), Good: s.good, Admitted: s.admitted, Override: s.override}
				if s.lost {
					r.ProtectedLost = []string{kept}
				}
				contents[r.Name], all = c, append(all, r)
			}
			to, err := lastGood(all, live, func(r *history.Revision) (history.Content, error) { return contents[r.Name], nil })
			switch {
			case tt.fails != "":
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("%+v, %v", to, err)
				}
			case err != nil:
				t.Error(err)
			case to.Number != tt.want || (len(to.lacks) > 0) != tt.lacks:
				t.Errorf("revision %d, lacks %q", to.Number, to.lacks)
			}
		})
	}
}
