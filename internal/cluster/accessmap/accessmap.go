package accessmap

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

const (
	// Name of the ConfigMap, in the guard's namespace.
	Name = "aws-auth-guard-access"
	// SnapshotKey is the key under binaryData of the compressed snapshot.
	SnapshotKey = "snapshot"
	// ModeKey is the key under data of the authentication mode, which is the parameter of the companion policy.
	ModeKey = "authenticationMode"

	manager = "kubectl-aws-auth"
	// rootCA is where every namespace has the certificate authority of its cluster, under the key ca.crt: kube-controller-manager,
	// root-ca-cert-publisher.
	rootCA    = "kube-root-ca.crt"
	rootCAKey = "ca.crt"
)

// ErrNone says that there is no snapshot.
var ErrNone = errors.New("there is no snapshot of the access entries in the cluster")

// ErrOlder says that the cluster has a snapshot that was taken later.
var ErrOlder = errors.New("the snapshot in the cluster was taken later")

// Store is the ConfigMap of one namespace.
type Store struct {
	Client    kubernetes.Interface
	Namespace string
}

// Read gives the snapshot. Where there is none the error is ErrNone.
func (s Store) Read(ctx context.Context) (*snapshot.Snapshot, error) {
	cm, err := s.Client.CoreV1().ConfigMaps(s.Namespace).Get(ctx, Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("%w: the namespace %s has no ConfigMap %s", ErrNone, s.Namespace, Name)
	case err != nil:
		return nil, fmt.Errorf("reading the snapshot of the access entries: %w", err)
	case len(cm.BinaryData[SnapshotKey]) == 0:
		return nil, fmt.Errorf("%w: nothing has filled the ConfigMap %s/%s yet", ErrNone, s.Namespace, Name)
	}
	taken, err := snapshot.Read(cm.BinaryData[SnapshotKey])
	if err != nil {
		return nil, fmt.Errorf("the ConfigMap %s/%s: %w", s.Namespace, Name, err)
	}
	return taken, nil
}

// Write puts a snapshot there, and leaves whatever else the ConfigMap holds. It never puts an older one in the place of a newer
// one: then the error is ErrOlder.
func (s Store) Write(ctx context.Context, taken *snapshot.Snapshot) error {
	packed, err := taken.Compress()
	if err != nil {
		return err
	}
	maps := s.Client.CoreV1().ConfigMaps(s.Namespace)
	err = retry.OnError(retry.DefaultRetry, func(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }, func() error {
		cm, err := maps.Get(ctx, Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			cm = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: Name, Namespace: s.Namespace}}
			fill(cm, packed, taken)
			_, err = maps.Create(ctx, cm, metav1.CreateOptions{FieldManager: manager})
			return err
		}
		if err != nil {
			return err
		}
		if there, err := snapshot.Read(cm.BinaryData[SnapshotKey]); err == nil && there.TakenAt.After(taken.TakenAt) && there.Cluster.CAHash == taken.Cluster.CAHash {
			return fmt.Errorf("%w, at %s: nothing was written", ErrOlder, there.TakenAt.UTC().Format(time.RFC3339))
		}
		fill(cm, packed, taken)
		_, err = maps.Update(ctx, cm, metav1.UpdateOptions{FieldManager: manager}) // With its resourceVersion: a change meanwhile is a conflict.
		return err
	})
	switch {
	case err == nil || errors.Is(err, ErrOlder):
		return err
	case apierrors.IsNotFound(err):
		return fmt.Errorf("there is no namespace %s: say where the guard is with --namespace", s.Namespace)
	}
	return fmt.Errorf("writing the ConfigMap %s/%s: %w", s.Namespace, Name, err)
}

func fill(cm *corev1.ConfigMap, packed []byte, taken *snapshot.Snapshot) {
	if cm.Data == nil {
		cm.Data = map[string]string{}
	}
	if cm.BinaryData == nil {
		cm.BinaryData = map[string][]byte{}
	}
	cm.Data[ModeKey] = string(taken.Cluster.AuthenticationMode)
	cm.BinaryData[SnapshotKey] = packed
}

// CAHash is the hash of the cluster's certificate authority, by which a snapshot is known to be of it: "" where it can't be
// known. The connection has it, or, where that goes through a proxy, the cluster itself. wanted is the one that is looked for.
func CAHash(ctx context.Context, client kubernetes.Interface, config *rest.Config, wanted string) (string, error) {
	config = rest.CopyConfig(config)
	if err := rest.LoadTLSFiles(config); err != nil {
		return "", fmt.Errorf("the kubeconfig: %w", err)
	}
	own, err := snapshot.HashCA(config.CAData)
	if err == nil && own == wanted {
		return own, nil
	}
	cm, err := client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(ctx, rootCA, metav1.GetOptions{})
	if err != nil {
		return own, nil //nolint:nilerr // Who may not read it has the connection's.
	}
	if published, err := snapshot.HashCA([]byte(cm.Data[rootCAKey])); err == nil {
		return published, nil
	}
	return own, nil
}
