package server

import (
	"context"
	"crypto/tls"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/aws-auth-guard/aws-auth-guard/internal/certs"
)

// ownAuthority serves the certificate of the guard's own authority.
type ownAuthority struct{ *certs.Authority }

func (a ownAuthority) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if served := a.Certificate(); served != nil {
		return served, nil
	}
	return nil, errNoCertificate
}

func (a ownAuthority) loaded() <-chan struct{} { return a.Loaded() }

func (a ownAuthority) run(ctx context.Context) error { return a.Run(ctx) }

func (a ownAuthority) check() (leaf []byte, err error) {
	served := a.Certificate()
	if served == nil {
		return nil, errNoCertificate
	}
	return served.Certificate[0], a.Check()
}

func (a ownAuthority) register(registry prometheus.Registerer) { a.Register(registry) }
