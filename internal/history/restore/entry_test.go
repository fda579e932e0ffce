package restore

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	keptARN = "arn:aws:iam::111122223333:role/kept"
	kept    = "- rolearn: " + keptARN + "\n  username: kept\n  groups: [admins]\n"
)

// cluster is what a story changes: its map, and the history of the map.
type cluster struct {
	now      int
	history  []*history.Revision
	contents map[string]history.Content
}

func (c *cluster) live() history.Content { return c.contents[c.history[0].Name] }

func has(content history.Content) bool { return strings.Contains(content.Data["mapRoles"], keptARN) }

// become makes a text the live map, as the recorder does.
func (c *cluster) become(text string, admitted bool) {
	content := history.Content{Data: map[string]string{"mapRoles": text}}
	r := &history.Revision{Number: 1, Name: content.Name(), Good: true, Recorded: at(c.now), Admitted: admitted}
	if len(c.history) > 0 {
		newest := c.history[0]
		if newest.Name == r.Name {
			return
		}
		r.Number, r.PutBack = newest.Number+1, newest.PutBack
		if has(c.live()) && !has(content) {
			r.ProtectedLost = []string{keptARN}
		}
	}
	c.contents[r.Name] = content
	c.history = slices.DeleteFunc(c.history, func(x *history.Revision) bool { return x.Name == r.Name })
	c.history = slices.Insert(c.history, 0, r)
	c.history = c.history[:min(len(c.history), 6)]
}

// keptItem is the entry in any style of a block list.
var keptItem = regexp.MustCompile(`(?m)^- rolearn: ` + keptARN + `\n(?: .*\n)*`)

// TestWhateverHappensAnEntryComesBackOnce tells hundreds of stories of edits with and past the guard, and of looks.
func TestWhateverHappensAnEntryComesBackOnce(t *testing.T) {
	const grace = 30
	p := policy.Default()
	p.Protected = []validate.Protected{{ARN: "arn:aws:iam::111122223333:role/k*"}}
	restores := 0
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 2))
		c := &cluster{contents: map[string]history.Content{}}
		c.become(nodes+kept, false)
		story := []string{}
		// since is when the present text came. meant is set where the guard let pass that the entry was taken away. fresh
		// counts states with the entry that others have stored since the last restore; made is the state of that.
		since, meant, fresh, made := 0, false, 1, ""
		for range 60 {
			c.now += 1 + random.IntN(20)
			if random.IntN(3) == 0 {
				text := nodes + strings.Repeat(dev, random.IntN(2)) + strings.Repeat("# "+fmt.Sprint(random.IntN(40))+"\n", random.IntN(2))
				if random.IntN(2) == 0 {
					text += kept
				}
				admitted := random.IntN(3) == 0
				had, before := has(c.live()), c.history[0].Name
				c.become(text, admitted)
				story = append(story, fmt.Sprintf("%d: %v %v", c.now, has(c.live()), admitted))
				if c.history[0].Name == before {
					continue
				}
				since = c.now
				if has(c.live()) && c.history[0].Name != made {
					fresh++
				}
				if had && !has(c.live()) {
					meant = admitted
				}
				continue
			}
			s := &Situation{Now: at(c.now), Grace: grace * time.Second, Policy: p, History: c.history}
			d, after, err := DecideEntries(s, c.live(), Reader{
				Content: func(r *history.Revision) (history.Content, error) { return c.contents[r.Name], nil },
				Passed:  func(*history.Revision) (bool, error) { return false, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			if d.Action != Restore {
				continue
			}
			restores++
			switch {
			case has(c.live()) || meant:
				t.Fatalf("seed %d: put back though it is there, or was meant: %v", seed, story)
			case c.now-since < grace:
				t.Fatalf("seed %d: put back after %d s: %v", seed, c.now-since, story)
			case fresh == 0:
				t.Fatalf("seed %d: put back twice, and nobody has stored it between: %v", seed, story)
			case !has(after) || keptItem.ReplaceAllString(after.Data["mapRoles"], "") != c.live().Data["mapRoles"]:
				t.Fatalf("seed %d: changed more than the entry: %q", seed, after.Data["mapRoles"])
			}
			notes := notes(c.history[0].PutBack, d.Entries)
			for i := range notes {
				notes[i].At, notes[i].State = at(c.now), d.Content
			}
			c.history[0].PutBack = notes
			made, fresh = d.Content, 0
			c.become(after.Data["mapRoles"], false)
			since = c.now
			story = append(story, fmt.Sprintf("%d: put back", c.now))
		}
	}
	if restores < 400 {
		t.Errorf("%d in all: the stories try too little", restores)
	}
}
