package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/aws-auth-guard/aws-auth-guard/internal/selfcheck"
	"github.com/aws-auth-guard/aws-auth-guard/internal/server"
	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// environmentPrefix begins the variables that stand for flags: AWS_AUTH_GUARD_CERT_DIR for --cert-dir.
const environmentPrefix = "AWS_AUTH_GUARD_"

func newCommand(log logr.Logger, level *slog.LevelVar) *cobra.Command {
	root := &cobra.Command{
		Use: "webhook", Short: "Guard the ConfigMap kube-system/aws-auth of an EKS cluster",
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return wrongUsage(flagError(err)) })
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newServe(log, level), newAudit(log, level), newCheck(), newVersion())
	for _, command := range root.Commands() {
		decimals(command.Flags())
	}
	return root
}

func newServe(log logr.Logger, level *slog.LevelVar) *cobra.Command {
	var config server.Config
	var kubeconfig, namespace string
	var own selfSigned
	command := &cobra.Command{
		Use: "serve", Short: "Serve the admission webhooks /mutate and /validate", Args: cobra.NoArgs,
		Long: "Serve the admission webhooks /mutate and /validate. You can set each flag with an environment variable too:\n" +
			"--cert-dir with " + environmentPrefix + "CERT_DIR, and so on.",
		PreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd.Flags()) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := errors.Join(checkServe(cmd.Flags(), &config), own.check())
			if err != nil {
				return wrongUsage(err)
			}
			if config.Cluster, err = cluster(kubeconfig, log); err != nil {
				return err
			}
			if config.SelfSigned, err = own.configured(namespace); err != nil {
				return err
			}
			if config.Admitted != "" {
				if config.Namespace, err = ownNamespace(namespace, serviceAccountNamespace); err != nil {
					return err
				}
			}
			return server.Run(cmd.Context(), config, cmd.OutOrStdout(), log)
		},
	}
	flags := command.Flags()
	flags.StringVar(&config.CertDir, "cert-dir", "/etc/aws-auth-guard/tls", "folder with tls.crt and tls.key; the server waits for them and reloads them")
	flags.StringVar(&config.BindAddress, "bind-address", "", "address to listen on (default: all)")
	flags.IntVar(&config.Port, "port", 9443, "port of the webhooks; 0 picks a free one")
	flags.IntVar(&config.HealthPort, "health-port", 8081, "port of /healthz and /readyz; 0 picks a free one")
	flags.IntVar(&config.MetricsPort, "metrics-port", 8080, "port of /metrics; 0 picks a free one")
	flags.StringVar(&config.Policy, "policy", "", "file with a GuardPolicy, reloaded when it changes (default: the profile standard)")
	flags.StringVar(&config.AccessSnapshot, "access-snapshot", "", "file with an AccessSnapshot, reloaded when it changes (default: access entries are not known)")
	flags.StringVar(&kubeconfig, "kubeconfig", "", "file that says how to reach the cluster (default: the service account of the pod)")
	flags.StringVar(&namespace, "namespace", "", "the guard's own namespace (default: that of the service account of the pod)")
	own.add(flags)
	flags.StringVar(&config.Admitted, "admitted", "", "ConfigMap in --namespace in which to record what was admitted, for the auditor (default: none)")
	flags.DurationVar(&config.Drain, "drain", 10*time.Second, "how long to keep serving after SIGTERM, no longer ready")
	logLevel(flags, level)
	return command
}

// checkServe looks at the flags that can be wrong.
func checkServe(flags *pflag.FlagSet, config *server.Config) error {
	if config.Drain < 0 {
		return fmt.Errorf("--drain %s: write a duration such as 10s, or 0 to stop at once", config.Drain)
	}
	return checkPorts(flags, "port", "health-port", "metrics-port")
}

func newCheck() *cobra.Command {
	var kubeconfig string
	command := &cobra.Command{
		Use: "check", Short: "Try edits of aws-auth as dry runs, and report whether the guard repairs and refuses them", Args: cobra.NoArgs,
		Long: "Try edits of aws-auth as dry runs: one to repair, one to refuse, and a delete. Nothing is stored. It prints a line for each and\n" +
			"exits with 1 if the guard did not do its part.",
		PreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd.Flags()) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := cluster(kubeconfig, logr.Discard())
			if err != nil {
				return err
			}
			if config == nil {
				return errors.New("no cluster to check: give --kubeconfig, or run this in a pod with a service account")
			}
			return selfcheck.Run(cmd.Context(), config, cmd.OutOrStdout())
		},
	}
	command.Flags().StringVar(&kubeconfig, "kubeconfig", "", "file that says how to reach the cluster (default: the service account of the pod)")
	return command
}

// logLevel adds the flag that sets how much is logged.
func logLevel(flags *pflag.FlagSet, level *slog.LevelVar) {
	flags.TextVar(level, "log-level", level, "least level that is logged: debug, info, warn or error; decisions are logged at info")
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
			problems = append(problems, fmt.Errorf("%s in the environment: %w", name, flagError(err)))
		}
	})
	return wrongUsage(errors.Join(problems...))
}

// cluster is how to reach the cluster, nil where there is none to ask. A kubeconfig that can't be used is an
// error, because somebody wanted it; having none at all is not.
func cluster(kubeconfig string, log logr.Logger) (*rest.Config, error) {
	if kubeconfig != "" {
		config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
		if err != nil {
			return nil, fmt.Errorf("--kubeconfig: %w", err)
		}
		return config, nil
	}
	config, err := rest.InClusterConfig()
	if errors.Is(err, rest.ErrNotInCluster) || errors.Is(err, fs.ErrNotExist) {
		log.Info("neither --kubeconfig nor a service account: the rules that ask the cluster can't check anything",
			"rules", validate.NeedingAny())
		return nil, nil //nolint:nilnil // Having no cluster is no error.
	}
	return config, err
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "aws-auth-guard webhook %s (%s, %s/%s)\n", version.String(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
