package auditor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/audit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
)

// reportPath is where the report is served, and what callers must be allowed to get.
const reportPath = "/report"

// certificateLife is that of the certificate that a process makes for itself.
const certificateLife = 10 * 365 * 24 * time.Hour

// newReportServer serves the report to those who may read it: as a page, or as JSON for those who ask for it by
// ?format=json or by the header Accept.
func newReportServer(a *auditor) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+reportPath, newGate(a.client, a.log.WithName("report")).protect(http.HandlerFunc(a.serveReport)))
	return mux
}

func (a *auditor) serveReport(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	e := a.latest.Load()
	if e == nil {
		leader := a.leaderName.Load()
		text := "this replica does not act, so it has no report"
		if leader != nil && *leader != "" && *leader != a.Identity {
			text += "; ask " + *leader
		}
		http.Error(w, text, http.StatusServiceUnavailable)
		return
	}
	if r.URL.Query().Get("format") == "json" || strings.HasPrefix(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		_ = audit.JSON(w, e.Cluster)
		return
	}
	page := *e.Lint
	page.Version, page.Time = version.String(), time.Now()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = report.HTML(w, &page)
}

// listenReports listens with TLS: what callers send are tokens.
func (a *auditor) listenReports(ctx context.Context) (net.Listener, error) {
	certificate, err := a.reportCertificate()
	if err != nil {
		return nil, fmt.Errorf("the certificate of the report port: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(a.BindAddress, strconv.Itoa(a.ReportPort)))
	if err != nil {
		return nil, fmt.Errorf("the report port: %w", err)
	}
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: certificate, NextProtos: []string{"http/1.1"}}), nil
}

// reportCertificate gives the certificate of a folder, read anew for each connection so that changes are followed, or one
// that nobody signed but the process itself.
func (a *auditor) reportCertificate() (func(*tls.ClientHelloInfo) (*tls.Certificate, error), error) {
	if a.CertDir != "" {
		load := func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			c, err := tls.LoadX509KeyPair(filepath.Join(a.CertDir, "tls.crt"), filepath.Join(a.CertDir, "tls.key"))
			return &c, err
		}
		_, err := load(nil)
		return load, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: component}, DNSNames: []string{component, "localhost"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	own := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return own, nil }, nil
}
