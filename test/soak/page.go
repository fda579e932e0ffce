package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// The marks around what writePage replaces.
const (
	beginMark = "<!-- soak: begin (written by `make soak PAGE=yes`) -->\n"
	endMark   = "<!-- soak: end -->\n"
)

// writePage replaces the generated part of a page.
func writePage(o *options, e *evidence) error {
	text, err := os.ReadFile(o.page)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), beginMark)
	_, after, ended := strings.Cut(rest, endMark)
	if !found || !ended {
		return fmt.Errorf("%s lacks the lines %q and %q", o.page, beginMark, endMark)
	}
	var b bytes.Buffer
	b.WriteString(before + beginMark)
	fmt.Fprintf(&b, "\n%s, %s/%s, %d processors; %d writers for %s, seed %d.\n\n",
		time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), o.writers, o.duration, o.seed)
	for _, t := range e.tables() {
		t.markdown(&b)
	}
	b.WriteString(endMark + after)
	return os.WriteFile(o.page, b.Bytes(), 0o644)
}
