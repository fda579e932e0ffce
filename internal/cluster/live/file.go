package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
)

// Name is what the live map is called in reports. Its lines are those of
// `kubectl get configmap aws-auth -n kube-system -o yaml`.
const Name = awsauth.Namespace + "/" + awsauth.Name

// UnauthorizedPage is where the way out of "Unauthorized" is written down.
const UnauthorizedPage = "https://github.com/aws-auth-guard/aws-auth-guard/blob/main/docs/unauthorized.md"

// ErrNoMap says that the cluster has no map.
var ErrNoMap = errors.New("the cluster has no ConfigMap " + Name + ": only the cluster's creator and access entries get in (`aws eks list-access-entries`)")

// ErrUnauthorized says that the cluster does not let the caller in, and the way out.
var ErrUnauthorized = errors.New(`the cluster answers "Unauthorized": it does not let you in, so you can't read its map either.
Ask somebody whom it does let in to run ` + "`kubectl aws-auth whoami YOUR-ARN` (`aws sts get-caller-identity` prints yours)," + `
or to send you what ` + "`kubectl get configmap aws-auth -n kube-system -o yaml`" + ` prints, and give that with --file.
The way out, step by step: ` + UnauthorizedPage)

// ErrNoAnswer says that nothing that is asked gets an answer: a network, a certificate, a command that makes no token.
var ErrNoAnswer = errors.New("the cluster does not answer")

// File reads the live map as a file of the text that kubectl shows of it.
func (r *Reader) File(ctx context.Context) (*manifest.File, *manifest.Document, *corev1.ConfigMap, error) {
	cm, err := r.Map(ctx)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil, nil, ErrNoMap
	case apierrors.IsUnauthorized(err):
		return nil, nil, nil, ErrUnauthorized
	case apierrors.IsForbidden(err):
		return nil, nil, nil, fmt.Errorf("the cluster lets you in, but you may not read the map: %w", err)
	case err != nil && apierrors.ReasonForError(err) == metav1.StatusReasonUnknown:
		return nil, nil, nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	case err != nil:
		return nil, nil, nil, fmt.Errorf("reading %s: %w", Name, err)
	}
	f, d, err := AsFile(Name, cm)
	return f, d, cm, err
}

// AsFile writes an object as kubectl does and reads that, so that places can be named. name is what it is called in reports.
// Where YAML would not give the same texts back, it is written as JSON.
func AsFile(name string, cm *corev1.ConfigMap) (*manifest.File, *manifest.Document, error) {
	shown := cm.DeepCopy()
	shown.APIVersion, shown.Kind, shown.ManagedFields = "v1", "ConfigMap", nil
	for _, marshal := range []func(any) ([]byte, error){yaml.Marshal, indented} {
		text, err := marshal(shown)
		if err != nil {
			continue
		}
		f := manifest.Shown(name, string(text))
		if len(f.Documents) == 1 && holds(f.Documents[0], cm) {
			return f, f.Documents[0], nil
		}
	}
	return nil, nil, fmt.Errorf("%s: its text can't be read back", name)
}

func indented(v any) ([]byte, error) { return json.MarshalIndent(v, "", "  ") }

// holds reports whether a document has the data of an object.
func holds(d *manifest.Document, cm *corev1.ConfigMap) bool {
	return maps.Equal(d.Data, cm.Data) && maps.EqualFunc(d.BinaryData, cm.BinaryData, bytes.Equal)
}
