package registration

import (
	"fmt"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/certs"
)

// soon is how long before its end a certificate is worth a warning: renewal should have happened by then.
const soon = 14 * 24 * time.Hour

// judgeCertificates looks at the authorities by which the API server knows the guard, and returns when the first
// of them ends.
func (w *Webhook) judgeCertificates(now time.Time, add func(Kind, string)) *time.Time {
	kind, effect := w.unanswered()
	if len(w.client.CABundle) == 0 {
		if w.client.Service != nil {
			add(kind, "there is no caBundle, so the API server does not trust the guard: "+effect)
		}
		return nil
	}
	certificates := certs.ParseBundle(w.client.CABundle)
	if len(certificates) == 0 {
		add(kind, "no certificate can be read in its caBundle: "+effect)
		return nil
	}
	var first *time.Time
	usable := 0
	for _, c := range certificates {
		if first == nil || c.NotAfter.Before(*first) {
			first = &c.NotAfter
		}
		if now.After(c.NotBefore) && now.Before(c.NotAfter) {
			usable++
		}
	}
	switch {
	case usable == 0 && now.After(*first):
		add(kind, fmt.Sprintf("the certificate of its caBundle expired on %s: %s", day(*first), effect))
	case usable == 0:
		add(kind, "the certificate of its caBundle is not valid yet: "+effect)
	case first.Sub(now) < soon && usable == len(certificates):
		add(Warning, fmt.Sprintf("the certificate of its caBundle expires on %s; from then on, %s", day(*first), effect))
	}
	return first
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
