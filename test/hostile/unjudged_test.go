package hostile_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
	"github.com/aws-auth-guard/aws-auth-guard/test/matrix"
)

const (
	nodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	// session is an entry that must be refused.
	session = "- rolearn: arn:aws:sts::111122223333:assumed-role/qa/session\n  username: qa\n"
)

// controlPlane starts an API server for one test.
func controlPlane(t *testing.T) *controlplane.ControlPlane {
	t.Helper()
	server, err := controlplane.Start(context.WithoutCancel(t.Context()), controlplane.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// comments are so many bytes of comments of characters that the API server sends as six bytes each.
func comments(size int) string {
	line := "# " + strings.Repeat("<", 200) + "\n"
	return strings.Repeat(line, size/len(line))
}

// warnings remembers those of the last edit.
type warnings struct{ texts []string }

// HandleWarningHeader implements rest.WarningHandler.
func (w *warnings) HandleWarningHeader(_ int, _, text string) { w.texts = append(w.texts, text) }

func (w *warnings) hold(text string) bool {
	return slices.ContainsFunc(w.texts, func(warning string) bool { return strings.Contains(warning, text) })
}

// edit writes a text as the administrator does, in spite of its size.
func edit(ctx context.Context, c *matrix.Cell, w *warnings, text string) error {
	w.texts = nil
	config := rest.CopyConfig(c.Server.AdminConfig)
	config.WarningHandler = w
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	var patch bytes.Buffer
	e := json.NewEncoder(&patch)
	e.SetEscapeHTML(false) // A request has at most 3 MiB.
	// An override counts where it is new.
	override := fmt.Sprintf("map-size: a test of the largest maps, %d", time.Now().UnixNano())
	if err := e.Encode(map[string]any{
		"metadata": map[string]any{"annotations": map[string]string{"aws-auth-guard.dev/override": override}},
		"data":     map[string]string{"mapRoles": text},
	}); err != nil {
		return err
	}
	_, err = client.CoreV1().ConfigMaps("kube-system").Patch(ctx, "aws-auth", types.MergePatchType, patch.Bytes(), metav1.PatchOptions{FieldManager: "kubectl-edit"})
	return err
}

// TestTheLargestMapsAreJudged: what a real API server stores at the most is read, escaped and twice. The bound of
// reviews is far from what it sends.
func TestTheLargestMapsAreJudged(t *testing.T) {
	matrix.Run(t, controlPlane(t), guard.Options{}, func(t *testing.T, c *matrix.Cell) {
		const full = 1<<20 - 4096
		// Annotations, owners and managed fields take what etcd has left besides 1 MiB of data.
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth", Annotations: map[string]string{"x": strings.Repeat("<", 250<<10)}}}
		for i := range 1500 {
			cm.OwnerReferences = append(cm.OwnerReferences, metav1.OwnerReference{
				APIVersion: "v1", Kind: "<", Name: "<", UID: types.UID(fmt.Sprintf("<%d", i)), BlockOwnerDeletion: new(bool),
			})
		}
		cm.Data = map[string]string{"mapRoles": nodes}
		api := c.Admin.CoreV1().ConfigMaps("kube-system")
		if _, err := api.Create(t.Context(), cm, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
			t.Fatal(err)
		}
		w := &warnings{}
		write := func(what, text string, done func(error) bool) {
			await.Success(t, what, func() error {
				err := edit(t.Context(), c, w, text)
				if !done(err) || w.hold("did not judge") || w.hold("repaired nothing") {
					return fmt.Errorf("%v; the warnings are %.300q", err, w.texts)
				}
				return nil
			})
		}
		stores := func(err error) bool { return err == nil }
		write("a good map of the largest size is stored", nodes+comments(full-len(nodes)), stores)
		write("a bad map of the largest size is refused", nodes+session+comments(full-len(nodes+session)), func(err error) bool {
			return apierrors.IsInvalid(err) && strings.Contains(err.Error(), "arn-kind")
		})
		// What is repaired is answered with a patch of both texts.
		path := strings.Replace(nodes, "role/nodes", "role/team/nodes", 1)
		write("a map of the largest size is repaired", path+comments(full-len(path))+"#\n", stores)
		stored, err := api.Get(t.Context(), "aws-auth", metav1.GetOptions{})
		if err != nil || strings.Contains(stored.Data["mapRoles"], "role/team") || !strings.HasSuffix(stored.Data["mapRoles"], "<\n#\n") {
			t.Errorf("it is not stored repaired: %v", err)
		}
	})
}

// TestSlowClientsOpenNothing: clients that hold a part of a large review each let no edit pass and refuse none.
func TestSlowClientsOpenNothing(t *testing.T) {
	matrix.Run(t, controlPlane(t), guard.Options{}, func(t *testing.T, c *matrix.Cell) {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": nodes}}
		if _, err := c.Admin.CoreV1().ConfigMaps("kube-system").Create(t.Context(), cm, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(c.Authority.PEM)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		const clients = 24
		for range clients {
			go func() {
				defer func() { ended <- struct{}{} }()
				for ctx.Err() == nil {
					holdRoom(ctx, strings.TrimPrefix(c.URL, "https://"), roots)
				}
			}()
		}
		warned := &warnings{}
		for i, size := range []int{0, 24 << 10, 300 << 10} {
			// Where a processor is short an edit may need a second try, but the first one opens nothing either.
			await.Success(t, fmt.Sprintf("a bad map with %d bytes of comments is judged", size), func() error {
				err := edit(t.Context(), c, warned, nodes+session+comments(size))
				switch {
				case apierrors.IsInvalid(err):
					return nil
				case err == nil && (c.Profile == matrix.Strict || !warned.hold("did not judge this edit")):
					t.Errorf("a bad map with %d bytes of comments is stored; the warnings are %q", size, warned.texts)
				case err != nil && c.Profile == matrix.Standard:
					t.Errorf("a bad map with %d bytes of comments: %v", size, err)
				}
				return fmt.Errorf("it is not judged: %v", err)
			})
			await.Success(t, fmt.Sprintf("a good map with %d bytes of comments is stored", size), func() error {
				return edit(t.Context(), c, warned, nodes+comments(size)+fmt.Sprintf("# %d\n", i))
			})
		}
		stop()
		for range clients {
			<-ended
		}
	})
}

// holdRoom sends a part of a large review and nothing more, until it is answered.
func holdRoom(ctx context.Context, address string, roots *x509.CertPool) {
	c, err := (&tls.Dialer{Config: &tls.Config{RootCAs: roots}}).DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	text := largeReview("slow", "jane", 2<<20)
	_, _ = fmt.Fprintf(c, "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", 4<<20, text)
	_, _ = io.Copy(io.Discard, c)
}
