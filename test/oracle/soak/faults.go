package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// fault is something that goes wrong, or is done to the guard, while edits go on.
type fault struct {
	name string
	// excuse is what edits may meet with while the fault lasts.
	excuse excuse
	inject func(ctx context.Context, s *site, w *window) error
}

// excuse says which edits may fail during a fault.
type excuse int

const (
	nothing excuse = iota
	// brokenConnection excuses edits whose connection to a killed process broke, or was refused by it.
	brokenConnection
	// noAPIServer excuses edits that found no API server.
	noAPIServer
)

// window is the time of one fault. The excuse ends at over, which the fault may set before its end.
type window struct {
	fault       *fault
	begun, over time.Time
}

func (w *window) covers(r *record) bool { return r.begun.Before(w.over) && r.end.After(w.begun) }

var faults = []fault{
	{"a replica killed (SIGKILL)", brokenConnection, killReplica},
	{"rolling restart (SIGTERM, drained)", nothing, rollingRestart},
	{"another certificate", nothing, rotateCertificate},
	{"another certificate authority", nothing, rotateAuthority},
	{"policy reloaded", nothing, reloadPolicy},
	{"a broken policy", nothing, breakPolicy},
	{"API server slow to answer the guard", nothing, slowAnswers},
	{"API server refusing the guard", nothing, refuseAnswers},
	{"API server restarted", noAPIServer, restartAPIServer},
}

// calm is the time without a fault between two.
const calm = time.Second

// injectAll injects every fault once in a random order, and again as long as there is time.
func (s *site) injectAll(ctx context.Context, random *rand.Rand, until time.Time, say func(string, ...any)) ([]*window, error) {
	var windows []*window
	for round := 0; round == 0 || time.Now().Before(until); round++ {
		for _, i := range random.Perm(len(faults)) {
			if round > 0 && time.Now().After(until) {
				break
			}
			pause(ctx, calm)
			w := &window{fault: &faults[i], begun: time.Now()}
			windows = append(windows, w)
			if err := w.fault.inject(ctx, s, w); err != nil {
				return windows, fmt.Errorf("%s: %w", w.fault.name, err)
			}
			took := time.Since(w.begun)
			if w.over.IsZero() {
				w.over = time.Now()
			}
			say("%-36s %5.1f s", w.fault.name, took.Seconds())
		}
	}
	return windows, nil
}

// killReplica kills one of the two while the other is ready. The excuse ends when the Service has noticed.
func killReplica(ctx context.Context, s *site, w *window) error {
	victim := s.replicas[0]
	victim.kill()
	_ = victim.Stop() // It was killed.
	if err := s.await(ctx, "the dead replica is noticed", func() bool { return !s.balancer.serves(victim.backend) }); err != nil {
		return err
	}
	w.over = time.Now()
	s.balancer.remove(victim.backend)
	return s.replaceFirst(ctx)
}

// replaceFirst starts a replica in the place of the first, which becomes the last.
func (s *site) replaceFirst(ctx context.Context) error {
	fresh, err := s.start(ctx, s.policy())
	if err != nil {
		return err
	}
	s.replicas = append(s.replicas[1:], fresh)
	return nil
}

// rollingRestart does what a Deployment with maxSurge 1 and maxUnavailable 0 does.
func rollingRestart(ctx context.Context, s *site, _ *window) error {
	for range len(s.replicas) {
		old := s.replicas[0]
		if err := s.replaceFirst(ctx); err != nil {
			return err
		}
		if err := old.Stop(); err != nil {
			return fmt.Errorf("a replica that was asked to stop: %w", err)
		}
		old.kill()
		s.balancer.remove(old.backend)
	}
	return nil
}

func rotateCertificate(ctx context.Context, s *site, _ *window) error {
	for _, r := range s.replicas {
		if err := r.RotateCertificate(); err != nil {
			return err
		}
	}
	return s.awaitServed(ctx)
}

// awaitServed waits until all replicas serve certificates of the site's authority and are ready.
func (s *site) awaitServed(ctx context.Context) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.authority.PEM)
	for _, r := range s.replicas {
		if err := s.await(ctx, "the new certificate is served", func() bool {
			dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}}
			connection, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(r.URL, "https://"))
			if err != nil {
				return false
			}
			_ = connection.Close()
			return s.balancer.serves(r.backend)
		}); err != nil {
			return err
		}
	}
	return nil
}

// propagation is how long the API server may take to use a changed caBundle: it follows the configurations by watch.
const propagation = 3 * time.Second

// rotateAuthority trusts the new authority beside the old one before it is used, and the old one until it no longer is.
func rotateAuthority(ctx context.Context, s *site, _ *window) error {
	fresh, err := guard.NewAuthority()
	if err != nil {
		return err
	}
	if err := s.trust(ctx, append(append([]byte(nil), s.authority.PEM...), fresh.PEM...)); err != nil {
		return err
	}
	pause(ctx, propagation)
	s.authority = fresh
	for _, r := range s.replicas {
		r.Authority = fresh
	}
	if err := rotateCertificate(ctx, s, nil); err != nil {
		return err
	}
	return s.trust(ctx, fresh.PEM)
}

// trust sets the caBundle of both webhook configurations.
func (s *site) trust(ctx context.Context, bundle []byte) error {
	patch, err := json.Marshal([]map[string]any{{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": bundle}})
	if err != nil {
		return err
	}
	api := s.admin.AdmissionregistrationV1()
	_, mutating := api.MutatingWebhookConfigurations().Patch(ctx, guard.ConfigurationName, types.JSONPatchType, patch, metav1.PatchOptions{})
	_, validating := api.ValidatingWebhookConfigurations().Patch(ctx, guard.ConfigurationName, types.JSONPatchType, patch, metav1.PatchOptions{})
	return errors.Join(mutating, validating)
}

func reloadPolicy(ctx context.Context, s *site, _ *window) error { return s.setPolicy(ctx, s.policy()) }

// breakPolicy publishes a policy that is wrong, lets edits be made under the last good one, and fixes it.
func breakPolicy(ctx context.Context, s *site, _ *window) error {
	s.policies++
	for _, r := range s.replicas {
		if err := r.SetPolicy(fmt.Sprintf(wrong, s.policies)); err != nil {
			return err
		}
		if err := s.await(ctx, "a broken policy is reported", func() bool { return metric(r, "awsauth_policy_last_reload_successful") == 0 }); err != nil {
			return err
		}
	}
	pause(ctx, 2*time.Second)
	return s.setPolicy(ctx, s.policy())
}

// slowAnswers delays the answers beyond what the guard waits for, so that it decides without.
func slowAnswers(ctx context.Context, s *site, _ *window) error {
	for _, delay := range []time.Duration{300 * time.Millisecond, 2 * time.Second} {
		s.proxy.Delay(delay)
		pause(ctx, 3*time.Second)
	}
	s.proxy.Delay(0)
	return nil
}

func refuseAnswers(ctx context.Context, s *site, _ *window) error {
	s.proxy.Refuse(true)
	pause(ctx, 3*time.Second)
	s.proxy.Refuse(false)
	return nil
}

func restartAPIServer(ctx context.Context, s *site, _ *window) error {
	return s.plane.RestartAPIServer(ctx)
}
