package install

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// mySecret is a Secret with a certificate as people make it who keep certificates themselves. It is not the release's,
// which must leave it alone.
const mySecret = "my-certificate"

// certificate is one for the guard's Service, as a manifest of mySecret, with its authority as PEM text.
type certificate struct{ manifest, authority string }

// newCertificate makes a certificate by an authority of its own.
func (s *site) newCertificate(t *testing.T) certificate {
	t.Helper()
	authority, err := guard.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pair, key, err := authority.Make([]string{release + "." + namespace + ".svc"})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"tls.crt": pair, "tls.key": key} {
		if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	manifest := s.k(t, "create", "secret", "tls", mySecret, "--namespace", namespace, "--dry-run=client", "--output", "yaml",
		"--cert", filepath.Join(s.dir, "tls.crt"), "--key", filepath.Join(s.dir, "tls.key"))
	return certificate{manifest.output, string(authority.PEM)}
}

// put puts a certificate into mySecret.
func (s *site) put(t *testing.T, c certificate) {
	t.Helper()
	if r := s.run(t, s.kubectl, c.manifest, nil, "apply", "--filename", "-"); r.code != 0 {
		t.Fatal(r)
	}
}

// existing gives the settings for mySecret and the authorities that are to be trusted.
func (s *site) existing(t *testing.T, authorities ...string) []string {
	t.Helper()
	path := filepath.Join(s.dir, "ca.crt")
	if err := os.WriteFile(path, []byte(strings.Join(authorities, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"--set", "certificates.mode=existing", "--set", "certificates.existing.secretName=" + mySecret,
		"--set-file", "certificates.existing.caBundle=" + path,
	}
}

// renewedByHand changes certificate and authority as values.yaml tells people to: both authorities are trusted, then
// the certificate changes, then the old authority goes.
func (s *site) renewedByHand(t *testing.T, helm string, settings []string) {
	t.Helper()
	before := s.newCertificate(t)
	// Certificates are told apart by the second in which they expire.
	time.Sleep(2 * time.Second)
	after := s.newCertificate(t)
	s.put(t, before)
	s.install(t, helm, append(append(s.existing(t, before.authority), settings...), takeOver)...)
	s.during(t, "certificate and CA of one's own changed, strict", unguarded, func() {
		s.install(t, helm, append(s.existing(t, before.authority, after.authority), settings...)...)
		served := s.expiries(t)
		s.put(t, after)
		s.awaitOthers(t, served)
		s.install(t, helm, append(s.existing(t, after.authority), settings...)...)
	})
}

// renewedByCertManager has cert-manager renew the certificate, then the CA, then make up for a certificate that was
// deleted.
func (s *site) renewedByCertManager(t *testing.T) {
	t.Helper()
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"cert-manager renews the certificate, strict", func() { s.renew(t, release+"-tls") }},
		{"cert-manager renews the CA, then the certificate, strict", func() {
			s.renew(t, release+"-ca")
			s.renew(t, release+"-tls")
		}},
		{"the Secret of cert-manager's certificate deleted, strict", func() {
			s.k(t, "delete", "secret", release+"-tls", "--namespace", namespace)
		}},
	} {
		s.during(t, step.what, unguarded, func() {
			served := s.expiries(t)
			step.do()
			s.awaitOthers(t, served)
		})
	}
}

// renew asks cert-manager for a renewal as its own command-line tool does, by the condition Issuing, and waits for it.
func (s *site) renew(t *testing.T, name string) {
	t.Helper()
	revision := func() string {
		return s.k(t, "get", "certificate", name, "--namespace", namespace, "--output", "jsonpath={.status.revision} {.status.conditions[?(@.type=='Ready')].status}").output
	}
	before := revision()
	s.k(t, "patch", "certificate", name, "--namespace", namespace, "--subresource", "status", "--type", "merge", "--patch",
		`{"status":{"conditions":[{"type":"Issuing","status":"True","reason":"ManuallyTriggered","message":"renewed by a test"}]}}`)
	for deadline := time.Now().Add(waitLimit); ; time.Sleep(200 * time.Millisecond) {
		if now := revision(); now != before && strings.HasSuffix(now, " True") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("cert-manager does not renew %s (revision %s)", name, before)
		}
	}
}

var expiryMetric = regexp.MustCompile(`(?m)^awsauth_certificate_expiry_timestamp_seconds (\S+)$`)

// expiries says when the certificate that each pod of the webhook serves expires: another certificate, another moment.
func (s *site) expiries(t *testing.T) map[string]string {
	t.Helper()
	pods, err := s.clients.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=webhook"})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for i := range pods.Items {
		if pods.Items[i].DeletionTimestamp != nil {
			continue
		}
		name := pods.Items[i].Name
		text := s.k(t, "get", "--raw", fmt.Sprintf("/api/v1/namespaces/%s/pods/%s:8080/proxy/metrics", namespace, name))
		match := expiryMetric.FindStringSubmatch(text.output)
		if match == nil {
			t.Fatalf("%s has no metric of its certificate:\n%s", name, text)
		}
		found[name] = match[1]
	}
	if len(found) == 0 {
		t.Fatal("there are no pods of the webhook")
	}
	return found
}

// awaitOthers waits until every pod serves a certificate that none served before.
func (s *site) awaitOthers(t *testing.T, before map[string]string) {
	t.Helper()
	old := slices.Collect(maps.Values(before))
	for deadline := time.Now().Add(waitLimit); ; time.Sleep(time.Second) {
		now := s.expiries(t)
		if !slices.ContainsFunc(slices.Collect(maps.Values(now)), func(expiry string) bool { return slices.Contains(old, expiry) }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the certificates have not changed: %v, before %v", now, before)
		}
	}
}
