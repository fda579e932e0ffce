package cluster

import (
	"net"
	"os"
	"path/filepath"

	"k8s.io/client-go/util/cert"
)

// The files of the control plane's certificate, with its authority after it, and of the key, which signs the tokens of
// service accounts as well.
const (
	serverCertificate = "apiserver.crt"
	serverKey         = "apiserver.key"
)

// makeCertificates writes a certificate of the API server and its key. It gives the certificate with its authority.
func makeCertificates(dir string) ([]byte, error) {
	addresses := []net.IP{net.ParseIP(serviceAddress), net.ParseIP(controlHostAddress), net.IPv4(127, 0, 0, 1)}
	names := []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"}
	certificate, key, err := cert.GenerateSelfSignedCertKey(controlAddress, addresses, names)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, serverKey), key, 0o600); err != nil {
		return nil, err
	}
	return certificate, os.WriteFile(filepath.Join(dir, serverCertificate), certificate, 0o600)
}
