package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// reconcile reads everything, takes the steps that are due, writes the caBundles, and says when to look again.
//
// The order is what keeps replicas from undoing each other's work. The configurations are read before the Secret,
// and a bundle is written only to a configuration that is still as it was read: so it is at least as new as the
// one that it replaces.
func (a *Authority) reconcile(ctx context.Context) (until time.Time, err error) {
	defer func() {
		if !outrun(err) {
			a.metrics.reconciled(err, a.state, time.Now())
		}
	}()
	configurations, err := a.api.configurations(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("the webhook configurations can't be read: %w", err)
	}
	if err := a.readSecret(ctx, configurations); err != nil {
		return time.Time{}, err
	}
	for {
		seen := true
		for i := range configurations {
			seen = seen && configurations[i].holds(a.state.bundle())
		}
		step, when := next(a.state, seen, time.Now(), &a.options)
		if step == wait {
			until = when
			break
		}
		if err := a.take(ctx, step, configurations); err != nil {
			return time.Time{}, err
		}
	}
	wrote, err := a.inject(ctx, configurations)
	if wrote {
		until = time.Now()
	}
	a.adopt(configurations)
	return until, err
}

// readSecret brings state up to date, and replaces what can't be used.
func (a *Authority) readSecret(ctx context.Context, configurations []configuration) error {
	secret, err := a.api.secret(ctx)
	var reason string
	switch {
	case apierrors.IsNotFound(err):
		secret, reason = nil, "there is none"
	case err != nil:
		return fmt.Errorf("the Secret can't be read: %w", err)
	case a.secret != nil && secret.UID == a.secret.UID && secret.ResourceVersion == a.secret.ResourceVersion:
		return nil
	default:
		s, err := read(secret, &a.options)
		if err == nil {
			a.secret, a.state = secret, s
			return nil
		}
		if _, foreign := errors.AsType[*foreignError](err); foreign {
			return err
		}
		reason = err.Error()
	}
	return a.replace(ctx, secret, reason, configurations)
}

// replace writes the beginning of a new authority; secret is nil where there is none.
func (a *Authority) replace(ctx context.Context, secret *corev1.Secret, reason string, configurations []configuration) error {
	if since := time.Since(a.replaced.Round(0)); since >= 0 && since < replacePause {
		return fmt.Errorf("the Secret can't be used (%s), though it was replaced just now: it will be replaced again in a moment", reason)
	}
	// Nothing is lost where there never was anything.
	fresh := a.state == nil && (secret == nil || len(secret.Data) == 0)
	s, err := first(a.known(configurations), time.Now(), &a.options)
	if err != nil {
		return err
	}
	if err := a.write(ctx, secret, s); err != nil {
		return err
	}
	a.replaced = time.Now()
	if fresh {
		a.metrics.advanced(announce)
		a.log.Info("made an authority and a certificate")
		return nil
	}
	a.metrics.advanced(begin)
	a.log.Info("made a new authority in place of a Secret that can't be used", "reason", reason, "phase", s.phase(), "stillTrusted", len(s.retired))
	return nil
}

// known are the authorities of certificates that may be served now: those of this replica's memory, and those that
// the API server trusts. The latter may be another's, where the guard had its certificate from elsewhere before.
func (a *Authority) known(configurations []configuration) []*x509.Certificate {
	var all []*x509.Certificate
	if a.state != nil {
		all = a.state.trusted()
	}
	for _, c := range configurations {
		for _, h := range c.hooks {
			all = append(all, ParseBundle(h.caBundle)...)
		}
	}
	return all
}

// take takes a step and stores what follows from it.
func (a *Authority) take(ctx context.Context, step action, configurations []configuration) error {
	if step == begin {
		return a.replace(ctx, a.secret, "its authority is not valid at this time", configurations)
	}
	s, err := a.state.step(step, time.Now(), &a.options)
	if err != nil {
		return err
	}
	if err := a.write(ctx, a.secret, s); err != nil {
		return err
	}
	a.metrics.advanced(step)
	a.log.Info("took a step", "step", step, "phase", s.phase(), "trusted", len(s.trusted()))
	return nil
}

// write stores a state in place of the Secret as it was read, or in a new one.
func (a *Authority) write(ctx context.Context, before *corev1.Secret, s *state) error {
	data, err := s.encode(&a.options)
	if err != nil {
		return err
	}
	var after *corev1.Secret
	if before == nil {
		after, err = a.api.create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: a.options.Namespace, Name: a.options.Secret, Labels: labels(nil)},
			Type:       corev1.SecretTypeOpaque, Data: data,
		})
	} else {
		after = before.DeepCopy()
		after.Labels, after.Data = labels(before.Labels), data
		after, err = a.api.update(ctx, after)
	}
	if err != nil {
		return fmt.Errorf("the Secret can't be written: %w", err)
	}
	a.secret, a.state = after, s
	return nil
}

// labels adds the one by which the Secret is known.
func labels(given map[string]string) map[string]string {
	all := maps.Clone(given)
	if all == nil {
		all = map[string]string{}
	}
	all[nameLabel] = guardName
	return all
}

// inject writes the bundle to the webhook configurations that don't have it, and reports whether it did.
//
// What else stood there is gone then. Whoever may write a caBundle decides whom API servers let change aws-auth,
// so nothing stays in it that the guard can't answer for. Only when the first authority takes over are those that
// it finds kept for a while, because replicas of before are served with them (see first).
func (a *Authority) inject(ctx context.Context, configurations []configuration) (wrote bool, err error) {
	var problems []error
	bundle := a.state.bundle()
	for i := range configurations {
		c := &configurations[i]
		if c.holds(bundle) {
			continue
		}
		if c.injector != "" {
			problems = append(problems, fmt.Errorf("the caBundle of the %s %s is left alone, because cert-manager keeps it: remove the annotation %s", c.kind, a.options.Configuration, c.injector))
			continue
		}
		if err := a.api.inject(ctx, c, bundle); err != nil {
			problems = append(problems, err)
			continue
		}
		wrote = true
		a.log.Info("wrote the caBundle", "kind", c.kind, "name", a.options.Configuration, "trusted", len(a.state.trusted()))
	}
	err = errors.Join(problems...)
	if !outrun(err) {
		a.metrics.injection(err)
	}
	return wrote, err
}

// adopt serves the certificate of the state.
func (a *Authority) adopt(configurations []configuration) {
	before, after := a.view.Load(), &view{configurations: configurations}
	switch {
	case a.state.leaf != nil:
		leaf := a.state.leaf
		after.leaf = &tls.Certificate{Certificate: [][]byte{leaf.certificate.Raw}, PrivateKey: leaf.key, Leaf: leaf.certificate}
	case before != nil:
		after.leaf = before.leaf
	default:
		return
	}
	a.view.Store(after)
	if before == nil {
		close(a.loaded)
	}
	if before == nil || !before.leaf.Leaf.Equal(after.leaf.Leaf) {
		a.log.Info("serving another certificate", "certificate", after.leaf.Leaf.Subject.CommonName, "expires", after.leaf.Leaf.NotAfter)
	}
}
