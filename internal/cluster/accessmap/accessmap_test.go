package accessmap

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

const namespace = "guard"

func taken(at time.Time, mode snapshot.Mode) *snapshot.Snapshot {
	return &snapshot.Snapshot{
		APIVersion: snapshot.APIVersion, Kind: snapshot.Kind, TakenAt: at, Entries: []snapshot.Entry{},
		Cluster: snapshot.Cluster{Name: "blue", ARN: "arn:aws:eks:eu-west-1:111122223333:cluster/blue", AuthenticationMode: mode},
	}
}

func TestWriteAndRead(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		there *corev1.ConfigMap
		// before is the snapshot in it, nil where there is none.
		before *snapshot.Snapshot
		// conflicts is how many updates fail because somebody else was faster.
		conflicts int
		wrong     error
	}{
		"no ConfigMap":        {},
		"the chart's":         {there: &corev1.ConfigMap{Data: map[string]string{ModeKey: "", "other": "stays"}}},
		"an older one":        {there: &corev1.ConfigMap{}, before: taken(at.Add(-time.Hour), snapshot.ConfigMap)},
		"a newer one":         {there: &corev1.ConfigMap{}, before: taken(at.Add(time.Hour), snapshot.Both), wrong: ErrOlder},
		"what can't be read":  {there: &corev1.ConfigMap{BinaryData: map[string][]byte{SnapshotKey: []byte("{")}}},
		"a change meanwhile":  {there: &corev1.ConfigMap{}, conflicts: 2},
		"changes all the way": {there: &corev1.ConfigMap{}, conflicts: 100, wrong: errConflict},
	} {
		t.Run(name, func(t *testing.T) {
			var objects []runtime.Object
			if tt.there != nil {
				cm := tt.there.DeepCopy()
				cm.Name, cm.Namespace = Name, namespace
				if tt.before != nil {
					packed, err := tt.before.Compress()
					if err != nil {
						t.Fatal(err)
					}
					cm.BinaryData = map[string][]byte{SnapshotKey: packed}
				}
				objects = append(objects, cm)
			}
			client := fake.NewClientset(objects...)
			client.PrependReactor("update", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
				if tt.conflicts--; tt.conflicts >= 0 {
					return true, nil, apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, Name, errConflict)
				}
				return false, nil, nil
			})
			s := Store{Client: client, Namespace: namespace}
			err := s.Write(t.Context(), taken(at, snapshot.Both))
			if tt.wrong != nil {
				if err == nil || !errors.Is(err, tt.wrong) && !strings.Contains(err.Error(), tt.wrong.Error()) {
					t.Errorf("got %v, want %v", err, tt.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Read(t.Context())
			if err != nil || !got.TakenAt.Equal(at) {
				t.Errorf("read %v, %v", got, err)
			}
			cm, err := client.CoreV1().ConfigMaps(namespace).Get(t.Context(), Name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if cm.Data[ModeKey] != string(snapshot.Both) {
				t.Errorf("the mode is %q", cm.Data[ModeKey])
			}
			if tt.there != nil && cm.Data["other"] != tt.there.Data["other"] {
				t.Error("what else was there is gone")
			}
		})
	}
}

var errConflict = errors.New("somebody was faster")

func TestReadWhatIsNotThere(t *testing.T) {
	for name, tt := range map[string]struct {
		there *corev1.ConfigMap
		none  bool
	}{
		"no ConfigMap":   {none: true},
		"an empty one":   {there: &corev1.ConfigMap{Data: map[string]string{ModeKey: "API"}}, none: true},
		"no snapshot":    {there: &corev1.ConfigMap{BinaryData: map[string][]byte{SnapshotKey: []byte("x")}}},
		"one without it": {there: &corev1.ConfigMap{BinaryData: map[string][]byte{"other": []byte("x")}}, none: true},
	} {
		t.Run(name, func(t *testing.T) {
			var objects []runtime.Object
			if tt.there != nil {
				tt.there.Name, tt.there.Namespace = Name, namespace
				objects = append(objects, tt.there)
			}
			if _, err := (Store{Client: fake.NewClientset(objects...), Namespace: namespace}).Read(t.Context()); err == nil || errors.Is(err, ErrNone) != tt.none {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCAHash(t *testing.T) {
	certificate := func(content string) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(content)})
	}
	hash := func(content string) string {
		h, err := snapshot.HashCA(certificate(content))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	for name, tt := range map[string]struct {
		connection, published, want string
	}{
		"the connection's":      {connection: "own", want: hash("own")},
		"through a proxy":       {connection: "proxy", published: "own", want: hash("own")},
		"another cluster":       {connection: "other", published: "other", want: hash("other")},
		"nothing is known":      {want: ""},
		"no right to the other": {connection: "other", want: hash("other")},
	} {
		t.Run(name, func(t *testing.T) {
			var objects []runtime.Object
			if tt.published != "" {
				objects = append(objects, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: rootCA, Namespace: metav1.NamespaceSystem}, Data: map[string]string{rootCAKey: string(certificate(tt.published))}})
			}
			config := &rest.Config{}
			if tt.connection != "" {
				config.CAData = certificate(tt.connection)
			}
			got, err := CAHash(context.Background(), fake.NewClientset(objects...), config, hash("own"))
			if err != nil || got != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
	if _, err := CAHash(t.Context(), fake.NewClientset(), &rest.Config{TLSClientConfig: rest.TLSClientConfig{CAFile: fmt.Sprint(t.TempDir(), "/none")}}, ""); err == nil {
		t.Error("a file that is not there is no error")
	}
}
