package policyfile

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// pollInterval is how often the file is read again.
const pollInterval = time.Second

// Reloader follows a policy file. It is safe for concurrent use.
type Reloader struct {
	path string
	log  logr.Logger

	mu         sync.RWMutex
	policy     *policy.Policy
	generation int64
	err        error
	// seen is the text that was read last, good or bad, so that one bad text is reported once.
	seen []byte
	// missing is set while the file can't be read.
	missing bool
}

// New reads the policy file; a policy that is wrong is an error now. An empty path is the default
// policy, which never changes.
func New(path string, log logr.Logger) (*Reloader, error) {
	r := &Reloader{path: path, log: log.WithValues("file", path), policy: policy.Default(), generation: 1}
	if path == "" {
		return r, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the policy: %w", err)
	}
	if r.policy, err = policy.ParseFile(path, text); err != nil {
		return nil, fmt.Errorf("the policy can't be used:\n%w", err)
	}
	r.seen = text
	return r, nil
}

// Current is the policy in force: the last good one.
func (r *Reloader) Current() *policy.Policy {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.policy
}

// Generation counts the policies that were in force, from 1.
func (r *Reloader) Generation() int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.generation
}

// LastError says why the file as it is now is not in force, or is nil.
func (r *Reloader) LastError() error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.err
}

// Run follows the file until ctx ends. It reads the file again and again: a mounted ConfigMap takes longer to arrive than
// the time between.
func (r *Reloader) Run(ctx context.Context) error {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		if r.path != "" {
			r.Reload()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		}
	}
}

// Reload reads the file again. A policy that is wrong, or a file that is gone, leaves the last good policy in
// force; LastError and the log say why.
func (r *Reloader) Reload() {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := os.ReadFile(r.path)
	if err != nil {
		if !r.missing {
			r.log.Error(err, "the policy can't be read: the last good one stays in force", "generation", r.generation)
		}
		r.missing, r.err = true, err
		return
	}
	if bytes.Equal(text, r.seen) && !r.missing {
		return
	}
	r.seen, r.missing = text, false
	next, err := policy.ParseFile(r.path, text)
	if err != nil {
		r.err = err
		r.log.Error(err, "the policy is wrong: the last good one stays in force", "generation", r.generation)
		return
	}
	r.policy, r.err = next, nil
	r.generation++
	r.log.Info("the policy has changed", "generation", r.generation, "profile", next.Profile)
}
