package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// moment is how long a command may take before it says what it is doing.
const moment = 700 * time.Millisecond

// progress shows on a terminal what is being read, once that has taken longer than a moment. A nil progress shows
// nothing.
type progress struct {
	w     io.Writer
	timer *time.Timer

	mu    sync.Mutex
	what  string
	shown bool
	over  bool
	// visible is set while the line is there, and drawn is when it was last written.
	visible bool
	drawn   time.Time
}

// newProgress is nil where the writer is no terminal.
func newProgress(w io.Writer) *progress {
	w = bare(w)
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return startProgress(w, moment)
}

func startProgress(w io.Writer, after time.Duration) *progress {
	p := &progress{w: w, what: "the cluster"}
	p.timer = time.AfterFunc(after, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.over {
			p.shown = true
			p.show()
		}
	})
	return p
}

// step says what is read next.
func (p *progress) step(what string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what = what
	if p.shown {
		p.show()
	}
}

// often is how often the line of a step changes that is one of many.
const often = 100 * time.Millisecond

// one says which of many things is read. It writes no more often than a reader can follow.
func (p *progress) one(i, n int, what string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what = fmt.Sprintf("%s (%d of %d)", what, i, n)
	if p.shown && time.Since(p.drawn) >= often {
		p.show()
	}
}

// mebibytes says how much of a log is read; a size of 0 is not known.
func (p *progress) mebibytes(done, size int64, name string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what = fmt.Sprintf("%s (%d MiB)", name, done>>20)
	if size > 0 {
		p.what = fmt.Sprintf("%s (%d of %d MiB)", name, done>>20, size>>20)
	}
	if p.shown && time.Since(p.drawn) >= often {
		p.show()
	}
}

// aside takes the line away until the next step, as something else is written.
func (p *progress) aside() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.visible {
		fmt.Fprint(p.w, clearLine)
		p.visible = false
	}
}

// done takes the line away.
func (p *progress) done() {
	if p == nil {
		return
	}
	p.timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.visible {
		fmt.Fprint(p.w, clearLine)
	}
	p.shown, p.visible, p.over = false, false, true
}

// clearLine goes to the start of the line and wipes it.
const clearLine = "\r\x1b[K"

func (p *progress) show() {
	p.visible, p.drawn = true, time.Now()
	fmt.Fprintf(p.w, "%sreading %s …", clearLine, p.what)
}
