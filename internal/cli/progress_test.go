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

// TestProgressOfMany writes of many steps only what a reader can follow, and nothing stays beside what is written else.
func TestProgressOfMany(t *testing.T) {
	s := &screen{written: make(chan struct{}, 1)}
	p := startProgress(s, 0)
	<-s.written
	p.aside()
	p.aside()
	p.drawn = time.Time{} // as if it were a while ago
	for i := range 10_000 {
		p.one(i+1, 10_000, "a.yaml")
	}
	p.done()
	got := s.text.String()
	if n := strings.Count(got, "reading a.yaml ("); n < 1 || n > 1000 || !strings.Contains(got, " of 10000) …") {
		t.Errorf("%d lines of 10,000 were written", n)
	}
	if strings.Count(got, "…"+clearLine) < 1 || strings.Contains(got, clearLine+clearLine+clearLine) {
		t.Errorf("the line is not taken away as it should be: %q", got[:min(200, len(got))])
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
