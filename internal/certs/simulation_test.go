package certs

import (
	"context"
	"crypto/x509"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
)

// world is a cluster on a simulated clock. Several replicas keep its Secret and its webhook configurations, while
// API servers lag, requests take long or are lost, replicas die, and people meddle.
//
// At every change it proves that every certificate that any replica may serve is accepted by every API server,
// whichever of the recent caBundles that one has.
type world struct {
	t       *testing.T
	options *Options

	mu       sync.Mutex
	version  int
	secret   *corev1.Secret
	bundles  map[string][]stored
	watchers map[int]func()
	// leaves are the certificates that replicas may serve.
	leaves []served
	// lost is set from the loss of the Secret to the next certificate.
	lost        bool
	authorities map[string]bool
	// cutOff is the replica that can't reach the API server, or -1; denied is the kind of configuration that nobody
	// may write.
	cutOff int
	denied string
}

// stored is a version of a caBundle.
type stored struct {
	version  int
	bundle   []byte
	replaced time.Time
}

type served struct {
	certificate *x509.Certificate
	until       time.Time
}

// apart is the time within which every replica finds a new certificate where the old one was lost.
const apart = 5 * time.Minute

// lag is how far an API server may be behind.
func (w *world) lag() time.Duration { return w.options.propagation() - time.Second }

func newWorld(t *testing.T, o *Options) *world {
	w := &world{t: t, options: o, bundles: map[string][]stored{}, watchers: map[int]func(){}, authorities: map[string]bool{}, cutOff: -1}
	w.put(mutating, nil)
	w.put(validating, nil)
	return w
}

// put stores a caBundle.
func (w *world) put(kind string, bundle []byte) {
	w.version++
	if all := w.bundles[kind]; len(all) > 0 {
		all[len(all)-1].replaced = time.Now()
	}
	w.bundles[kind] = append(w.bundles[kind], stored{version: w.version, bundle: bundle})
	w.prove()
	w.tell()
}

// tell tells the replicas that something has changed, some late and some never.
func (w *world) tell() {
	for _, changed := range w.watchers {
		if rand.IntN(5) > 0 {
			time.AfterFunc(rand.N(3*time.Second), changed)
		}
	}
}

// store stores the Secret, nil to delete it.
func (w *world) store(s *corev1.Secret) {
	w.version++
	if s != nil {
		s = s.DeepCopy()
		s.ResourceVersion = strconv.Itoa(w.version)
	}
	w.secret = s
	if s == nil {
		w.lost = true
	} else if kept, err := read(s, w.options); err != nil {
		w.lost = true
	} else if kept.leaf != nil {
		w.authorities[kept.current.certificate.Subject.CommonName] = true
		if w.lost {
			for i := range w.leaves {
				w.leaves[i].until = earliest(w.leaves[i].until, time.Now().Add(apart))
			}
		}
		w.lost = false
		w.leaves = append(w.leaves, served{kept.leaf.certificate, kept.leaf.certificate.NotAfter})
		if n := len(kept.trusted()); n > 12 {
			w.t.Errorf("%d authorities are trusted", n)
		}
	}
	w.prove()
	w.tell()
}

// prove proves that what may be served is accepted. An emptied caBundle accepts nothing, whatever is served.
func (w *world) prove() {
	now := time.Now()
	var usable []served
	for _, l := range w.leaves {
		if now.Before(l.until) {
			usable = append(usable, l)
		}
	}
	w.leaves = usable
	for kind, all := range w.bundles {
		for len(all) > 0 && !all[0].replaced.IsZero() && now.Sub(all[0].replaced) > w.lag() {
			all = all[1:]
		}
		w.bundles[kind] = all
		for _, b := range all {
			trusted := ParseBundle(b.bundle)
			for _, l := range usable {
				if err := verify(l.certificate, trusted, now, w.options); err != nil && len(b.bundle) > 0 && len(trusted) > 0 && !w.t.Failed() {
					w.t.Errorf("%s: an API server with a caBundle of %d in the %s refuses %s: %v",
						now, len(trusted), kind, l.certificate.Subject.CommonName, err)
				}
			}
		}
	}
}

