package certs

import (
	"bytes"
	"crypto/x509"
	"time"
)

// phase is the state of the change of the CA.
type phase string

const (
	// serving: one authority signs, and API servers know it.
	serving phase = "serving"
	// announcing: the next authority has to be written into the webhook configurations.
	announcing phase = "announcing"
	// spreading: it is written there, and API servers have until propagatedAt to learn of it.
	spreading phase = "spreading"
)

// state is what the Secret keeps. It is never changed: each step makes another.
type state struct {
	// current signs; it and leaf are nil where the authority was lost and its successor is not known to the API
	// servers yet.
	current, leaf *pair
	// leavesUntil is when the last certificate that current has signed expires.
	leavesUntil time.Time
	// next will sign; nil while serving.
	next *pair
	// propagatedAt is when next may sign; zero before it is written into the webhook configurations.
	propagatedAt time.Time
	// retired sign no more; their keys are gone.
	retired []retired
}

// retired is an authority of which certificates may still be served.
type retired struct {
	certificate *x509.Certificate
	// until is when it ceases to be trusted; zero means: some time after the next authority has begun to sign.
	until time.Time
}

func (s *state) phase() phase {
	switch {
	case s.next == nil:
		return serving
	case s.propagatedAt.IsZero():
		return announcing
	default:
		return spreading
	}
}

// trusted are the authorities that API servers have to know.
func (s *state) trusted() []*x509.Certificate {
	var all []*x509.Certificate
	for _, p := range []*pair{s.current, s.next} {
		if p != nil {
			all = append(all, p.certificate)
		}
	}
	for _, r := range s.retired {
		all = append(all, r.certificate)
	}
	return all
}

// bundle is the caBundle that API servers have to have.
func (s *state) bundle() []byte {
	var text bytes.Buffer
	for _, c := range s.trusted() {
		text.Write(encodeCertificate(c))
	}
	return text.Bytes()
}

// action is a step from one state to another.
type action string

const (
	// wait: there is nothing to do for now.
	wait action = "wait"
	// begin: the authority can't be used any more; make another and hand over to it.
	begin action = "begin"
	// renew: sign the next certificate.
	renew action = "renew"
	// announce: make the next authority.
	announce action = "announce"
	// repeat: the webhook configurations lost the next authority, so announce it once more.
	repeat action = "repeat"
	// propagate: the webhook configurations hold the next authority; give the API servers time.
	propagate action = "propagate"
	// succeed: sign with the next authority.
	succeed action = "succeed"
	// prune: cease to trust authorities of which no certificate can be served any more.
	prune action = "prune"
)

// next decides which step to take, or until when to wait; zero means for ever. seen says that the API server
// holds the state's bundle in every webhook configuration.
func next(s *state, seen bool, now time.Time, o *Options) (action, time.Time) {
	ended := s.current != nil && !s.current.valid(now)
	switch {
	case ended && s.next == nil:
		return begin, time.Time{}
	case s.next != nil && !s.next.valid(now):
		return announce, time.Time{}
	case ended:
		// Nothing that could be served is trusted, so there is nothing to wait for.
		return succeed, time.Time{}
	case s.next == nil && !now.Before(s.current.renewal()):
		return announce, time.Time{}
	}
	switch s.phase() {
	case announcing:
		if seen {
			return propagate, time.Time{}
		}
	case spreading:
		// A wait that is longer than any comes from a clock that was ahead.
		if !seen || s.propagatedAt.After(now.Add(o.propagation())) {
			return repeat, time.Time{}
		}
		if !now.Before(s.propagatedAt) {
			return succeed, time.Time{}
		}
	case serving:
	}
	leafRenewal := time.Time{}
	if s.leaf != nil && s.leaf.certificate.NotAfter.Before(s.current.certificate.NotAfter) {
		leafRenewal = s.leaf.renewal()
	}
	if s.leaf != nil && (!s.leaf.valid(now) || !leafRenewal.IsZero() && !now.Before(leafRenewal)) {
		return renew, time.Time{}
	}
	until := earliest(s.propagatedAt, leafRenewal)
	if s.next == nil {
		until = earliest(until, s.current.renewal())
	}
	for _, r := range s.retired {
		if r.over(now) {
			return prune, time.Time{}
		}
		until = earliest(until, r.until, r.certificate.NotAfter)
	}
	return wait, until
}

// over reports whether the certificates of the authority have all expired.
func (r *retired) over(now time.Time) bool {
	return now.After(r.certificate.NotAfter) || !r.until.IsZero() && !now.Before(r.until)
}
