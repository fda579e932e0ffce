package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"

	"github.com/aws-auth-guard/aws-auth-guard/internal/certs"
)

// The files of a certificate, as a Secret of type kubernetes.io/tls names them.
const (
	certificateFile = "tls.crt"
	keyFile         = "tls.key"
)

const (
	// certificatePoll is how often a missing certificate is looked for.
	certificatePoll = 500 * time.Millisecond
	// changePoll is how often a changed one is, should its change not be reported.
	changePoll = 2 * time.Second
)

// folder serves the certificate of a folder and follows its changes.
type folder struct {
	certificate, key string
	log              logr.Logger
	watcher          atomic.Pointer[certwatcher.CertWatcher]
	// has is closed once there is a certificate.
	has chan struct{}
}

func newFolder(dir string, log logr.Logger) *folder {
	return &folder{
		certificate: filepath.Join(dir, certificateFile), key: filepath.Join(dir, keyFile), log: log, has: make(chan struct{}),
	}
}

// GetCertificate implements certificates.
func (c *folder) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	w := c.watcher.Load()
	if w == nil {
		return nil, certs.ErrNone
	}
	return w.GetCertificate(hello)
}

// Loaded implements certificates.
func (c *folder) Loaded() <-chan struct{} { return c.has }

// Run waits for the certificate, which may be made only after the pod has started, and then follows it.
func (c *folder) Run(ctx context.Context) error {
	reported := ""
	for {
		w, err := certwatcher.New(c.certificate, c.key)
		if err == nil {
			c.watcher.Store(w)
			close(c.has)
			return w.WithWatchInterval(changePoll).Start(ctx)
		}
		if err.Error() != reported {
			c.log.Info("waiting for the certificate", "certificate", c.certificate, "key", c.key, "reason", err.Error())
			reported = err.Error()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(certificatePoll):
		}
	}
}

// Check reads what lies on disk, where that is newer, before it says what should be served: a change must not make
// all replicas unready at once.
func (c *folder) Check() (leaf []byte, err error) {
	w := c.watcher.Load()
	if w == nil {
		return nil, certs.ErrNone
	}
	if err := w.ReadCertificate(); err != nil {
		return nil, fmt.Errorf("the certificate can't be read: %w", err)
	}
	disk, err := tls.LoadX509KeyPair(c.certificate, c.key)
	if err != nil {
		return nil, fmt.Errorf("the certificate can't be read: %w", err)
	}
	return disk.Certificate[0], nil
}

// Register has nothing to add: the certificate watcher's metrics are in controller-runtime's registry.
func (c *folder) Register(prometheus.Registerer) {}
