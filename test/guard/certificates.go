package guard

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// validity is how long certificates last from now on; they begin a little earlier, for clocks that differ.
const (
	validity = 24 * time.Hour
	leeway   = time.Hour
)

// Authority issues certificates for tests. It is safe to make several: each is another one.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	// PEM is the certificate by which clients know the others.
	PEM []byte
}

// NewAuthority makes an authority.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "aws-auth-guard test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-leeway), NotAfter: time.Now().Add(validity), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	bundle, err := cert.EncodeCertificates(certificate)
	return &Authority{certificate: certificate, key: key, PEM: bundle}, err
}

// Issue writes a new certificate for the loopback address as tls.crt and tls.key into a folder. Both files
// appear, and change, at once: as in a mounted Secret they lie behind a link.
func (a *Authority) Issue(dir string) error {
	certificate, key, err := a.Make([]string{"localhost"}, net.IPv4(127, 0, 0, 1))
	if err != nil {
		return err
	}
	return Publish(dir, map[string][]byte{"tls.crt": certificate, "tls.key": key})
}

// Make gives a new certificate for names and addresses, and its key, in PEM.
func (a *Authority) Make(names []string, addresses ...net.IP) (certificatePEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "aws-auth-guard"}, DNSNames: names, IPAddresses: addresses,
		NotBefore: time.Now().Add(-leeway), NotAfter: time.Now().Add(validity),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	keyPEM, err = keyutil.MarshalPrivateKeyToPEM(key)
	return pem.EncodeToMemory(&pem.Block{Type: cert.CertificateBlockType, Bytes: der}), keyPEM, err
}

// Publish writes files into a folder as the kubelet does for a mounted ConfigMap or Secret: into a folder of
// their own, to which the link ..data leads and is swapped.
func Publish(dir string, files map[string][]byte) error {
	version, err := os.MkdirTemp(dir, "..version-")
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(version, name), content, 0o600); err != nil {
			return err
		}
	}
	data, fresh := filepath.Join(dir, "..data"), filepath.Join(dir, "..data_tmp")
	old, readErr := os.Readlink(data)
	if err := os.Symlink(filepath.Base(version), fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, data); err != nil {
		return err
	}
	for name := range files {
		link := filepath.Join(dir, name)
		if _, err := os.Lstat(link); err == nil {
			continue
		}
		if err := os.Symlink(filepath.Join("..data", name), link); err != nil {
			return fmt.Errorf("publishing %s: %w", name, err)
		}
	}
	if readErr == nil {
		return os.RemoveAll(filepath.Join(dir, old))
	}
	return nil
}
