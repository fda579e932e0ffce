package restore

import (
	"context"
	"errors"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// RestoredFrom is the annotation by which the map says which revision auto-restore has put back.
const RestoredFrom = "aws-auth-guard.dev/restored-from"

// Put is a state that is to become the live map.
type Put struct {
	// Live is the map as it was read; nil where there is none.
	Live *corev1.ConfigMap
	// Content is the state. It must be one of a map that is there.
	Content history.Content
	// Annotations are set on the map; one with an empty value is taken off. All others, and the labels, stay.
	Annotations map[string]string
	// FieldManager is how the writer names itself.
	FieldManager string
	// DryRun lets the API server and the guard judge, and stores nothing.
	DryRun bool
}

// Do writes the state, as an edit of the map that was read: where that has changed, was deleted or was made meanwhile, the
// error is a conflict, a not-found or an already-exists of apierrors and nothing is written. RefusalOf tells a refusal of
// the guard. It returns what is stored, which the guard may have repaired.
func (p *Put) Do(ctx context.Context, client kubernetes.Interface) (*corev1.ConfigMap, error) {
	if p.Content.Deleted {
		return nil, errors.New("a deletion can't be put back")
	}
	var dryRun []string
	if p.DryRun {
		dryRun = []string{metav1.DryRunAll}
	}
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: awsauth.Namespace, Name: awsauth.Name}}
	if p.Live != nil {
		cm = p.Live.DeepCopy()
	}
	cm.Data, cm.BinaryData = p.Content.Data, p.Content.BinaryData
	annotations := maps.Clone(cm.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	for key, value := range p.Annotations {
		if annotations[key] = value; value == "" {
			delete(annotations, key)
		}
	}
	cm.Annotations = annotations
	api := client.CoreV1().ConfigMaps(awsauth.Namespace)
	if p.Live == nil {
		return api.Create(ctx, cm, metav1.CreateOptions{FieldManager: p.FieldManager, DryRun: dryRun})
	}
	// Its resourceVersion and uid make the API server refuse it once the map is another.
	return api.Update(ctx, cm, metav1.UpdateOptions{FieldManager: p.FieldManager, DryRun: dryRun})
}

// Refusal is what the guard says to a write that it refuses.
type Refusal struct {
	// Causes are for people, each of one or more lines.
	Causes []string
	// Rules are those that refuse, in the order of the causes, each once.
	Rules []string
}

// RefusalOf reads a refusal of the guard out of an error, nil where it is another one. The type of a cause is its rule.
func RefusalOf(err error) *Refusal {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Reason != metav1.StatusReasonInvalid || status.Status().Details == nil {
		return nil
	}
	r := &Refusal{}
	for _, c := range status.Status().Details.Causes {
		r.Causes = append(r.Causes, c.Message)
		if rule := string(c.Type); validate.Lookup(rule) != nil && !slices.Contains(r.Rules, rule) {
			r.Rules = append(r.Rules, rule)
		}
	}
	if len(r.Rules) == 0 {
		return nil
	}
	return r
}

// Changed reports that nothing was written because the map is not what was read any more.
func Changed(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err)
}
