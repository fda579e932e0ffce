package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit/controller"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
)

// minInterval keeps the auditor from checking all the time.
const minInterval = 10 * time.Second

func newAudit(log logr.Logger, level *slog.LevelVar) *cobra.Command {
	var config controller.Config
	var kubeconfig, format string
	var once, remove bool
	command := &cobra.Command{
		Use: "audit", Short: "Follow the live map: reports, Events, metrics, history", Args: cobra.NoArgs,
		Long: "Follow the live map and its surroundings, and report what is wrong: as a report (openreports.io or wgpolicyk8s.io, whichever\n" +
			"the cluster has), as Events of the ConfigMap, as metrics, and in the history. One of several replicas acts.\n\n" +
			"With --once it checks once, writes to standard output and exits: 0 clean, 1 findings, 2 wrong usage, 3 a map that can't be read.\n\n" +
			"You can set each flag with an environment variable too: --report-api with " + environmentPrefix + "REPORT_API, and so on.",
		PreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd.Flags()) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := checkAudit(cmd.Flags(), &config)
			if err != nil {
				return wrongUsage(err)
			}
			if config.Cluster, err = cluster(kubeconfig, logr.Discard()); err != nil {
				return &controller.Exit{Code: 3, Err: err}
			}
			if config.Cluster == nil {
				return &controller.Exit{Code: 3, Err: errors.New("no cluster to audit: give --kubeconfig, or run in a pod with a service account")}
			}
			switch {
			case once:
				return controller.Once(cmd.Context(), config, format, cmd.OutOrStdout())
			case remove:
				return controller.RemoveReports(cmd.Context(), config)
			}
			if config.Namespace, err = ownNamespace(config.Namespace, serviceAccountNamespace); err != nil {
				return err
			}
			return controller.Run(cmd.Context(), config, cmd.OutOrStdout(), log)
		},
	}
	flags := command.Flags()
	flags.StringVar(&config.Namespace, "namespace", "", "the guard's own namespace (default: that of the service account of the pod)")
	flags.StringVar(&config.Policy, "policy", "", "file with a GuardPolicy, reloaded when it changes (default: the profile standard)")
	flags.StringVar(&config.AccessSnapshot, "access-snapshot", "", "file with an AccessSnapshot, reloaded when it changes (default: access entries are not known)")
	flags.StringVar(&kubeconfig, "kubeconfig", "", "file that says how to reach the cluster (default: the service account of the pod)")
	flags.StringVar(&config.BindAddress, "bind-address", "", "address to listen on (default: all)")
	flags.IntVar(&config.HealthPort, "health-port", 8081, "port of /healthz and /readyz; 0 picks a free one")
	flags.IntVar(&config.MetricsPort, "metrics-port", 8080, "port of /metrics; 0 picks a free one")
	flags.DurationVar(&config.Interval, "interval", 10*time.Minute, "how often to check the map even if nothing changed")
	flags.StringVar(&config.ReportAPI, "report-api", controller.ReportAuto, "kind of report: "+strings.Join(controller.ReportAPIs(), ", "))
	flags.StringVar(&config.ReportOwner, "report-owner", "", "name of a ClusterRole that owns the report: deleting it deletes the report (default: none)")
	flags.IntVar(&config.HistoryLimit, "history-limit", history.DefaultLimit, "how many states of the map to keep, in addition to the last good one")
	flags.StringVar(&config.Admitted, "admitted", "", "ConfigMap in --namespace in which `webhook serve` records what it admitted (default: none; bypasses are then not detected)")
	flags.DurationVar(&config.AutoRestore, "auto-restore", 0, "restore the last good map after it was broken outside the guard for this long, or a protected entry that it lost so; 0 never restores")
	flags.StringVar(&config.Guard, "webhook-configuration", "aws-auth-guard", "name of the guard's webhook configurations and of its companion policy")
	flags.StringVar(&config.Lease, "leader-election-lease", "aws-auth-guard-auditor", "name of the Lease, and of the ConfigMap that holds what was reported last, in --namespace")
	flags.BoolVar(&once, "once", false, "check once, write to standard output and exit")
	flags.StringVarP(&format, "output", "o", "text", "output format with --once: "+strings.Join(controller.Formats(), ", "))
	flags.BoolVar(&remove, "remove-reports", false, "remove the reports and exit, for an uninstall")
	logLevel(flags, level)
	return command
}

// checkAudit looks at the flags that can be wrong.
func checkAudit(flags *pflag.FlagSet, config *controller.Config) error {
	switch {
	case !slices.Contains(controller.ReportAPIs(), config.ReportAPI):
		return fmt.Errorf("--report-api %q: write one of %s", config.ReportAPI, strings.Join(controller.ReportAPIs(), ", "))
	case config.Interval < minInterval:
		return fmt.Errorf("--interval %s: give at least %s", config.Interval, minInterval)
	case config.HistoryLimit < 1:
		return fmt.Errorf("--history-limit %d: keep at least one state", config.HistoryLimit)
	case config.AutoRestore < 0:
		return fmt.Errorf("--auto-restore %s: give a grace period, or 0 to restore nothing", config.AutoRestore)
	}
	return checkPorts(flags, "health-port", "metrics-port")
}
