package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
)

// simulated is as much of a cluster as the commands' words need: the live map and its history. test/history and test/plugin
// have a real API server.
type simulated struct {
	live      map[string]string
	revisions []appsv1.ControllerRevision
}

// kept adds a state to the history.
func (c *simulated) kept(number int64, good bool, summary string, data map[string]string) {
	content := history.Content{Data: data}
	raw, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	c.revisions = append(c.revisions, appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Name: content.Name(), Namespace: history.DefaultNamespace, Labels: map[string]string{history.Label: "aws-auth"},
			Annotations: map[string]string{
				"aws-auth-guard.dev/good": strconv.FormatBool(good), "aws-auth-guard.dev/summary": summary,
				"aws-auth-guard.dev/user": "ann", "aws-auth-guard.dev/written": fmt.Sprintf("2026-03-0%dT10:00:00Z", number),
			},
		},
		Revision: number, Data: runtime.RawExtension{Raw: raw},
	})
}

// start gives the kubeconfig of the cluster: its context is called blue.
func (c *simulated) start(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any
		name := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		switch {
		case name == "controllerrevisions":
			answer = appsv1.ControllerRevisionList{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ControllerRevisionList"}, Items: c.revisions}
		case name == "aws-auth":
			answer = corev1.ConfigMap{
				TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
				ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "aws-auth"}, Data: c.live,
			}
		default:
			for i := range c.revisions {
				if c.revisions[i].Name == name {
					c.revisions[i].TypeMeta = metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ControllerRevision"}
					answer = c.revisions[i]
				}
			}
		}
		w.Header().Set("Content-Type", "application/json")
		if answer == nil {
			w.WriteHeader(http.StatusForbidden)
			answer = metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: "Failure", Reason: metav1.StatusReasonForbidden, Code: http.StatusForbidden}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: blue,
clusters: [{name: blue-cluster, cluster: {server: %q}}], users: [{name: ann, user: {token: x}}, {name: bob, user: {token: x}}],
contexts: [{name: blue, context: {cluster: blue-cluster, user: ann}}, {name: green, context: {cluster: blue-cluster, user: bob}}]}
`, server.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
