package admission

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/api/admission/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// MaxReview is the largest review that is read, in bytes. An API server stores objects of up to 1.5 MiB (the limit of
// etcd), and sends each of their bytes to a webhook as up to six (`<` as \u003c, for one) with some words around: that
// is less than 10 MiB for an object, and an edit has two. What is larger can't be stored.
const MaxReview = 24 << 20

// Review is an AdmissionReview: what the API server asks.
//
// It is not read by controller-runtime, which reads no more than 7 MiB (v0.25.2, pkg/webhook/admission/http.go), and
// holds the text of both objects while it is decided about them.
type Review struct {
	metav1.TypeMeta
	Request admission.Request
}

// ReadReview reads a review to its end. Where it is about a ConfigMap in kube-system the objects are decoded, and their
// text is dropped. What it could read comes with an error as well.
func ReadReview(body io.Reader) (*Review, error) {
	v := &Review{}
	d := json.NewDecoder(body)
	if err := v.read(d); err != nil {
		return v, fmt.Errorf("it is not an AdmissionReview: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return v, errors.New("it is not an AdmissionReview: something follows it")
	}
	if v.Kind != "AdmissionReview" || !slices.Contains(reviewVersions(), v.APIVersion) {
		return v, errors.New("it is not an AdmissionReview of admission.k8s.io/v1")
	}
	return v, v.decode()
}

// ReadHead reads what is before the objects, of a text that ends anywhere. It reports whether it found out what is
// needed for an answer: which edit this is. Whose it is comes last: a name that is too long for the head is nobody's, who
// is not exempt.
func ReadHead(text []byte) (*Review, bool) {
	v := &Review{}
	_ = v.read(json.NewDecoder(bytes.NewReader(text))) // It ends too early, mostly.
	r := &v.Request
	return v, r.UID != "" && r.Operation != ""
}

func reviewVersions() []string {
	return []string{admissionv1.SchemeGroupVersion.String(), v1beta1.SchemeGroupVersion.String()}
}

// Answer is what the API server gets for an answer, in the version in which it asked.
func (v *Review) Answer(response admission.Response) *admissionv1.AdmissionReview {
	answer := &admissionv1.AdmissionReview{Response: &response.AdmissionResponse}
	answer.Kind, answer.APIVersion = "AdmissionReview", admissionv1.SchemeGroupVersion.String()
	if slices.Contains(reviewVersions(), v.APIVersion) {
		answer.APIVersion = v.APIVersion
	}
	return answer
}

// Size is about what the objects take in memory.
func (v *Review) Size() int {
	size := len(v.Request.Options.Raw)
	for _, o := range []runtime.RawExtension{v.Request.Object, v.Request.OldObject} {
		size += len(o.Raw)
		if c, ok := o.Object.(*corev1.ConfigMap); ok {
			size += c.Size()
		}
	}
	return size
}

// decode replaces the text of the objects by what it says.
func (v *Review) decode() error {
	r := &v.Request.AdmissionRequest
	about := aboutConfigMap(r)
	for _, o := range []struct {
		field string
		*runtime.RawExtension
	}{{"object", &r.Object}, {"oldObject", &r.OldObject}} {
		text := o.Raw
		o.Raw = nil
		if !about || len(text) == 0 {
			continue
		}
		c := &corev1.ConfigMap{}
		if err := json.Unmarshal(text, c); err != nil {
			return fmt.Errorf("the %s of the review is not a ConfigMap: %w", o.field, err)
		}
		o.Object = c
	}
	return nil
}

// read reads the fields of a review in whatever order they come.
func (v *Review) read(d *json.Decoder) error {
	r := &v.Request.AdmissionRequest
	request := map[string]any{
		"uid": &r.UID, "kind": &r.Kind, "resource": &r.Resource, "subResource": &r.SubResource, "name": &r.Name,
		"namespace": &r.Namespace, "operation": &r.Operation, "object": &r.Object, "oldObject": &r.OldObject,
		"dryRun": &r.DryRun, "options": &r.Options,
		// The name comes before the groups, of which there may be more than a head holds.
		"userInfo": map[string]any{
			"username": &r.UserInfo.Username, "uid": &r.UserInfo.UID, "groups": &r.UserInfo.Groups, "extra": &r.UserInfo.Extra,
		},
	}
	return readFields(d, map[string]any{"kind": &v.Kind, "apiVersion": &v.APIVersion, "request": request})
}

// readFields reads an object, each field into what it is to be read into: a pointer, or the fields of an object.
// Other fields are skipped.
func readFields(d *json.Decoder, into map[string]any) error {
	switch t, err := d.Token(); {
	case err != nil:
		return endTooEarly(err)
	case t == nil: // null
		return nil
	case t != json.Delim('{'):
		return errors.New("there is something else in place of an object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return endTooEarly(err)
		}
		target, known := into[name.(string)]
		if !known {
			target = &passedOver{}
		}
		if fields, ok := target.(map[string]any); ok {
			err = readFields(d, fields)
		} else {
			err = d.Decode(target)
		}
		if err != nil {
			return endTooEarly(err)
		}
	}
	_, err := d.Token()
	return endTooEarly(err)
}

// endTooEarly tells the end of the text, which is none of a review, from its regular end.
func endTooEarly(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// passedOver is a value that nobody asks for.
type passedOver struct{}

// UnmarshalJSON takes any value and keeps nothing.
func (*passedOver) UnmarshalJSON([]byte) error { return nil }
