package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/aws-auth-guard/aws-auth-guard/internal/server"
)

// environmentPrefix begins the variables that stand for flags: AWS_AUTH_GUARD_CERT_DIR for --cert-dir.
const environmentPrefix = "AWS_AUTH_GUARD_"

func newCommand(log logr.Logger) *cobra.Command {
	root := &cobra.Command{
		Use: "webhook", Short: "Guard the ConfigMap kube-system/aws-auth of an EKS cluster",
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newServe(log), newVersion())
	return root
}

func newServe(log logr.Logger) *cobra.Command {
	var config server.Config
	var kubeconfig string
	command := &cobra.Command{
		Use: "serve", Short: "Serve the admission webhooks /mutate and /validate", Args: cobra.NoArgs,
		Long: "Serve the admission webhooks /mutate and /validate. Each flag can be given by a variable of the environment as well:\n" +
			"--cert-dir by " + environmentPrefix + "CERT_DIR, and so on.",
		PreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd.Flags()) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkCluster(kubeconfig, log); err != nil {
				return err
			}
			return server.Run(cmd.Context(), config, cmd.OutOrStdout(), log)
		},
	}
	flags := command.Flags()
	flags.StringVar(&config.CertDir, "cert-dir", "/etc/aws-auth-guard/tls", "folder with tls.crt and tls.key; waited for and followed")
	flags.StringVar(&config.BindAddress, "bind-address", "", "address to listen on (default: all)")
	flags.IntVar(&config.Port, "port", 9443, "port of the webhooks; 0 picks a free one")
	flags.IntVar(&config.HealthPort, "health-port", 8081, "port of /healthz and /readyz; 0 picks a free one")
	flags.IntVar(&config.MetricsPort, "metrics-port", 8080, "port of /metrics; 0 picks a free one")
	flags.StringVar(&config.Policy, "policy", "", "file with a GuardPolicy, followed when it changes (default: the profile standard)")
	flags.StringVar(&kubeconfig, "kubeconfig", "", "file that says how to reach the cluster (default: the service account of the pod)")
	flags.DurationVar(&config.Drain, "drain", 10*time.Second, "how long to serve on, not ready any more, after SIGTERM")
	return command
}

// fromEnvironment sets the flags that were not given from their twins in the environment.
func fromEnvironment(flags *pflag.FlagSet) error {
	var problems []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := environmentPrefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := os.LookupEnv(name)
		if !ok || f.Changed {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			problems = append(problems, fmt.Errorf("%s in the environment: %w", name, err))
		}
	})
	return errors.Join(problems...)
}

// checkCluster sees whether there is a cluster to ask. A kubeconfig that can't be used is an error, because
// somebody wanted it; having none at all is not.
func checkCluster(kubeconfig string, log logr.Logger) error {
	if kubeconfig != "" {
		if _, err := clientcmd.BuildConfigFromFlags("", kubeconfig); err != nil {
			return fmt.Errorf("--kubeconfig: %w", err)
		}
		return nil
	}
	_, err := rest.InClusterConfig()
	if errors.Is(err, rest.ErrNotInCluster) || errors.Is(err, fs.ErrNotExist) {
		log.Info("neither --kubeconfig nor a service account: the rules that ask the cluster are blind")
		return nil
	}
	return err
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "aws-auth-guard webhook %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// version is what the build recorded: the release, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