// running is a replica's life.
type running struct {
	authority *Authority
	kill      func()
}

func (w *world) start(id int) running {
	a := newAuthority(&replica{w, id}, *w.options, logr.Discard())
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	return running{a, func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("replica %d: %v", id, err)
		}
	}}
}

// deny takes the permission to write a configuration away, or gives it back.
func (w *world) deny() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.denied = []string{mutating, validating, ""}[rand.IntN(3)]
}

// meddle does one of the things that go wrong in clusters.
func (w *world) meddle(replicas []running) {
	id := rand.IntN(len(replicas))
	w.mu.Lock()
	switch rand.IntN(12) {
	case 0:
		w.store(nil)
	case 1:
		if w.secret != nil {
			damaged := w.secret.DeepCopy()
			for _, key := range []string{stateFile, bundleFile, leafFile, keyFile} {
				if len(damaged.Data[key]) > 0 && rand.IntN(3) == 0 {
					damaged.Data[key] = damaged.Data[key][:rand.IntN(len(damaged.Data[key]))]
				}
			}
			w.store(damaged)
		}
	case 2, 3:
		w.put([]string{mutating, validating}[rand.IntN(2)], nil)
	case 4, 5, 6:
		w.cutOff = id
	case 7:
		w.cutOff = -1
	default:
		w.mu.Unlock()
		replicas[id].kill()
		time.Sleep(rand.N(2 * time.Minute))
		replicas[id] = w.start(id)
		return
	}
	w.mu.Unlock()
}

// TestNoAPIServerEverRefusesACertificate simulates days of clusters whose authority lives for half a day.
func TestNoAPIServerEverRefusesACertificate(t *testing.T) {
	worlds := 6
	if testing.Short() {
		worlds = 1
	}
	for i := range worlds {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := options()
				o.CAValidity, o.LeafValidity = 12*time.Hour, 4*time.Hour
				w := newWorld(t, o)
				replicas := make([]running, 3)
				for id := range replicas {
					replicas[id] = w.start(id)
				}
				time.Sleep(20 * time.Minute)
				w.mu.Lock()
				if len(w.authorities) != 1 {
					t.Errorf("the replicas began with %d authorities", len(w.authorities))
				}
				w.mu.Unlock()
				// Some worlds are left in peace, so that rotations are not drowned in repairs.
				for end := time.Now().Add(4 * day); time.Now().Before(end) && !t.Failed(); {
					time.Sleep(rand.N(30 * time.Minute))
					switch i % 3 {
					case 0:
						w.meddle(replicas)
					case 1:
						w.deny()
					}
					w.mu.Lock()
					w.prove()
					w.mu.Unlock()
				}
				w.settle(replicas)
				for _, r := range replicas {
					r.kill()
				}
			})
		})
	}
}

// settle proves that all is well once nobody meddles any more.
func (w *world) settle(replicas []running) {
	w.mu.Lock()
	w.cutOff, w.denied = -1, ""
	w.mu.Unlock()
	time.Sleep(2 * time.Hour)
	w.mu.Lock()
	defer w.mu.Unlock()
	kept, err := read(w.secret, w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(w.authorities) < 8 {
		w.t.Errorf("there were only %d authorities", len(w.authorities))
	}
	if n := len(kept.trusted()); n > 3 {
		w.t.Errorf("%d authorities are still trusted", n)
	}
	for id, r := range replicas {
		if c, err := r.authority.GetCertificate(nil); err != nil || time.Now().After(c.Leaf.NotAfter) {
			w.t.Errorf("replica %d serves %v, %v", id, c, err)
		}
		if _, err := r.authority.Check(); err != nil {
			w.t.Errorf("replica %d is not ready: %v", id, err)
		}
	}
}
