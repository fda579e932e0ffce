package cluster

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// How many questions about grants are under way at one time, of all users together and of one.
const (
	allTurns  = 32
	userTurns = 8
)

// errNoTurn says that a question was not asked, because too many others were before it.
var errNoTurn = errors.New("too many other questions are under way")

// turns bounds the questions that are under way, and lets the users take turns: who asks much waits for his own questions
// and not others for his. The zero value is ready.
type turns struct {
	mu sync.Mutex
	// busy counts the questions that are under way, by user those of each who has any.
	busy   int
	byUser map[identity]int
	// waiting are the questions of each user, the first to be asked first; next are the users that have any, in turn.
	waiting map[identity][]chan struct{}
	next    []identity
}

// take waits for a turn of this user until ctx ends; leave ends it.
func (t *turns) take(ctx context.Context, user identity) error {
	turn := make(chan struct{})
	t.mu.Lock()
	if t.waiting == nil {
		t.waiting, t.byUser = map[identity][]chan struct{}{}, map[identity]int{}
	}
	if len(t.waiting[user]) == 0 {
		t.next = append(t.next, user)
	}
	t.waiting[user] = append(t.waiting[user], turn)
	t.hand()
	t.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.waiting[user], turn)
	if i < 0 {
		return nil // it came in the same moment
	}
	t.setWaiting(user, slices.Delete(t.waiting[user], i, i+1))
	return errNoTurn
}

func (t *turns) leave(user identity) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy--
	if t.byUser[user]--; t.byUser[user] == 0 {
		delete(t.byUser, user)
	}
	t.hand()
}

// hand gives turns as long as there are any, to one user after the other.
func (t *turns) hand() {
	for t.busy < allTurns {
		i := slices.IndexFunc(t.next, func(user identity) bool { return t.byUser[user] < userTurns })
		if i < 0 {
			return
		}
		user := t.next[i]
		turn := t.waiting[user][0]
		// He goes to the end of the line.
		t.next = append(slices.Delete(t.next, i, i+1), user)
		t.setWaiting(user, t.waiting[user][1:])
		t.busy++
		t.byUser[user]++
		close(turn)
	}
}

// setWaiting notes whose questions wait; a user without any has no place in the line.
func (t *turns) setWaiting(user identity, left []chan struct{}) {
	if t.waiting[user] = left; len(left) > 0 {
		return
	}
	delete(t.waiting, user)
	if i := slices.Index(t.next, user); i >= 0 {
		t.next = slices.Delete(t.next, i, i+1)
	}
}
