package certs

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// replica is the api of one replica.
type replica struct {
	*world
	id int
}

var errCutOff = errors.New("the API server can't be reached")

// request takes a while before and after do is done. A replica that dies meanwhile does not learn how it ended.
func (r *replica) request(ctx context.Context, do func() error) error {
	pause := func() error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(r.delay())):
			return nil
		}
	}
	if err := pause(); err != nil {
		return err
	}
	r.mu.Lock()
	cut := r.cutOff == r.id
	var err error
	if !cut {
		err = do()
	}
	r.mu.Unlock()
	if cut {
		return errCutOff
	}
	return errors.Join(err, pause())
}

// delay is mostly short, and sometimes so long that a replica acts on what is long past.
func (r *replica) delay() time.Duration {
	if rand.IntN(50) == 0 {
		return 5 * time.Minute
	}
	return 200 * time.Millisecond
}

func resource() schema.GroupResource { return schema.GroupResource{Resource: "any"} }

func (r *replica) get(ctx context.Context, do func() (*corev1.Secret, error)) (s *corev1.Secret, err error) {
	err = r.request(ctx, func() error {
		var err error
		if s, err = do(); err == nil {
			s = s.DeepCopy()
		}
		return err
	})
	if err != nil {
		// As from a real client, the answer's own kind shows.
		for _, is := range []func(error) bool{apierrors.IsNotFound, apierrors.IsConflict, apierrors.IsAlreadyExists} {
			var status *apierrors.StatusError
			if errors.As(err, &status) && is(status) {
				return nil, status
			}
		}
		return nil, err
	}
	return s, nil
}

func (r *replica) secret(ctx context.Context) (*corev1.Secret, error) {
	return r.get(ctx, func() (*corev1.Secret, error) {
		if r.world.secret == nil {
			return nil, apierrors.NewNotFound(resource(), "secret")
		}
		return r.world.secret, nil
	})
}

func (r *replica) create(ctx context.Context, s *corev1.Secret) (*corev1.Secret, error) {
	return r.get(ctx, func() (*corev1.Secret, error) {
		if r.world.secret != nil {
			return nil, apierrors.NewAlreadyExists(resource(), "secret")
		}
		r.store(s)
		return r.world.secret, nil
	})
}

func (r *replica) update(ctx context.Context, s *corev1.Secret) (*corev1.Secret, error) {
	return r.get(ctx, func() (*corev1.Secret, error) {
		if r.world.secret == nil {
			return nil, apierrors.NewNotFound(resource(), "secret")
		}
		if s.ResourceVersion != r.world.secret.ResourceVersion {
			return nil, apierrors.NewConflict(resource(), "secret", nil)
		}
		r.store(s)
		return r.world.secret, nil
	})
}

func (r *replica) configurations(ctx context.Context) (found []configuration, err error) {
	err = r.request(ctx, func() error {
		for kind, all := range r.bundles {
			last := all[len(all)-1]
			found = append(found, configuration{
				kind: kind, resourceVersion: strconv.Itoa(last.version), hooks: []hook{{name: "webhook", caBundle: last.bundle}},
			})
		}
		return nil
	})
	return found, err
}

func (r *replica) inject(ctx context.Context, c *configuration, bundle []byte) error {
	return r.request(ctx, func() error {
		if r.denied == c.kind {
			return apierrors.NewForbidden(resource(), c.kind, nil)
		}
		all := r.bundles[c.kind]
		if strconv.Itoa(all[len(all)-1].version) != c.resourceVersion {
			return apierrors.NewConflict(resource(), c.kind, nil)
		}
		r.put(c.kind, bundle)
		return nil
	})
}

func (r *replica) watch(ctx context.Context, changed func()) {
	r.mu.Lock()
	r.watchers[r.id] = changed
	r.mu.Unlock()
	<-ctx.Done()
	r.mu.Lock()
	delete(r.watchers, r.id)
	r.mu.Unlock()
}
