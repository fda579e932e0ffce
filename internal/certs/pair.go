package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// The types of PEM blocks.
const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// renewParts: a certificate is followed by the next when one of so many parts of its life is left.
const renewParts = 3

// pair is a certificate with its key.
type pair struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func (p *pair) valid(now time.Time) bool {
	return !now.Before(p.certificate.NotBefore) && !now.After(p.certificate.NotAfter)
}

// renewal is when two thirds of the life are over.
func (p *pair) renewal() time.Time {
	life := p.certificate.NotAfter.Sub(p.certificate.NotBefore) - leeway
	return p.certificate.NotAfter.Add(-life / renewParts)
}

// newCA makes an authority that can sign certificates of the Service alone.
func newCA(now time.Time, o *Options) (*pair, error) {
	template := &x509.Certificate{
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		NotAfter: now.Add(o.CAValidity), PermittedDNSDomainsCritical: true, PermittedDNSDomains: o.names(),
	}
	return issue(template, nil, now, "authority")
}

// newLeaf signs a certificate that the webhooks are served with. It ends with its authority at the latest.
func (p *pair) newLeaf(now time.Time, o *Options) (*pair, error) {
	template := &x509.Certificate{
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotAfter: now.Add(o.LeafValidity), DNSNames: o.names(),
	}
	if template.NotAfter.After(p.certificate.NotAfter) {
		template.NotAfter = p.certificate.NotAfter
	}
	return issue(template, p, now, "webhook")
}

// issue makes a key and a certificate of it, signed by the parent or, without one, by itself.
func issue(template *x509.Certificate, parent *pair, now time.Time, name string) (*pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	// A name of its own keeps an authority from being taken for its predecessor.
	template.Subject = pkix.Name{Organization: []string{"aws-auth-guard"}, CommonName: name + " " + rand.Text()}
	template.NotBefore = now.Add(-leeway)
	issuer, issuerKey := template, key
	if parent != nil {
		issuer, issuerKey = parent.certificate, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, issuerKey)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &pair{certificate, key}, nil
}

// encode gives the pair as two PEM texts.
func (p *pair) encode() (certificate, key []byte, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		return nil, nil, err
	}
	return encodeCertificate(p.certificate), pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}), nil
}

func encodeCertificate(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: c.Raw})
}

// decodePair reads what encode gave.
func decodePair(certificate, key []byte) (*pair, error) {
	c, err := decodeCertificate(certificate)
	if err != nil {
		return nil, err
	}
	both, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	k, ok := both.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("the key is not an ECDSA key")
	}
	return &pair{c, k}, nil
}

// decodeCertificate reads one PEM block.
func decodeCertificate(text []byte) (*x509.Certificate, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != certificateBlock || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("the certificate is not one PEM block")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the certificate: %w", err)
	}
	return c, nil
}

// ParseBundle reads the certificates of a caBundle, without what is none.
func ParseBundle(text []byte) []*x509.Certificate {
	var found []*x509.Certificate
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return found
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == certificateBlock {
			found = append(found, c)
		}
		text = rest
	}
}
