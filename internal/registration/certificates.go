package registration

import (
	"fmt"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/certs"
)

// soon is how long before its end a certificate is worth a warning: renewal should have happened by then.
const soon = 14 * 24 * time.Hour

// renew is what to do about a caBundle that the API server can't use. Both writers of it log what stops them.
const renew = "look what keeps its writer from renewing it: with self-signed certificates the log of the guard's pods, with cert-manager that of its cainjector"

// judgeCertificates looks at the authorities by which the API server knows the guard, and returns when the first
// of them ends.
func (w *Webhook) judgeCertificates(now time.Time, add adder) *time.Time {
	kind, effect := w.unanswered()
	if len(w.client.CABundle) == 0 {
		if w.client.Service != nil {
			add(kind, "there is no caBundle, so the API server does not trust the guard: "+effect, renew)
		}
		return nil
	}
	certificates := certs.ParseBundle(w.client.CABundle)
	if len(certificates) == 0 {
		add(kind, "no certificate can be read in its caBundle: "+effect, renew)
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
		add(kind, fmt.Sprintf("the certificate of its caBundle expired on %s: %s", day(*first), effect), renew)
	case usable == 0:
		add(kind, "the certificate of its caBundle is not valid yet: "+effect, "compare the clocks of the nodes, and "+renew)
	case first.Sub(now) < soon && usable == len(certificates):
		add(Warning, fmt.Sprintf("the certificate of its caBundle expires on %s; from then on, %s", day(*first), effect), renew)
	}
	return first
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
