package admission

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Request is one write to the ConfigMap kube-system/aws-auth.
type Request struct {
	Operation admissionv1.Operation
	User      authenticationv1.UserInfo
	// FieldManager is the writer as it names itself, or "" if unknown.
	FieldManager string
	// Old is nil on CREATE, New is nil on DELETE.
	Old, New *corev1.ConfigMap
	DryRun   bool
	// Unread is set where only the head of the review was read: then nothing is known of the objects, nor of DryRun.
	Unread bool

	// reader reads the maps; nil parses each one.
	reader *awsauth.Reader
}

// maxTold bounds each text shown about a writer, in bytes.
const maxTold = 256

// Told is what is shown, logged and kept of who writes. Whoever reaches the port chooses the texts of a review, so each
// is one short line here. Decisions go by the texts as they are.
type Told struct{ User, ARN, FieldManager string }

// Told is what may be shown of the writer.
func (r *Request) Told() Told {
	return Told{clean(r.User.Username, maxTold), clean(extra(r.User, extraARN), maxTold), clean(r.FieldManager, maxTold)}
}

// touchesData reports whether the write changes what the authenticator could read, or who may change that later.
func (r *Request) touchesData() bool {
	if r.Old == nil || r.New == nil {
		return true
	}
	return immutable(r.Old) != immutable(r.New) || !maps.Equal(r.Old.Data, r.New.Data) || !maps.EqualFunc(r.Old.BinaryData, r.New.BinaryData, bytes.Equal)
}

// change is the write as the rules see it.
func (r *Request) change() *validate.Change {
	c := &validate.Change{Old: r.document(r.Old), New: r.document(r.New), Deleted: r.New == nil, Requester: requester(r.User)}
	if r.New == nil {
		c.New = awsauth.Read(nil)
	}
	return c
}

// bytes is the size of the data to be stored, as the API server counts it against its limit.
func (r *Request) bytes() int {
	n := 0
	for key, value := range r.New.Data {
		n += len(key) + len(value)
	}
	for key, value := range r.New.BinaryData {
		n += len(key) + len(value)
	}
	return n
}

// roomNeeded is what a decision counts for in the room: the size of the texts that it reads. Texts of many short items
// count for more, because each item takes memory of its own.
func (r *Request) roomNeeded() int64 {
	n := 0
	for _, c := range []*corev1.ConfigMap{r.Old, r.New} {
		if c == nil {
			continue
		}
		for _, key := range awsauth.Keys() {
			text := c.Data[string(key)]
			items := strings.Count(text, "\n") + strings.Count(text, ",") + strings.Count(text, "[") + strings.Count(text, "{")
			n += max(len(text), itemBytes*items)
		}
	}
	return int64(n)
}

// Where EKS puts what it knows of a caller (aws-iam-authenticator, pkg/server/server.go). Impersonation turns the
// names into lower case.
const (
	extraARN          = "arn"
	extraCanonicalARN = "canonicalArn"
	extraSessionName  = "sessionName"
	extraAccessKeyID  = "accessKeyId"
)

// requester is who writes. The ARN that STS gave is preferred, because it has the session's name.
func requester(user authenticationv1.UserInfo) *validate.Requester {
	r := &validate.Requester{
		Username: user.Username, Groups: user.Groups,
		SessionName: extra(user, extraSessionName), AccessKeyID: extra(user, extraAccessKeyID),
	}
	if r.ARN = extra(user, extraARN); r.ARN == "" {
		r.ARN = extra(user, extraCanonicalARN)
	}
	return r
}

