package cluster

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"

	authenticationv1 "k8s.io/api/authentication/v1"
)

// TestTurnsAreFair: users without end ask without end, and give up now and then. Never are more questions under way than there
// may be, of all or of one user; nobody waits while there are turns for him; and who waits gets his turn before any other gets
// two more.
func TestTurnsAreFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var line turns
		random := rand.New(rand.NewPCG(13, 5))
		type question struct {
			user  identity
			ended context.CancelFunc
			done  chan error
		}
		var waiting, busy []*question
		// served counts the turns of each user since another began to wait.
		served := map[identity]map[identity]int{}
		settle := func() {
			synctest.Wait()
			var left []*question
			for _, q := range waiting {
				select {
				case err := <-q.done:
					if err != nil {
						continue
					}
					busy = append(busy, q)
					delete(served, q.user)
					for _, counts := range served {
						counts[q.user]++
					}
				default:
					left = append(left, q)
				}
			}
			waiting = left
			maps.DeleteFunc(served, func(user identity, _ map[identity]int) bool {
				return !slices.ContainsFunc(waiting, func(q *question) bool { return q.user == user })
			})
			for _, q := range waiting {
				if served[q.user] == nil {
					served[q.user] = map[identity]int{}
				}
			}
		}
		check := func() {
			t.Helper()
			of := map[identity]int{}
			for _, q := range busy {
				if of[q.user]++; of[q.user] > userTurns {
					t.Fatalf("%d questions of one user are under way", of[q.user])
				}
			}
			if len(busy) > allTurns || line.busy != len(busy) {
				t.Fatalf("%d questions are under way, counted as %d", len(busy), line.busy)
			}
			for _, q := range waiting {
				if len(busy) < allTurns && of[q.user] < userTurns {
					t.Fatal("a question waits though there are turns")
				}
				if of[q.user] == userTurns {
					delete(served, q.user) // he waits for himself
				}
				for other, n := range served[q.user] {
					if n > 2 {
						t.Fatalf("user %d waits, and %d got %d turns meanwhile", q.user[0], other[0], n)
					}
				}
			}
		}
		for range 5_000 {
			switch n := random.IntN(10); {
			case n < 5:
				user := identity{byte(random.IntN(1 + random.IntN(12)))} // the first ask the most
				ctx, cancel := context.WithCancel(t.Context())
				q := &question{user, cancel, make(chan error, 1)}
				go func() { q.done <- line.take(ctx, user) }()
				waiting = append(waiting, q)
			case n < 9 && len(busy) > 0:
				i := random.IntN(len(busy))
				line.leave(busy[i].user)
				busy[i].ended()
				busy = append(busy[:i], busy[i+1:]...)
			case len(waiting) > 0:
				waiting[random.IntN(len(waiting))].ended()
			}
			settle()
			check()
		}
		for len(busy)+len(waiting) > 0 {
			for _, q := range waiting {
				q.ended()
			}
			for _, q := range busy {
				line.leave(q.user)
			}
			busy = nil
			settle()
		}
		if line.busy != 0 || len(line.byUser)+len(line.waiting)+len(line.next) != 0 {
			t.Errorf("left behind: %+v", &line)
		}
	})
}

// TestAQuestionIsAskedForWhoeverWaits: the turn that one gave up is taken by the next who wants to know the same.
func TestAQuestionIsAskedForWhoeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var line turns
		for range userTurns {
			if err := line.take(t.Context(), identity{}); err != nil {
				t.Fatal(err)
			}
		}
		m := newMemo[bool](Options{}.withDefaults(), 0)
		ask := func(ctx context.Context) (bool, error) {
			if err := line.take(ctx, identity{}); err != nil {
				return false, err
			}
			defer line.leave(identity{})
			return true, nil
		}
		first, giveUp := context.WithCancel(t.Context())
		answers := make(chan error, 2)
		for _, ctx := range []context.Context{first, t.Context()} {
			go func() {
				yes, err := m.get(ctx, "may I?", ask)
				if !yes && err == nil {
					err = errors.New("the answer is no")
				}
				answers <- err
			}()
			synctest.Wait()
		}
		giveUp()
		if err := <-answers; err == nil {
			t.Error("an answer without a turn")
		}
		line.leave(identity{})
		if err := <-answers; err != nil {
			t.Errorf("who still waits gets no answer: %v", err)
		}
	})
}

// TestAnswersBelongToOneUser: whatever the authorizers see of a user tells answers apart.
func TestAnswersBelongToOneUser(t *testing.T) {
	type extra = map[string]authenticationv1.ExtraValue
	seen := map[identity]string{}
	for name, user := range map[string]authenticationv1.UserInfo{
		"plain":                  {Username: "jane", Groups: []string{"a", "b"}},
		"joined groups":          {Username: "jane", Groups: []string{"a\x00b"}},
		"a group in the name":    {Username: "jane\x00a", Groups: []string{"b"}},
		"quotes":                 {Username: `jane","groups":["a`, Groups: []string{"b"}},
		"another UID":            {Username: "jane", UID: "1", Groups: []string{"a", "b"}},
		"an extra":               {Username: "jane", Groups: []string{"a", "b"}, Extra: extra{"scopes": {"x"}}},
		"another extra":          {Username: "jane", Groups: []string{"a", "b"}, Extra: extra{"scopes": {"y"}}},
		"another name of extra":  {Username: "jane", Groups: []string{"a", "b"}, Extra: extra{"Scopes": {"x"}}},
		"two values of an extra": {Username: "jane", Groups: []string{"a", "b"}, Extra: extra{"scopes": {"x", "y"}}},
	} {
		id, err := identityOf(&user)
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := seen[id]; twice {
			t.Errorf("%s and %s share answers", name, other)
		}
		seen[id] = name
	}
}

// TestAFloodOfQuestionsPushesOutTheOldestAnswers, and not all at once.
func TestAFloodOfQuestionsPushesOutTheOldestAnswers(t *testing.T) {
	m := newMemo[int](Options{}.withDefaults(), 0)
	asked := 0
	get := func(key int) {
		if _, err := m.get(t.Context(), strconv.Itoa(key), func(context.Context) (int, error) { asked++; return key, nil }); err != nil {
			t.Fatal(err)
		}
	}
	get(-1)
	for key := range 3 * maxHeld {
		get(key)
		if _, held := m.fresh("-1"); !held {
			t.Fatalf("after %d other questions the answer that is of use all the time is gone", key+1)
		}
	}
	if want := 1 + 3*maxHeld; asked != want {
		t.Errorf("%d questions, want %d", asked, want)
	}
	if _, held := m.fresh("0"); held {
		t.Error("answers without end are kept")
	}
}
