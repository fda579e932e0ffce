package cli

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

// screen is a writer that says when something is written.
type screen struct {
	mu      sync.Mutex
	text    bytes.Buffer
	written chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.text.Write(p)
	select {
	case s.written <- struct{}{}:
	default:
	}
	return n, err
}

func TestProgressShowsWhatIsReadAndCleansUp(t *testing.T) {
	s := &screen{written: make(chan struct{}, 1)}
	p := startProgress(s, 0)
	<-s.written
	p.step("Roles")
	p.done()
	p.done()
	if got := s.text.String(); !strings.Contains(got, "reading the cluster …") || !strings.HasSuffix(got, "reading Roles …"+clearLine) {
		t.Errorf("the terminal got %q", got)
	}
}

func TestProgressIsSilentBeforeItsMomentAndWithoutATerminal(t *testing.T) {
	s := &screen{written: make(chan struct{}, 1)}
	p := startProgress(s, time.Hour)
	p.step("Roles")
	p.done()
	if s.text.Len() > 0 {
		t.Errorf("the terminal got %q", s.text.String())
	}
	none := newProgress(s)
	none.step("Roles")
	none.done()
	if none != nil || s.text.Len() > 0 {
		t.Errorf("a writer that is no terminal got %q", s.text.String())
	}
}
