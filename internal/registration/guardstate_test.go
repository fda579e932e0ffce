package registration

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// certificate lasts from a number of days from now to another.
func certificate(t *testing.T, from, to int) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.AddDate(0, 0, from), NotAfter: now.AddDate(0, 0, to)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func configuration(change func(*admissionv1.ValidatingWebhook)) []*admissionv1.ValidatingWebhookConfiguration {
	path := "/validate"
	w := admissionv1.ValidatingWebhook{
		Name:         "validate.aws-auth-guard.dev",
		ClientConfig: admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: "guard", Name: "guard", Path: &path}},
		Rules: []admissionv1.RuleWithOperations{{
			Operations: []admissionv1.OperationType{admissionv1.OperationAll},
			Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
		}},
	}
	change(&w)
	return []*admissionv1.ValidatingWebhookConfiguration{{ObjectMeta: metav1.ObjectMeta{Name: "c"}, Webhooks: []admissionv1.ValidatingWebhook{w}}}
}

func around() *Surroundings {
	return &Surroundings{
		Now: now, Namespace: map[string]string{"kubernetes.io/metadata.name": "kube-system"},
		Backends: map[string]Backend{"guard/guard": {Found: true, Ports: []int32{443}, Ready: 2}},
	}
}

func TestCertificates(t *testing.T) {
	for name, c := range map[string]struct {
		bundle []byte
		want   string
	}{
		"in order":                          {certificate(t, -1, 90), ""},
		"expired":                           {certificate(t, -90, -1), "broken: the certificate of its caBundle expired on 2026-05-31: every edit of aws-auth is refused"},
		"not yet valid":                     {certificate(t, 1, 90), "broken: the certificate of its caBundle is not valid yet"},
		"expires soon":                      {certificate(t, -1, 5), "warning: the certificate of its caBundle expires on 2026-06-06; from then on, every edit of aws-auth is refused"},
		"an old one beside a good one":      {bytes.Join([][]byte{certificate(t, -90, -1), certificate(t, -1, 90)}, nil), ""},
		"nothing that is a certificate":     {[]byte("x"), "broken: no certificate can be read in its caBundle"},
		"nothing":                           {nil, "broken: there is no caBundle"},
		"a block that is not a certificate": {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), "broken: no certificate can be read"},
	} {
		t.Run(name, func(t *testing.T) {
			webhooks := Find(nil, configuration(func(w *admissionv1.ValidatingWebhook) { w.ClientConfig.CABundle = c.bundle }))
			if got := said(t, Judge(webhooks, around()).Webhooks[0].Problems); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestTimeouts holds the time that the API server gives the guard to the time that the guard takes.
func TestTimeouts(t *testing.T) {
	fail, ignore := admissionv1.Fail, admissionv1.Ignore
	for name, c := range map[string]struct {
		seconds int32
		policy  *admissionv1.FailurePolicyType
		want    string
	}{
		"enough":            {5, &fail, ""},
		"too short":         {4, &fail, "broken: timeoutSeconds is 4, but the guard may take up to 4 s for a decision: where it takes longer, every edit of aws-auth is refused; set timeoutSeconds to 5 or more"},
		"too short, unseen": {1, &ignore, "bypass: timeoutSeconds is 1, but the guard may take up to 4 s for a decision: where it takes longer, edits go through unchecked; set timeoutSeconds to 5 or more"},
	} {
		t.Run(name, func(t *testing.T) {
			webhooks := Find(nil, configuration(func(w *admissionv1.ValidatingWebhook) {
				w.ClientConfig.CABundle, w.TimeoutSeconds, w.FailurePolicy = certificate(t, -1, 90), &c.seconds, c.policy
			}))
			if got := said(t, Judge(webhooks, around()).Webhooks[0].Problems); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestConditionsOnANameThatIsNotThere holds that a condition which fails on a ConfigMap with generateName is reported.
func TestConditionsOnANameThatIsNotThere(t *testing.T) {
	for expression, want := range map[string]string{
		NameCondition: "",
		"(object != null ? object : oldObject).metadata.name == 'aws-auth'": "broken: the match condition x fails on creating any ConfigMap by generateName (no such key: name)",
	} {
		webhooks := Find(nil, configuration(func(w *admissionv1.ValidatingWebhook) {
			w.ClientConfig.CABundle, w.MatchConditions = certificate(t, -1, 90), []admissionv1.MatchCondition{{Name: "x", Expression: expression}}
		}))
		got := said(t, Judge(webhooks, around()).Webhooks[0].Problems)
		if !strings.HasPrefix(got, want) || want == "" && got != "" || want != "" && !strings.Contains(got, "write "+NameCondition) {
			t.Errorf("%s: %q", expression, got)
		}
	}
}

func TestFindKnowsTheGuardByItsNameOrItsPath(t *testing.T) {
	foreign := "https://example.com/validate"
	for name, c := range map[string]struct {
		change func(*admissionv1.ValidatingWebhook)
		want   int
	}{
		"by both":     {func(*admissionv1.ValidatingWebhook) {}, 1},
		"by its name": {func(w *admissionv1.ValidatingWebhook) { w.ClientConfig.Service.Path = nil }, 1},
		"by its path": {func(w *admissionv1.ValidatingWebhook) { w.Name = "x.example.com" }, 1},
		"by the path of a URL": {func(w *admissionv1.ValidatingWebhook) {
			w.Name = "x"
			w.ClientConfig = admissionv1.WebhookClientConfig{URL: &foreign}
		}, 1},
		"not for other objects": {func(w *admissionv1.ValidatingWebhook) { w.Name = "x"; w.Rules[0].Resources = []string{"pods"} }, 0},
		"not another path": {func(w *admissionv1.ValidatingWebhook) {
			w.Name = "x"
			path := "/validate/fail"
			w.ClientConfig.Service.Path = &path
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Find(nil, configuration(c.change)); len(got) != c.want {
				t.Errorf("found %d, want %d", len(got), c.want)
			}
		})
	}
}

func TestWorst(t *testing.T) {
	s := Judge(nil, around())
	if s.Installed || s.Worst() != Bypass {
		t.Errorf("nothing installed: %+v", s)
	}
	fine := &State{Webhooks: []WebhookState{{Problems: []Problem{{Kind: Warning}}}, {}}, Problems: []Problem{{Kind: Unknown}}}
	if got := fine.Worst(); got != Warning {
		t.Errorf("the worst is %q", got)
	}
	if got := (&State{}).Worst(); got != "" {
		t.Errorf("the worst of nothing is %q", got)
	}
}