// extra is the first value of an extra attribute, or "".
func extra(user authenticationv1.UserInfo, name string) string {
	for key, values := range user.Extra {
		if strings.EqualFold(key, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// document reads the data of a ConfigMap, nil for none.
func (r *Request) document(c *corev1.ConfigMap) *awsauth.Document {
	if c == nil {
		return nil
	}
	d := r.reader.ReadAll(c.Data, c.BinaryData)
	d.Immutable = immutable(c)
	return d
}

// errOtherObject says that a review is about something that the guard has nothing to say of.
var errOtherObject = errors.New("not the ConfigMap kube-system/aws-auth")

// newRequest reads a review. It returns errOtherObject where the review is about anything but aws-auth, and
// another error where the review makes no sense.
//
// The object itself says which one it is: the name in the review is empty when a collection is deleted.
func newRequest(review *admissionv1.AdmissionRequest) (*Request, error) {
	if review.UID == "" {
		return nil, errors.New("the review holds no request, or one without a uid")
	}
	if !judged(review.Operation) || !aboutConfigMap(review) {
		return nil, errOtherObject
	}
	r := &Request{Operation: review.Operation, User: review.UserInfo, DryRun: review.DryRun != nil && *review.DryRun}
	var err error
	if r.New, err = configMap("object", review.Object); err != nil {
		return nil, err
	}
	if r.Old, err = configMap("oldObject", review.OldObject); err != nil {
		return nil, err
	}
	subject := r.New
	switch {
	case r.Operation == admissionv1.Delete:
		subject, r.New = r.Old, nil
	case r.Operation == admissionv1.Create:
		r.Old = nil
	case r.Old == nil:
		return nil, errors.New("the review of an UPDATE has no oldObject")
	}
	if subject == nil {
		return nil, fmt.Errorf("the review of a %s has no object", r.Operation)
	}
	if subject.Name != awsauth.Name || subject.Namespace != "" && subject.Namespace != awsauth.Namespace {
		return nil, errOtherObject
	}
	if r.FieldManager, err = fieldManager(review.Options.Raw, r.Old, r.New); err != nil {
		return nil, err
	}
	return r, nil
}

// judged reports whether writes of a kind are looked at.
func judged(o admissionv1.Operation) bool {
	return o == admissionv1.Create || o == admissionv1.Update || o == admissionv1.Delete
}

// aboutConfigMap reports whether a review is about a ConfigMap in kube-system, itself and no subresource.
func aboutConfigMap(review *admissionv1.AdmissionRequest) bool {
	return review.Resource.Group == "" && review.Resource.Resource == "configmaps" && review.SubResource == "" &&
		review.Kind.Group == "" && review.Kind.Kind == "ConfigMap" && review.Namespace == awsauth.Namespace
}

// configMap is an object of a review, nil where there is none. ReadReview has decoded it already.
func configMap(field string, object runtime.RawExtension) (*corev1.ConfigMap, error) {
	if c, ok := object.Object.(*corev1.ConfigMap); ok {
		return c, nil
	}
	if len(object.Raw) == 0 || bytes.Equal(bytes.TrimSpace(object.Raw), []byte("null")) {
		return nil, nil //nolint:nilnil // Having no object is no error here.
	}
	c := &corev1.ConfigMap{}
	if err := json.Unmarshal(object.Raw, c); err != nil {
		return nil, fmt.Errorf("the %s of the review is not a ConfigMap: %w", field, err)
	}
	return c, nil
}

// fieldManager says who writes: what the request says, else whom the API server has noted down for this write,
// which it takes from the user agent. Where several could have written, nobody is named.
func fieldManager(options []byte, old, updated *corev1.ConfigMap) (string, error) {
	if len(options) > 0 {
		// CreateOptions, UpdateOptions and PatchOptions have this field alike, DeleteOptions has none.
		var o struct {
			FieldManager string `json:"fieldManager"`
		}
		if err := json.Unmarshal(options, &o); err != nil {
			return "", fmt.Errorf("the options of the review can't be read: %w", err)
		}
		if o.FieldManager != "" {
			return o.FieldManager, nil
		}
	}
	if updated == nil {
		return "", nil
	}
	var before []metav1.ManagedFieldsEntry
	if old != nil {
		before = old.ManagedFields
	}
	writer := ""
	for _, entry := range updated.ManagedFields {
		if slices.ContainsFunc(before, func(b metav1.ManagedFieldsEntry) bool { return sameEntry(b, entry) }) {
			continue
		}
		if writer != "" && writer != entry.Manager {
			return "", nil
		}
		writer = entry.Manager
	}
	return writer, nil
}

// sameEntry reports whether an entry is as it was: a write sets the time of its own.
func sameEntry(a, b metav1.ManagedFieldsEntry) bool {
	return a.Manager == b.Manager && a.Operation == b.Operation && a.Subresource == b.Subresource && a.Time.Equal(b.Time)
}
