package certs

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"
)

// maxTakenOver bounds the authorities of others that are trusted while the first of our own takes over.
const maxTakenOver = 8

// first is the state that begins with a new authority. Those of whom certificates may still be served, by replicas
// that serve on from memory or got theirs from elsewhere, stay trusted meanwhile. Where there is none, nothing can
// break, and the new authority signs at once.
func first(known []*x509.Certificate, now time.Time, o *Options) (*state, error) {
	ca, err := newCA(now, o)
	if err != nil {
		return nil, err
	}
	s := &state{next: ca}
	for _, c := range known {
		twin := func(r retired) bool { return r.certificate.Equal(c) }
		if now.After(c.NotAfter) || len(s.retired) == maxTakenOver || slices.ContainsFunc(s.retired, twin) {
			continue
		}
		s.retired = append(s.retired, retired{certificate: c})
	}
	if len(s.retired) == 0 {
		return s.succeeded(now, o)
	}
	return s, nil
}

// step gives the state after a step other than begin, which first is for.
func (s *state) step(a action, now time.Time, o *Options) (*state, error) {
	after := *s
	var err error
	switch a {
	case succeed:
		return s.succeeded(now, o)
	case renew:
		after.leaf, err = s.current.newLeaf(now, o)
		if err == nil {
			after.leavesUntil = latest(s.leavesUntil, after.leaf.certificate.NotAfter)
		}
	case announce:
		after.next, err = newCA(now, o)
		after.propagatedAt = time.Time{}
	case repeat:
		after.propagatedAt = time.Time{}
	case propagate:
		after.propagatedAt = now.Add(o.propagation()).UTC().Round(0)
	case prune:
		after.retired = slices.DeleteFunc(slices.Clone(s.retired), func(r retired) bool { return r.over(now) })
	case wait, begin:
		err = fmt.Errorf("%q is no step from one state to another", a)
	}
	return &after, err
}

// succeeded is the state after the next authority has signed its first certificate. The one before it stays
// trusted until its last certificate has expired, because a replica that can't reach the API server serves that
// until then.
func (s *state) succeeded(now time.Time, o *Options) (*state, error) {
	leaf, err := s.next.newLeaf(now, o)
	if err != nil {
		return nil, err
	}
	after := &state{current: s.next, leaf: leaf, leavesUntil: leaf.certificate.NotAfter}
	if s.current != nil {
		after.retired = append(after.retired, retired{s.current.certificate, s.leavesUntil})
	}
	for _, r := range s.retired {
		if r.until.IsZero() {
			r.until = now.Add(o.handover()).UTC().Round(0)
		}
		after.retired = append(after.retired, r)
	}
	return after, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
