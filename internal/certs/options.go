package certs

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Defaults and bounds of the lives of certificates.
const (
	DefaultCAValidity   = 365 * 24 * time.Hour
	DefaultLeafValidity = 90 * 24 * time.Hour
	// MinLeafValidity leaves a replica time to renew a certificate; so short a life is for tests.
	MinLeafValidity = 15 * time.Second
	MaxCAValidity   = 10 * 365 * 24 * time.Hour
	// LeavesPerCA keeps an authority, which is followed by another after two thirds of its life, from having to
	// sign certificates that outlive it.
	LeavesPerCA = 3
)

const (
	// leeway is how long before now a certificate begins, for clocks that differ.
	leeway = time.Hour
	// maxPropagation bounds the time that API servers are given to learn of a new caBundle. They watch the
	// configurations and learn of it within a second; a broken watch is noticed within 45.
	maxPropagation = 2 * time.Minute
	// maxHandover bounds the time that replicas are given to leave an authority whose key is lost.
	maxHandover = time.Hour
	// propagationsPerCA and handoversPerCA shorten both for authorities that live for minutes.
	propagationsPerCA = 30
	handoversPerCA    = 10
)

// Options say which objects to keep and how long certificates live.
type Options struct {
	// Namespace holds the Secret and the Service.
	Namespace string
	// Secret keeps the authority and the certificate.
	Secret string
	// Service is how the API server calls the webhooks.
	Service string
	// Configuration is the name of both webhook configurations.
	Configuration string
	// CAValidity is how long an authority lives, LeafValidity how long a certificate does. Both are followed by
	// the next after two thirds of that time.
	CAValidity, LeafValidity time.Duration
}

// Validate says what is wrong with the options.
func (o *Options) Validate() error {
	var problems []error
	for _, n := range []struct {
		what, value string
		check       func(string) []string
	}{
		{"namespace", o.Namespace, validation.IsDNS1123Label},
		{"certificate secret", o.Secret, validation.IsDNS1123Subdomain},
		{"service", o.Service, validation.IsDNS1035Label},
		{"webhook configuration", o.Configuration, validation.IsDNS1123Subdomain},
	} {
		if wrong := n.check(n.value); len(wrong) > 0 {
			problems = append(problems, fmt.Errorf("the %s %q: %s", n.what, n.value, wrong[0]))
		}
	}
	if o.LeafValidity < MinLeafValidity {
		problems = append(problems, fmt.Errorf("the validity of the certificate, %s, is shorter than %s", o.LeafValidity, MinLeafValidity))
	}
	if o.CAValidity > MaxCAValidity {
		problems = append(problems, fmt.Errorf("the validity of the authority, %s, is longer than %s", o.CAValidity, MaxCAValidity))
	}
	if o.CAValidity < LeavesPerCA*o.LeafValidity {
		problems = append(problems, fmt.Errorf("the validity of the authority, %s, is less than %d times that of the certificate, %s", o.CAValidity, LeavesPerCA, o.LeafValidity))
	}
	return errors.Join(problems...)
}

// names are those that the certificate is for; the first is the one that API servers ask for.
func (o *Options) names() []string {
	short := o.Service + "." + o.Namespace
	return []string{short + ".svc", short + ".svc.cluster.local", short}
}

// owner names the Service whose certificates the Secret keeps.
func (o *Options) owner() string { return o.Namespace + "/" + o.Service }

// propagation is how long API servers may go on with an older caBundle once a newer one is stored.
func (o *Options) propagation() time.Duration {
	return min(maxPropagation, o.CAValidity/propagationsPerCA)
}

// handover is how long replicas may go on with a certificate of a lost authority once there is a newer one.
func (o *Options) handover() time.Duration { return min(maxHandover, o.CAValidity/handoversPerCA) }

// earliest is the first of some times, zero ones left out.
func earliest(times ...time.Time) time.Time {
	times = slices.DeleteFunc(times, time.Time.IsZero)
	if len(times) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(times, time.Time.Compare)
}
