package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/live"
)

// Limits of the client, in requests a second: a handful of lists is all that is asked.
const (
	queriesPerSecond = 50
	queryBurst       = 100
)

// unauthorizedPage is where the way out of "Unauthorized" is written down.
const unauthorizedPage = live.UnauthorizedPage

// liveName is what the live map is called in reports. Its lines are those of
// `kubectl get configmap aws-auth -n kube-system -o yaml`.
const liveName = live.Name

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
