package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The keys of the Secret. The certificate and the caBundle have the usual names, for tools that show when
// certificates expire.
const (
	stateFile  = "authority.json"
	bundleFile = "ca.crt"
	leafFile   = corev1.TLSCertKey
	keyFile    = corev1.TLSPrivateKeyKey
)

// formatVersion is that of the state's text. A higher one is left alone.
const formatVersion = 1

// The label by which the Secret is known as the guard's.
const (
	nameLabel = "app.kubernetes.io/name"
	guardName = "aws-auth-guard"
)

// maxAuthorities bounds the retired authorities that are read; there are never more than those taken over and
// those of a few rotations.
const maxAuthorities = 64

// foreignError says that the Secret belongs to somebody else and must not be written.
type foreignError struct{ reason string }

func (e *foreignError) Error() string { return e.reason }

// errEmpty says that the Secret is the guard's and keeps nothing yet.
var errEmpty = errors.New("it is empty")

// document is the text of a state.
type document struct {
	Version int `json:"version"`
	// Service is the one whose certificates these are, as NAMESPACE/NAME.
	Service string             `json:"service"`
	Phase   phase              `json:"phase"`
	Current *authorityDocument `json:"current,omitempty"`
	Next    *authorityDocument `json:"next,omitempty"`
	Retired []retiredDocument  `json:"retired,omitempty"`
}

// authorityDocument is the text of an authority that signs, or will sign.
type authorityDocument struct {
	Certificate string    `json:"certificate"`
	Key         string    `json:"key"`
	LeavesUntil time.Time `json:"leavesUntil,omitzero"`
	SpreadUntil time.Time `json:"spreadUntil,omitzero"`
}

type retiredDocument struct {
	Certificate string    `json:"certificate"`
	Until       time.Time `json:"until,omitzero"`
}

// read gives the state that a Secret keeps: a *foreignError where it is not the guard's, errEmpty where nothing is
// kept yet, and another error where the content can't be used.
func read(secret *corev1.Secret, o *Options) (*state, error) {
	labeled := secret.Labels[nameLabel] == guardName
	switch {
	case secret.Type != corev1.SecretTypeOpaque && secret.Type != "":
		return nil, &foreignError{fmt.Sprintf("it is of type %s, not %s", secret.Type, corev1.SecretTypeOpaque)}
	case metav1.GetControllerOf(secret) != nil:
		return nil, &foreignError{fmt.Sprintf("it is controlled by %s %s", metav1.GetControllerOf(secret).Kind, metav1.GetControllerOf(secret).Name)}
	case !labeled && len(secret.Data) > 0:
		return nil, &foreignError{fmt.Sprintf("it has content and not the label %s=%s", nameLabel, guardName)}
	case len(secret.Data) == 0:
		return nil, errEmpty
	}
	return decode(secret.Data, o)
}

// decode reads what encode gave, and proves that it fits together. Whether it has expired is not its matter.
func decode(data map[string][]byte, o *Options) (*state, error) {
	var d document
	if err := json.Unmarshal(data[stateFile], &d); err != nil {
		return nil, fmt.Errorf("%s: %w", stateFile, err)
	}
	if d.Version > formatVersion {
		return nil, &foreignError{fmt.Sprintf("a newer version of the guard wrote it (format %d; this one knows %d)", d.Version, formatVersion)}
	}
	if d.Version != formatVersion {
		return nil, fmt.Errorf("%s: there is no format %d", stateFile, d.Version)
	}
	if d.Service != o.owner() {
		return nil, &foreignError{fmt.Sprintf("it keeps the certificates of the Service %q, not of %q", d.Service, o.owner())}
	}
	s, err := d.state()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", stateFile, err)
	}
	if s.phase() != d.Phase {
		return nil, fmt.Errorf("%s: the phase is %q where the content is that of %q", stateFile, d.Phase, s.phase())
	}
	if !bytes.Equal(data[bundleFile], s.bundle()) {
		return nil, fmt.Errorf("%s does not hold the authorities of %s", bundleFile, stateFile)
	}
	if s.current == nil {
		if len(data[leafFile])+len(data[keyFile]) > 0 {
			return nil, errors.New("there is a certificate without an authority")
		}
		return s, nil
	}
	if s.leaf, err = decodePair(data[leafFile], data[keyFile]); err != nil {
		return nil, fmt.Errorf("%s and %s: %w", leafFile, keyFile, err)
	}
	// At its end a certificate has not outlived its authority either.
	if err := verify(s.leaf.certificate, []*x509.Certificate{s.current.certificate}, s.leaf.certificate.NotAfter, o); err != nil {
		return nil, fmt.Errorf("%s: %w", leafFile, err)
	}
	return s, nil
}

func (d *document) state() (*state, error) {
	s := &state{}
	var err error
	if d.Current == nil && d.Next == nil {
		return nil, errors.New("there is no authority")
	}
	if d.Current != nil {
		if s.current, err = d.Current.decode(); err != nil {
			return nil, fmt.Errorf("current: %w", err)
		}
		s.leavesUntil = d.Current.LeavesUntil
	}
	if d.Next != nil {
		if s.next, err = d.Next.decode(); err != nil {
			return nil, fmt.Errorf("next: %w", err)
		}
		s.propagatedAt = d.Next.SpreadUntil
	}
	if len(d.Retired) > maxAuthorities {
		return nil, fmt.Errorf("there are %d retired authorities", len(d.Retired))
	}
	for i, r := range d.Retired {
		c, err := decodeCertificate([]byte(r.Certificate))
		if err != nil {
			return nil, fmt.Errorf("retired[%d]: %w", i, err)
		}
		s.retired = append(s.retired, retired{c, r.Until})
	}
	return s, nil
}

// decode reads an authority of our own making: one that has signed itself and may sign.
func (d *authorityDocument) decode() (*pair, error) {
	p, err := decodePair([]byte(d.Certificate), []byte(d.Key))
	if err != nil {
		return nil, err
	}
	// The check of its own signature covers what it may be used for.
	if err := p.certificate.CheckSignatureFrom(p.certificate); err != nil {
		return nil, fmt.Errorf("it is not an authority: %w", err)
	}
	return p, nil
}

func (p *pair) document() (*authorityDocument, error) {
	certificate, key, err := p.encode()
	return &authorityDocument{Certificate: string(certificate), Key: string(key)}, err
}

// encode gives the content of the Secret.
func (s *state) encode(o *Options) (map[string][]byte, error) {
	d := document{Version: formatVersion, Service: o.owner(), Phase: s.phase()}
	data := map[string][]byte{bundleFile: s.bundle()}
	var err error
	if s.current != nil {
		if d.Current, err = s.current.document(); err != nil {
			return nil, err
		}
		d.Current.LeavesUntil = s.leavesUntil
		if data[leafFile], data[keyFile], err = s.leaf.encode(); err != nil {
			return nil, err
		}
	}
	if s.next != nil {
		if d.Next, err = s.next.document(); err != nil {
			return nil, err
		}
		d.Next.SpreadUntil = s.propagatedAt
	}
	for _, r := range s.retired {
		d.Retired = append(d.Retired, retiredDocument{string(encodeCertificate(r.certificate)), r.until})
	}
	data[stateFile], err = json.MarshalIndent(d, "", "  ")
	return data, err
}

// verify reports whether an API server that trusts the authorities takes the certificate for the Service's.
func verify(leaf *x509.Certificate, trusted []*x509.Certificate, now time.Time, o *Options) error {
	roots := x509.NewCertPool()
	for _, c := range trusted {
		roots.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: o.names()[0], Roots: roots, CurrentTime: now})
	return err
}
