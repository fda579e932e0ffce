package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
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

// certificates serve the certificate of a folder and follow its changes.
type certificates struct {
	certificate, key string
	log              logr.Logger
	watcher          atomic.Pointer[certwatcher.CertWatcher]
	// loaded is closed once there is a certificate.
	loaded chan struct{}
}

func newCertificates(dir string, log logr.Logger) *certificates {
	return &certificates{
		certificate: filepath.Join(dir, certificateFile), key: filepath.Join(dir, keyFile), log: log, loaded: make(chan struct{}),
	}
}

var errNoCertificate = errors.New("there is no certificate yet")

// get is the certificate for a connection.
func (c *certificates) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	w := c.watcher.Load()
	if w == nil {
		return nil, errNoCertificate
	}
	return w.GetCertificate(hello)
}

// expiry is when the served certificate expires, in seconds since 1970, or 0.
func (c *certificates) expiry() float64 {
	served, err := c.get(nil)
	if err != nil || served == nil || served.Leaf == nil {
		return 0
	}
	return float64(served.Leaf.NotAfter.Unix())
}

// run waits for the certificate, which may be made only after the pod has started, and then follows it.
func (c *certificates) run(ctx context.Context) error {
	reported := ""
	for {
		w, err := certwatcher.New(c.certificate, c.key)
		if err == nil {
			c.watcher.Store(w)
			close(c.loaded)
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

// checkServed connects as a client does and compares what is served with what lies on disk. Where that is newer
// it is read first: a change must not make all replicas unready at once.
func (c *certificates) checkServed(ctx context.Context, address net.Addr) error {
	w := c.watcher.Load()
	if w == nil {
		return errNoCertificate
	}
	if err := w.ReadCertificate(); err != nil {
		return fmt.Errorf("the certificate can't be read: %w", err)
	}
	disk, err := tls.LoadX509KeyPair(c.certificate, c.key)
	if err != nil {
		return fmt.Errorf("the certificate can't be read: %w", err)
	}
	// The names and the issuer are no matter here: the bytes are compared.
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}} //nolint:gosec // See above.
	connection, err := dialer.DialContext(ctx, "tcp", reachable(address))
	if err != nil {
		return fmt.Errorf("the webhook port can't be reached: %w", err)
	}
	defer func() { _ = connection.Close() }()
	peer := connection.(*tls.Conn).ConnectionState().PeerCertificates
	if len(peer) == 0 || !bytes.Equal(peer[0].Raw, disk.Certificate[0]) {
		return errors.New("the certificate on disk is not the one that is served")
	}
	return nil
}

// reachable is the address at which a listener on all addresses can be reached from here.
func reachable(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
