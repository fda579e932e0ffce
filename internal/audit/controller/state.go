package controller

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
)

// stateKey is where the state stands in its ConfigMap, which is named like the lease.
const stateKey = "state.json"

// memory is what was reported last, as it is kept in the cluster.
type memory struct {
	// state is nil where nothing was ever reported.
	state  *audit.State
	object *corev1.ConfigMap
}

// recall reads what was reported last. A state that can't be read counts as none: then what is wrong is reported again.
func (a *auditor) recall(ctx context.Context) (*memory, error) {
	cm, err := a.client.CoreV1().ConfigMaps(a.Namespace).Get(ctx, a.Lease, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return &memory{}, nil
	case err != nil:
		return nil, err
	}
	m := &memory{object: cm}
	text, ok := cm.Data[stateKey]
	if !ok {
		return m, nil
	}
	var s audit.State
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		a.log.Error(err, "can't read what was reported last: reporting it again", "configmap", a.Lease)
		return m, nil
	}
	m.state = &s
	return m, nil
}

// keep writes down what was reported. Another replica that has written meanwhile makes it a conflict.
func (a *auditor) keep(ctx context.Context, m *memory, s audit.State) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	api := a.client.CoreV1().ConfigMaps(a.Namespace)
	var stored *corev1.ConfigMap
	if m.object == nil {
		stored, err = api.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: a.Lease, Labels: map[string]string{
				"app.kubernetes.io/name": "aws-auth-guard", "app.kubernetes.io/component": "auditor", "app.kubernetes.io/part-of": "aws-auth-guard",
			}},
			Data: map[string]string{stateKey: string(text)},
		}, metav1.CreateOptions{FieldManager: component})
	} else {
		updated := m.object.DeepCopy()
		updated.Data = map[string]string{stateKey: string(text)}
		stored, err = api.Update(ctx, updated, metav1.UpdateOptions{FieldManager: component})
	}
	if err != nil {
		return err
	}
	m.object, m.state = stored, &s
	return nil
}
