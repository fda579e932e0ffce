package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// pollInterval is how often the file is read again.
const pollInterval = time.Second

// File follows a file. It is safe for concurrent use.
type File[T any] struct {
	path  string
	log   logr.Logger
	parse func(text []byte) (T, error)
	// without is what there is where there is no path, and where keep is not set, while the file can't be used.
	without T
	// keep leaves the last good content in force while the file can't be used.
	keep bool

	mu         sync.RWMutex
	current    T
	generation int64
	err        error
	// seen is the text that was read last, good or bad, so that one bad text is reported once.
	seen []byte
	// missing is set while the file can't be read.
	missing bool
}

// Policy reads the file of a policy; one that is wrong is an error now, and later leaves the last good one in force. An empty
// path is the default policy, which never changes.
func Policy(path string, log logr.Logger) (*File[*policy.Policy], error) {
	f := &File[*policy.Policy]{
		path: path, log: log.WithValues("file", path), without: policy.Default(), keep: true,
		parse: func(text []byte) (*policy.Policy, error) { return policy.ParseFile(path, text) },
	}
	f.current, f.generation = f.without, 1
	if path == "" {
		return f, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the policy: %w", err)
	}
	if f.current, err = f.parse(text); err != nil {
		return nil, fmt.Errorf("the policy can't be used:\n%w", err)
	}
	f.seen = text
	return f, nil
}

// Snapshot reads the file of an AccessSnapshot. While there is none, or it can't be used, nothing is known of the access
// entries, and Current is nil; an empty path stays so.
func Snapshot(path string, log logr.Logger) *File[*snapshot.Snapshot] {
	f := &File[*snapshot.Snapshot]{path: path, log: log.WithValues("file", path), parse: snapshot.Read}
	if path != "" {
		f.Reload()
	}
	return f
}

// Current is the content in force.
func (f *File[T]) Current() T {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.current
}

// Generation counts the contents that were in force.
func (f *File[T]) Generation() int64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.generation
}

// LastError says why the file as it is now is not in force, or is nil.
func (f *File[T]) LastError() error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.err
}

// Run follows the file until ctx ends. It reads the file again and again: a mounted ConfigMap takes longer to arrive than
// the time between.
func (f *File[T]) Run(ctx context.Context) error {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		if f.path != "" {
			f.Reload()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		}
	}
}

// Reload reads the file again. LastError and the log say why it can't be used.
func (f *File[T]) Reload() {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := os.ReadFile(f.path)
	if err != nil {
		switch {
		case f.missing:
		case errors.Is(err, fs.ErrNotExist) && !f.keep:
			f.log.Info("there is no such file"+f.then(), "generation", f.generation)
		default:
			f.log.Error(err, "the file can't be read"+f.then(), "generation", f.generation)
		}
		f.missing = true
		f.refuse(err)
		return
	}
	if bytes.Equal(text, f.seen) && !f.missing {
		return
	}
	f.seen, f.missing = text, false
	next, err := f.parse(text)
	if err != nil {
		f.log.Error(err, "the file is wrong"+f.then(), "generation", f.generation)
		f.refuse(err)
		return
	}
	f.current, f.err = next, nil
	f.generation++
	f.log.Info("the file has changed", "generation", f.generation)
}

func (f *File[T]) then() string {
	if f.keep {
		return ": what it said before stays in force"
	}
	return ": nothing that it said before is in force"
}

func (f *File[T]) refuse(err error) {
	f.err = err
	if !f.keep {
		f.current = f.without
	}
}
