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
	// get is the certificate for a connection, an error before there is one.
	get(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
	// loaded is closed once there is a certificate.
	loaded() <-chan struct{}
	// run follows the changes until ctx ends. It waits for a certificate that is not there yet.
	run(ctx context.Context) error
	// check gives the certificate that should be served, or says why clients would not accept it.
	check() (leaf []byte, err error)
	// register adds metrics of its own.
	register(registry prometheus.Registerer)
}

var errNoCertificate = errors.New("there is no certificate yet")

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
	return ownAuthority{own}, nil
}

// expiry is when the served certificate expires, in seconds since 1970, or 0.
func expiry(c certificates) float64 {
	served, err := c.get(nil)
	if err != nil || served == nil || served.Leaf == nil {
		return 0
	}
	return float64(served.Leaf.NotAfter.Unix())
}

// checkServed connects as a client does and compares what is served with what should be.
func checkServed(ctx context.Context, c certificates, address net.Addr) error {
	leaf, err := c.check()
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
