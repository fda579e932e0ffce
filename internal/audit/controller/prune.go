package controller

import (
	"context"
	"encoding/json"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admissionlog"
)

// prune takes the notes of replicas that are long gone out of the ConfigMap. It is done after a state was judged, and not
// where somebody has written a note meanwhile: there is another time.
func (l *leader) prune(ctx context.Context, cm *corev1.ConfigMap, now time.Time) {
	stale := admissionlog.Stale(cm, now)
	if len(stale) == 0 {
		return
	}
	data := map[string]any{}
	for _, key := range stale {
		data[key] = nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"resourceVersion": cm.ResourceVersion}, "data": data})
	if err == nil {
		_, err = l.client.CoreV1().ConfigMaps(cm.Namespace).Patch(ctx, cm.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: component})
	}
	if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		l.failed("pruning what was admitted", err)
	}
}
