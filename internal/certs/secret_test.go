package certs

import (
	"bytes"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// states are one in each phase.
func states(tb testing.TB) map[string]*state {
	tb.Helper()
	o, now := options(), time.Now()
	fresh := must(first(nil, now, o))
	announced := must(fresh.step(announce, now, o))
	spreads := must(announced.step(propagate, now, o))
	return map[string]*state{
		"serving": fresh, "announcing": announced, "spreading": spreads, "succeeded": must(spreads.step(succeed, now, o)),
		"taking over": must(first(fresh.trusted(), now, o)),
	}
}

func secretOf(data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Labels: labels(nil)}, Type: corev1.SecretTypeOpaque, Data: data}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	o := options()
	for name, s := range states(t) {
		data := must(s.encode(o))
		got, err := read(secretOf(data), o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if again := must(got.encode(o)); !reflect.DeepEqual(data, again) {
			t.Errorf("%s: it is written otherwise the second time", name)
		}
	}
}

func TestDamageIsFound(t *testing.T) {
	o := options()
	now := time.Now()
	s := states(t)["spreading"]
	other := must(must(first(nil, now, o)).encode(o))
	swap := func(key string) func(map[string][]byte) {
		return func(d map[string][]byte) { d[key] = other[key] }
	}
	foreignLeaf := func(d map[string][]byte) { d[leafFile], d[keyFile] = other[leafFile], other[keyFile] }
	replace := func(old, fresh string) func(map[string][]byte) {
		return func(d map[string][]byte) { d[stateFile] = bytes.Replace(d[stateFile], []byte(old), []byte(fresh), 1) }
	}
	for _, test := range []struct {
		name, want string
		damage     func(map[string][]byte)
	}{
		{"another key", "private key does not match public key", swap(keyFile)},
		{"a certificate of another authority", "signed by unknown authority", foreignLeaf},
		{"another bundle", "ca.crt does not hold the authorities", swap(bundleFile)},
		{"no bundle", "ca.crt does not hold the authorities", func(d map[string][]byte) { delete(d, bundleFile) }},
		{"no state", "authority.json: unexpected end of JSON input", func(d map[string][]byte) { delete(d, stateFile) }},
		{"half a state", "authority.json: unexpected end of JSON input", func(d map[string][]byte) { d[stateFile] = d[stateFile][:len(d[stateFile])/2] }},
		{"half a certificate", "the certificate is not one PEM block", func(d map[string][]byte) { d[leafFile] = d[leafFile][:99] }},
		{"no certificate", "the certificate is not one PEM block", func(d map[string][]byte) { delete(d, leafFile) }},
		{"another phase", `the phase is "serving" where the content is that of "spreading"`, replace(`"spreading"`, `"serving"`)},
		{"no format", "there is no format 0", replace(`"version": 1`, `"version": 0`)},
	} {
		data := must(s.encode(o))
		test.damage(data)
		var foreign *foreignError
		if _, err := read(secretOf(data), o); err == nil || !strings.Contains(err.Error(), test.want) || errors.As(err, &foreign) {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
	// What signs must be an authority that has signed itself.
	leafSigns := *s
	leafSigns.current = s.leaf
	if _, err := read(secretOf(must(leafSigns.encode(o))), o); err == nil || !strings.Contains(err.Error(), "it is not an authority") {
		t.Errorf("a certificate as authority: %v", err)
	}
}

func TestTheSecretsOfOthersAreNotTouched(t *testing.T) {
	o := options()
	data := must(states(t)["serving"].encode(o))
	controlled := true
	for _, test := range []struct {
		name, want string
		change     func(*corev1.Secret)
	}{
		{"another type", "it is of type kubernetes.io/tls, not Opaque", func(s *corev1.Secret) { s.Type = corev1.SecretTypeTLS }},
		{"no label", "it has content and not the label app.kubernetes.io/name=aws-auth-guard", func(s *corev1.Secret) { s.Labels = nil }},
		{"a controller", "it is controlled by Certificate x", func(s *corev1.Secret) {
			s.OwnerReferences = []metav1.OwnerReference{{Kind: "Certificate", Name: "x", Controller: &controlled}}
		}},
		{"another Service", `it keeps the certificates of the Service "other/aws-auth-guard", not of "aws-auth-guard/aws-auth-guard"`, func(s *corev1.Secret) {
			s.Data[stateFile] = bytes.Replace(s.Data[stateFile], []byte("aws-auth-guard/"), []byte("other/"), 1)
		}},
		{"a newer guard", "a newer version of the guard wrote it (format 2; this one knows 1)", func(s *corev1.Secret) {
			s.Data[stateFile] = bytes.Replace(s.Data[stateFile], []byte(`"version": 1`), []byte(`"version": 2`), 1)
		}},
	} {
		secret := secretOf(maps.Clone(data))
		test.change(secret)
		var foreign *foreignError
		if _, err := read(secret, o); !errors.As(err, &foreign) || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
	if _, err := read(&corev1.Secret{}, o); !errors.Is(err, errEmpty) {
		t.Errorf("an empty Secret without a label: %v", err)
	}
}

// FuzzRead proves that no content of the Secret breaks the guard, and that what is taken for a state is one.
func FuzzRead(f *testing.F) {
	o := options()
	for _, s := range states(f) {
		data := must(s.encode(o))
		f.Add(data[stateFile], data[bundleFile], data[leafFile], data[keyFile])
	}
	f.Fuzz(func(t *testing.T, stateText, bundle, leaf, key []byte) {
		s, err := read(secretOf(map[string][]byte{stateFile: stateText, bundleFile: bundle, leafFile: leaf, keyFile: key}), o)
		if err != nil {
			return
		}
		for _, seen := range []bool{false, true} {
			for _, at := range []time.Duration{0, 100 * day, 400 * day} {
				_, _ = next(s, seen, time.Now().Add(at), o)
			}
		}
		data, err := s.encode(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(secretOf(data), o); err != nil {
			t.Errorf("a state that was read and written can't be read: %v", err)
		}
	})
}
