package awsauth

import (
	"slices"
	"sync"
)

const (
	// maxRemembered texts are remembered, of no more than maxRememberedBytes in all and none longer than half of that, so
	// that the two of an edit have room. What is kept of a text is up to four times its size.
	maxRemembered      = 8
	maxRememberedBytes = 512 << 10
	maxRememberedText  = maxRememberedBytes / 2
)

// Reader reads as ReadAll does and remembers what the last texts said: the map before an edit is mostly the one after
// the edit before it, and both webhooks are asked about each edit. It may be used by many at once; the documents share
// nothing that is ever changed. A nil Reader remembers nothing.
type Reader struct {
	mu   sync.Mutex
	held []remembered
}

// remembered is one text and what it said, the one asked for last at the end.
type remembered struct {
	key  Key
	text string
	list list
	// lines are those of a regular text in block style, nil for another.
	lines *regularCounter
}

// list is what encoding/json made of the text of mapRoles or mapUsers. It is not changed once it is made.
type list struct {
	shape   Shape
	roles   []roleMapping
	users   []userMapping
	typeErr error
}

func (l *list) len() int { return len(l.roles) + len(l.users) }

// recall gives what a text said when it was read before.
func (r *Reader) recall(key Key, text string) (list, bool) {
	if r == nil || len(text) > maxRememberedText {
		return list{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.held, func(h remembered) bool { return h.key == key && h.text == text })
	if i < 0 {
		return list{}, false
	}
	found := r.held[i]
	r.held = append(slices.Delete(r.held, i, i+1), found)
	return found.list, true
}

// remember keeps what a section says, in place of the one that was asked for the longest ago.
func (r *Reader) remember(s *Section, l list) {
	if r == nil || len(s.Text) > maxRememberedText {
		return
	}
	m := remembered{key: s.Key, text: s.Text, list: l}
	if s.apart() {
		m.lines = s.counter
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(r.held, func(h remembered) bool { return h.key == s.Key && h.text == s.Text }) {
		return // Somebody else has read it meanwhile.
	}
	r.held = append(r.held, m)
	bytes := 0
	for _, h := range r.held {
		bytes += len(h.text)
	}
	drop := 0
	for len(r.held)-drop > maxRemembered || bytes > maxRememberedBytes {
		bytes -= len(r.held[drop].text)
		drop++
	}
	r.held = slices.Delete(r.held, 0, drop)
}
