package controller

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster"
	"github.com/aws-auth-guard/aws-auth-guard/internal/follow"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history/restore"
	"github.com/aws-auth-guard/aws-auth-guard/internal/server"
	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// Config says what to do and where.
type Config struct {
	Cluster *rest.Config
	// Namespace is the guard's own: of the lease, the state, the history and the notes of what was admitted.
	Namespace string
	// Policy is the path of a GuardPolicy, empty for the default one.
	Policy string
	// AccessSnapshot is the path of an AccessSnapshot, which may not be there yet; empty knows nothing of access entries.
	AccessSnapshot string
	// BindAddress is the address of all ports; empty means all addresses.
	BindAddress string
	// HealthPort and MetricsPort: 0 picks a free one.
	HealthPort, MetricsPort int
	// Interval is how often everything is looked at again although nothing has changed.
	Interval time.Duration
	// ReportAPI is auto, none or the name of an audit.API.
	ReportAPI string
	// ReportOwner is the name of a ClusterRole that owns the report, so that it goes with it; empty leaves it to itself.
	ReportOwner string
	// HistoryLimit is how many states of the map are kept.
	HistoryLimit int
	// Admitted is the ConfigMap in which the guard notes what it admitted; empty finds no bypasses.
	Admitted string
	// AutoRestore is the grace period of a broken map; 0 restores nothing.
	AutoRestore time.Duration
	// Guard is the name of the guard's webhook configurations and of its companion policy.
	Guard string
	// Lease is the name of the lease, and of the ConfigMap with what was reported last.
	Lease string
	// Identity tells this replica from the others; empty means the host's name and the process.
	Identity string
}

// Limits of the client, in requests a second. What changes often is looked at together (see pace), so this bounds only
// what goes wrong.
const (
	clientQPS   = 20
	clientBurst = 40
)

// shutdownTimeout is how long requests of probes and metrics may take to end.
const shutdownTimeout = 5 * time.Second

// The garbage collector keeps the process small: it is idle most of the time. memoryLimit is for what Go manages, in
// bytes; where more is needed it is exceeded, at the price of time.
const (
	gcPercent   = 30
	memoryLimit = 14 << 20
)

type auditor struct {
	Config
	log      logr.Logger
	client   kubernetes.Interface
	dynamic  dynamic.Interface
	metadata metadata.Interface
	policy   *follow.File[*policy.Policy]
	entries  *follow.Entries
	cluster  *cluster.Cluster
	history  *history.Recorder
	restorer *restore.Restorer
	events   *events
	metrics  *metrics
	registry *prometheus.Registry
}

// Run audits until ctx ends. Once it listens, it writes one line with the addresses to out.
func Run(ctx context.Context, config Config, out io.Writer, log logr.Logger) error {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	a, err := newAuditor(config, log)
	if err != nil {
		return err
	}
	return a.run(logr.NewContext(ctx, log), out)
}

func newAuditor(config Config, log logr.Logger) (*auditor, error) {
	a := &auditor{Config: config, log: log, registry: prometheus.NewRegistry()}
	var err error
	if a.policy, err = follow.Policy(config.Policy, log.WithName("policy")); err != nil {
		return nil, err
	}
	if a.Identity == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("the name of this replica: %w", err)
		}
		a.Identity = fmt.Sprintf("%s_%d", host, os.Getpid())
	}
	if err := a.connect(); err != nil {
		return nil, fmt.Errorf("the client of the cluster: %w", err)
	}
	a.entries = follow.NewEntries(config.AccessSnapshot, config.Cluster, log.WithName("access"))
	a.entries.Register(a.registry, func() time.Duration { return a.policy.Current().MaxAge })
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.metrics = newMetrics(a.registry)
	a.cluster = cluster.New(a.client, cluster.Options{Deadline: nodesDeadline})
	a.events = &events{client: a.client, log: log.WithName("events")}
	a.history = history.NewRecorder(a.client, config.Namespace, history.Options{Limit: config.HistoryLimit, Policy: a.policy.Current})
	a.restorer = restore.New(a.client, a.history, restore.Options{
		Grace: config.AutoRestore, Policy: a.policy.Current, Entries: a.accessEntries, Events: a.events, Log: log.WithName("restore"), Registry: a.registry,
		Passed: a.passed,
	})
	return a, nil
}

// accessEntries are those that are known now.
func (a *auditor) accessEntries() *snapshot.View { return a.entries.View(a.policy.Current().MaxAge) }

func (a *auditor) connect() error {
	config := rest.CopyConfig(a.Cluster)
	config.QPS, config.Burst = clientQPS, clientBurst
	config.UserAgent = "aws-auth-guard-auditor/" + version.String()
	config.WarningHandlerWithContext = rest.NoWarnings{}
	// Each watch would keep a window of 40 KiB to unpack what comes, and what comes is small after the first lists.
	config.DisableCompression = true
	var err error
	if a.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return err
	}
	if a.metadata, err = metadata.NewForConfig(config); err != nil {
		return err
	}
	a.client, err = kubernetes.NewForConfig(cluster.Binary(config))
	return err
}

func (a *auditor) run(ctx context.Context, out io.Writer) error {
	health := http.NewServeMux()
	health.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	// A replica that waits for its turn is as ready as the one that acts.
	health.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	metrics := http.NewServeMux()
	metrics.Handle("GET /metrics", promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{}))

	group, running := errgroup.WithContext(ctx)
	serve := func(name string, port int, h http.Handler) (net.Addr, error) {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(a.BindAddress, strconv.Itoa(port)))
		if err != nil {
			return nil, fmt.Errorf("the %s port: %w", name, err)
		}
		group.Go(func() error { return a.serveUntil(running, l, h) })
		return l.Addr(), nil
	}
	healthAddress, err := serve("health", a.HealthPort, health)
	if err != nil {
		return err
	}
	metricsAddress, err := serve("metrics", a.MetricsPort, metrics)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "auditing (health http://%s, metrics http://%s)\n", healthAddress, metricsAddress); err != nil {
		return err
	}
	group.Go(func() error { return a.policy.Run(running) })
	group.Go(func() error { return a.entries.Run(running) })
	group.Go(func() error { return a.elect(running) })
	return group.Wait()
}

// serveUntil serves until ctx ends.
func (a *auditor) serveUntil(ctx context.Context, l net.Listener, h http.Handler) error {
	s := server.NewPlain(h, slog.NewLogLogger(logr.ToSlogHandler(a.log.WithName("http")), slog.LevelDebug))
	stop := context.AfterFunc(ctx, func() {
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		_ = s.Shutdown(limit)
	})
	defer stop()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
