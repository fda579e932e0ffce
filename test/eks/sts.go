package eks

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// STS answers at the real names of STS, behind a proxy, and knows the secrets: whether a signature is right it finds out as STS
// does, by signing again.
type STS struct {
	// Environment lets another process use it: the proxy, and the authority of its certificates.
	Environment []string

	mu   sync.Mutex
	keys map[string]key
	ends []io.Closer
}

// key is an access key.
type key struct{ secret, arn string }

// StartSTS starts it; it writes the authority's certificate into a folder.
func StartSTS(dir string) (*STS, error) {
	s := &STS{keys: map[string]key{}}
	authority, leaf, err := certificates()
	if err != nil {
		return nil, err
	}
	file := dir + "/sts-ca.pem"
	if err := os.WriteFile(file, authority, 0o600); err != nil {
		return nil, err
	}
	inner, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{*leaf}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, err
	}
	outer, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	service := &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute}
	go func() { _ = service.Serve(inner) }()
	go func() {
		for {
			c, err := outer.Accept()
			if err != nil {
				return
			}
			go tunnel(c, inner.Addr().String())
		}
	}()
	s.ends = []io.Closer{service, outer}
	s.Environment = []string{"HTTPS_PROXY=http://" + outer.Addr().String(), "SSL_CERT_FILE=" + file, "AWS_CA_BUNDLE=" + file}
	return s, nil
}

// Stop ends it.
func (s *STS) Stop() {
	for _, end := range s.ends {
		_ = end.Close()
	}
}

// SetKey makes an access key.
func (s *STS) SetKey(id, secret, arn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[id] = key{secret, arn}
}

// tunnel leads a connection to STS, and no other.
func tunnel(c net.Conn, to string) {
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	request, err := http.ReadRequest(r)
	if err != nil || request.Method != http.MethodConnect || !strings.HasPrefix(request.Host, "sts.") {
		_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return
	}
	up, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = up.Close() }()
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(up, r) }()
	_, _ = io.Copy(c, up)
}

// certificates makes an authority and a certificate for STS.
func certificates() ([]byte, *tls.Certificate, error) {
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "STS of a test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		DNSNames: []string{globalHost, "sts.eu-west-1.amazonaws.com", "sts.us-east-1.amazonaws.com"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &secret.PublicKey, secret)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: secret}, nil
}

const (
	globalHost = "sts.amazonaws.com"
	signedAt   = "20060102T150405Z"
	// patience is how far a signature's time may be off.
	patience = 15 * time.Minute
)

func (s *STS) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return
	}
	who, fault := s.caller(r, body)
	if form, _ := url.ParseQuery(string(body)); fault == nil && form.Get("Action") == "AssumeRole" {
		fault = &Fault{http.StatusForbidden, "AccessDenied", fmt.Sprintf("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", who, form.Get("RoleArn"))}
	}
	if fault != nil && r.Header.Get("Accept") == "application/json" {
		writeJSON(w, fault.Status, map[string]any{"Error": map[string]string{"Code": fault.Type, "Message": fault.Message, "Type": "Sender"}, "RequestId": "0"})
		return
	}
	if fault != nil {
		writeError(w, &call{service: serviceSTS}, fault)
		return
	}
	if r.Header.Get("Accept") == "application/json" {
		_ = json.NewEncoder(w).Encode(map[string]any{"GetCallerIdentityResponse": map[string]any{"GetCallerIdentityResult": identity{"111122223333", who, "AROAEXAMPLE:session"}}})
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>%s</Arn><UserId>AROAEXAMPLE:session</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, who)
}

// caller finds out who signed a request.
func (s *STS) caller(r *http.Request, body []byte) (string, *Fault) {
	q := r.URL.Query()
	presigned := q.Get("X-Amz-Signature") != ""
	credential, date := q.Get("X-Amz-Credential"), q.Get("X-Amz-Date")
	if !presigned {
		_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		credential, _, _ = strings.Cut(rest, ",")
		date = r.Header.Get("X-Amz-Date")
	}
	parts := strings.Split(credential, "/")
	at, err := time.Parse(signedAt, date)
	if err != nil || len(parts) != 5 {
		return "", &Fault{http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	}
	s.mu.Lock()
	k, known := s.keys[parts[0]]
	s.mu.Unlock()
	if !known {
		return "", &Fault{http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid."}
	}
	if time.Since(at).Abs() > patience {
		return "", &Fault{http.StatusForbidden, "SignatureDoesNotMatch", fmt.Sprintf("Signature expired: %s is now earlier than %s", date, time.Now().UTC().Add(-patience).Format(signedAt))}
	}
	if !k.signed(r, body, parts[2], at, presigned) {
		return "", &Fault{http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."}
	}
	return k.arn, nil
}

// signed signs the request again and compares.
func (k key) signed(r *http.Request, body []byte, region string, at time.Time, presigned bool) bool {
	q := r.URL.Query()
	names := q.Get("X-Amz-SignedHeaders")
	if !presigned {
		_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
		names, _, _ = strings.Cut(rest, ",")
	}
	id, _, _ := strings.Cut(q.Get("X-Amz-Credential"), "/")
	if !presigned {
		_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		id, _, _ = strings.Cut(rest, "/")
	}
	signature := q.Get("X-Amz-Signature")
	for _, name := range []string{"X-Amz-Signature", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Algorithm", "X-Amz-Security-Token"} {
		q.Del(name)
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "https://"+r.Host+"/?"+q.Encode(), http.NoBody)
	if err != nil {
		return false
	}
	for name := range strings.SplitSeq(names, ";") {
		if v := r.Header.Get(name); v != "" {
			again.Header.Set(name, v)
		}
	}
	hash := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: id, SecretAccessKey: k.secret}
	if presigned {
		made, _, err := v4.NewSigner().PresignHTTP(r.Context(), credentials, again, hex.EncodeToString(hash[:]), "sts", region, at)
		if err != nil {
			return false
		}
		u, err := url.Parse(made)
		return err == nil && u.Query().Get("X-Amz-Signature") == signature
	}
	if err := v4.NewSigner().SignHTTP(r.Context(), credentials, again, hex.EncodeToString(hash[:]), "sts", region, at); err != nil {
		return false
	}
	return again.Header.Get("Authorization") == r.Header.Get("Authorization")
}
