package awsauth

import "github.com/aws-auth-guard/aws-auth-guard/pkg/internal/lru"

const (
	// maxRemembered texts are remembered, of no more than maxRememberedBytes in all. Of a text of short entries, each counts
	// for entryBytes: what is kept of it may take five times as much.
	maxRemembered      = 8
	maxRememberedBytes = 512 << 10
	entryBytes         = 64
)

// Reader reads as ReadAll does and remembers what the last texts said: the map before an edit is mostly the one after
// the edit before it, and both webhooks are asked about each edit. It may be used by many at once; the documents share
// nothing that is ever changed. A nil Reader remembers nothing.
type Reader struct {
	texts lru.Cache[remembered]
}

// NewReader makes a Reader that has read nothing yet.
func NewReader() *Reader {
	return &Reader{texts: lru.Cache[remembered]{Max: maxRemembered, MaxBytes: maxRememberedBytes}}
}

// remembered is one text and what it said.
type remembered struct {
	key  Key
	text string
	list list
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
func (r *Reader) recall(key Key, text string) (remembered, bool) {
	if r == nil {
		return remembered{}, false
	}
	return r.texts.Find(func(m remembered) bool { return m.key == key && m.text == text })
}

// remember keeps what a section says.
func (r *Reader) remember(s *Section, l list) {
	size := max(len(s.Text), entryBytes*l.len())
	if r == nil || !r.texts.Fits(size) {
		return
	}
	r.texts.Add(remembered{key: s.Key, text: s.Text, list: l}, size)
}
