package cli

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
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
	flags  *pflag.FlagSet
}

func newClusterFlags(without ...func(*genericclioptions.ConfigFlags)) *clusterFlags {
	f := genericclioptions.NewConfigFlags(true)
	for _, leaveOut := range without {
		leaveOut(f)
	}
	// The map has one namespace, and nothing is discovered that could be cached.
	f.Namespace, f.CacheDir = nil, nil
	flags := pflag.NewFlagSet("cluster", pflag.ContinueOnError)
	flags.SortFlags = false
	f.AddFlags(flags)
	flags.VisitAll(func(flag *pflag.Flag) { flag.Annotations = map[string][]string{ofKubernetes: {"true"}} })
	return &clusterFlags{f, flags}
}

// register adds the flags after the command's own.
func (f *clusterFlags) register(c *cobra.Command) {
	c.Flags().SortFlags = false
	c.Flags().AddFlagSet(f.flags)
	f.complete(c)
}

// secrets are flags whose values are not repeated: whoever reads the screen or a log of it must not get in by them.
var secrets = []string{"token", "password"}

// again are the flags that were given, for a command that is to go to the same cluster: each with a blank before it.
func (f *clusterFlags) again() string {
	var b strings.Builder
	f.flags.VisitAll(func(flag *pflag.Flag) {
		values := []string{flag.Value.String()}
		list, isList := flag.Value.(pflag.SliceValue)
		switch {
		case !flag.Changed:
			return
		case slices.Contains(secrets, flag.Name):
			values = []string{"…"}
		case isList:
			values = list.GetSlice()
		}
		for _, v := range values {
			b.WriteString(" --" + flag.Name + "=" + shellQuoted(v))
		}
	})
	return b.String()
}

// plainWord is what a shell takes as it stands.
var plainWord = regexp.MustCompile(`^[\w@%+=:,./…-]+$`)

// shellQuoted writes a text as one word of a shell.
func shellQuoted(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// name says which cluster the flags choose: its address, and the context of the kubeconfig where that names it.
func (f *clusterFlags) name(host string) string {
	name := "the cluster " + text.Name(host)
	if chosen := f.context(); chosen != "" {
		name += ", context " + text.Name(chosen)
	}
	return name
}

// context is that of the kubeconfig, "" where flags choose another cluster than its.
func (f *clusterFlags) context() string {
	if *f.config.APIServer != "" || *f.config.ClusterName != "" {
		return ""
	}
	if *f.config.Context != "" {
		return *f.config.Context
	}
	raw, err := f.config.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return ""
	}
	return raw.CurrentContext
}

// serviceHost is set in a pod, which needs no kubeconfig.
const serviceHost = "KUBERNETES_SERVICE_HOST"

// errNoCluster says that nothing names a cluster.
var errNoCluster = errors.New("no cluster is configured: give --kubeconfig FILE or set KUBECONFIG; `aws eks update-kubeconfig --name CLUSTER` writes one")

// orFile adds, where no cluster is configured, that a command takes the map from a file too.
func orFile(err error) error {
	if errors.Is(err, errNoCluster) {
		return fmt.Errorf("%w; or give a file with the map: -f FILE", err)
	}
	return err
}

// nowhere reports that nothing names a cluster: client-go would ask localhost then.
func (f *clusterFlags) nowhere() bool {
	raw, err := f.config.ToRawKubeConfigLoader().RawConfig()
	return err == nil && len(raw.Clusters) == 0 && *f.config.APIServer == "" && os.Getenv(serviceHost) == ""
}

func (f *clusterFlags) reader(progress *progress) (*live.Reader, *rest.Config, error) {
	if f.nowhere() {
		return nil, nil, errNoCluster
	}
	config, err := f.config.ToRESTConfig()
	if err != nil {
		return nil, nil, kubeconfigError(err)
	}
	r, err := readerOf(config)
	if err != nil {
		return nil, nil, err
	}
	r.Progress = progress.step
	return r, config, nil
}

// readerOf reads the cluster of a configuration, which it completes.
func readerOf(config *rest.Config) (*live.Reader, error) {
	config.QPS, config.Burst = queriesPerSecond, queryBurst
	config.WarningHandler = rest.NoWarnings{}
	config.UserAgent = "kubectl-aws_auth/" + version.String()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, kubeconfigError(err)
	}
	return &live.Reader{Client: client}, nil
}
