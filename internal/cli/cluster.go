package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/live"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
)

// Limits of the client, in requests a second: a handful of lists is all that is asked.
const (
	queriesPerSecond = 50
	queryBurst       = 100
)

// unauthorizedPage is where the way out of "Unauthorized" is written down.
const unauthorizedPage = "https://github.com/aws-auth-guard/aws-auth-guard/blob/main/docs/unauthorized.md"

// liveName is what the live map is called in reports. Its lines are those of
// `kubectl get configmap aws-auth -n kube-system -o yaml`.
const liveName = awsauth.Namespace + "/" + awsauth.Name

// clusterFlags are kubectl's flags that say which cluster, and as whom.
type clusterFlags struct {
	config *genericclioptions.ConfigFlags
}

func newClusterFlags() *clusterFlags {
	f := genericclioptions.NewConfigFlags(true)
	// The map has one namespace, and nothing is discovered that could be cached.
	f.Namespace, f.CacheDir = nil, nil
	return &clusterFlags{f}
}

// register adds the flags behind the command's own.
func (f *clusterFlags) register(c *cobra.Command) {
	c.Flags().SortFlags = false
	f.config.AddFlags(c.Flags())
}

// serviceHost is set in a pod, which needs no kubeconfig.
const serviceHost = "KUBERNETES_SERVICE_HOST"

// nowhere reports that nothing names a cluster: client-go would ask localhost then.
func (f *clusterFlags) nowhere() bool {
	raw, err := f.config.ToRawKubeConfigLoader().RawConfig()
	return err == nil && len(raw.Clusters) == 0 && *f.config.APIServer == "" && os.Getenv(serviceHost) == ""
}

func (f *clusterFlags) reader(progress *progress) (*live.Reader, *rest.Config, error) {
	if f.nowhere() {
		return nil, nil, errors.New("no cluster is configured: give --kubeconfig FILE or set KUBECONFIG; `aws eks update-kubeconfig --name CLUSTER` writes one")
	}
	config, err := f.config.ToRESTConfig()
	if err != nil {
		return nil, nil, fmt.Errorf("the kubeconfig: %w", err)
	}
	config.QPS, config.Burst = queriesPerSecond, queryBurst
	config.WarningHandler = rest.NoWarnings{}
	config.UserAgent = "kubectl-aws_auth/" + version.String()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("the kubeconfig: %w", err)
	}
	return &live.Reader{Client: client, Progress: progress.step}, config, nil
}

// errNoMap says that the cluster has no map.
var errNoMap = errors.New("the cluster has no ConfigMap " + liveName + ": nobody comes in by it, only the cluster's creator and access entries (`aws eks list-access-entries`)")

// errNoAnswer says that nothing that is asked gets an answer: a network, a certificate, a command that makes no token.
var errNoAnswer = errors.New("the cluster does not answer")

// liveMap reads the live map as a file of the text that kubectl shows of it.
func liveMap(ctx context.Context, r *live.Reader) (*manifest.File, *manifest.Document, *corev1.ConfigMap, error) {
	cm, err := r.Map(ctx)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil, nil, errNoMap
	case apierrors.IsUnauthorized(err):
		return nil, nil, nil, errors.New(`the cluster answers "Unauthorized": it does not let you in, so you can't read its map either.
Ask somebody whom it does let in to run ` + "`kubectl aws-auth whoami YOUR-ARN` (`aws sts get-caller-identity` prints yours)," + `
or to send you what ` + "`kubectl get configmap aws-auth -n kube-system -o yaml`" + ` prints, and give that with --file.
The way out, step by step: ` + unauthorizedPage)
	case apierrors.IsForbidden(err):
		return nil, nil, nil, fmt.Errorf("the cluster lets you in, but you may not read the map: %w", err)
	case err != nil && apierrors.ReasonForError(err) == metav1.StatusReasonUnknown:
		return nil, nil, nil, fmt.Errorf("%w: %w", errNoAnswer, err)
	case err != nil:
		return nil, nil, nil, fmt.Errorf("reading %s: %w", liveName, err)
	}
	f, d, err := asFile(cm)
	return f, d, cm, err
}

// asFile writes an object as kubectl does and reads that, so that places can be named.
func asFile(cm *corev1.ConfigMap) (*manifest.File, *manifest.Document, error) {
	shown := cm.DeepCopy()
	shown.APIVersion, shown.Kind, shown.ManagedFields = "v1", "ConfigMap", nil
	text, err := yaml.Marshal(shown)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", liveName, err)
	}
	f := manifest.Read(liveName, string(text))
	if len(f.Documents) != 1 {
		return nil, nil, fmt.Errorf("%s: its text can't be read back", liveName)
	}
	return f, f.Documents[0], nil
}
