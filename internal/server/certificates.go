package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/aws-auth-guard/aws-auth-guard/internal/certs"
)

// certificates are where the certificate comes from.
type certificates interface {
	// GetCertificate is the one for a connection, certs.ErrNone before there is one.
	GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
	// Loaded is closed once there is a certificate.
	Loaded() <-chan struct{}
	// Run follows the changes until ctx ends. It waits for a certificate that is not there yet.
	Run(ctx context.Context) error
	// Check gives the certificate that should be served, or says why clients would not accept it.
	Check() (leaf []byte, err error)
	// Register adds metrics of its own.
	Register(registry prometheus.Registerer)
}

// newCertificates chooses where the certificate comes from.
func newCertificates(config *Config, log logr.Logger) (certificates, error) {
	if config.SelfSigned == nil {
		return newFolder(config.CertDir, log), nil
	}
	if config.Cluster == nil {
		return nil, errors.New("self-signed certificates are kept in a Secret, and there is neither --kubeconfig nor a service account to reach it with")
	}
	own, err := certs.New(config.Cluster, *config.SelfSigned, log)
	if err != nil {
		return nil, fmt.Errorf("self-signed certificates: %w", err)
	}
	return own, nil
}

// expiry is when the served certificate expires, in seconds since 1970, or 0.
func expiry(c certificates) float64 {
	served, err := c.GetCertificate(nil)
	if err != nil || served == nil || served.Leaf == nil {
		return 0
	}
	return float64(served.Leaf.NotAfter.Unix())
}

// checkServed connects as a client does and compares what is served with what should be.
func checkServed(ctx context.Context, c certificates, address net.Addr) error {
	leaf, err := c.Check()
	if err != nil {
		return err
	}
	// The names and the issuer are no matter here: the bytes are compared.
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}} //nolint:gosec // See above.
	connection, err := dialer.DialContext(ctx, "tcp", reachable(address))
	if err != nil {
		return fmt.Errorf("the webhook port can't be reached: %w", err)
	}
	defer func() { _ = connection.Close() }()
	peer := connection.(*tls.Conn).ConnectionState().PeerCertificates
	if len(peer) == 0 || !bytes.Equal(peer[0].Raw, leaf) {
		return errors.New("the certificate that is served is not the newest one")
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
