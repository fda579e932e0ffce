package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	guard "github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/internal/admissionlog"
	"github.com/aws-auth-guard/aws-auth-guard/internal/certs"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster"
	"github.com/aws-auth-guard/aws-auth-guard/internal/follow"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

const (
	// readHeaderTimeout to idleTimeout bound what one client can hold on to. A review has arrived and is answered
	// within seconds; the API server keeps connections open for longer.
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 20 * time.Second
	idleTimeout       = 2 * time.Minute
	// maxHeaderBytes bounds the headers of a review, with 4 KiB that net/http allows besides. An API server passes on what a
	// client sends as tracestate and baggage, up to 24 KiB: that must not keep a review away.
	maxHeaderBytes = 28 << 10
	// maxPlainHeaderBytes is the same for the ports of probes and metrics.
	maxPlainHeaderBytes = 1
	// shutdownTimeout bounds the wait for the requests that are left after the drain.
	shutdownTimeout = 15 * time.Second
)

// Config says what to serve and where.
type Config struct {
	// CertDir holds tls.crt and tls.key.
	CertDir string
	// SelfSigned says how the guard keeps certificates of its own; nil takes those of CertDir.
	SelfSigned *certs.Options
	// BindAddress is the address of all ports; empty means all addresses.
	BindAddress string
	// The ports; 0 picks a free one.
	Port, HealthPort, MetricsPort int
	// Policy is the path of a GuardPolicy, empty for the default one.
	Policy string
	// AccessSnapshot is the path of an AccessSnapshot, which may not be there yet; empty knows nothing of access entries.
	AccessSnapshot string
	// Cluster is how to reach the API server that the rules ask; nil where there is none.
	Cluster *rest.Config
	// Admitted is the ConfigMap in Namespace in which this replica notes what it admitted; empty notes nothing.
	Admitted, Namespace string
	// Drain is how long requests are still served, with readiness failing, once ctx has ended.
	Drain time.Duration
}

// server is one run.
type server struct {
	config Config
	log    logr.Logger
	// noise takes what anybody who reaches a port can cause.
	noise      logr.Logger
	policy     *follow.File[*policy.Policy]
	entries    *follow.Entries
	certs      certificates
	cluster    *cluster.Cluster
	recorder   *recorder
	admissions *admissionlog.Writer
	rights     *rights
	draining   atomic.Bool

	webhooks, health, metrics *http.Server
	webhookListener           net.Listener
	healthListener            net.Listener
	metricsListener           net.Listener
}

// Run serves until ctx ends and the requests after it are drained. Once it serves, it writes one line with the
// addresses to out. It fails where the policy is wrong or a port is taken; it waits where the certificate is not
// there yet.
func Run(ctx context.Context, config Config, out io.Writer, log logr.Logger) error {
	spare := saveMemory()
	defer runtime.KeepAlive(spare)
	s := &server{config: config, log: log, noise: logr.FromSlogHandler(newRare(logr.ToSlogHandler(log)))}
	var err error
	if s.policy, err = follow.Policy(config.Policy, log.WithName("policy")); err != nil {
		return err
	}
	s.entries = follow.NewEntries(config.AccessSnapshot, config.Cluster, log.WithName("access"))
	if s.certs, err = newCertificates(&config, log.WithName("certificates")); err != nil {
		return err
	}
	if err := s.connect(); err != nil {
		return err
	}
	if err := s.listen(ctx); err != nil {
		return err
	}
	s.build()
	return s.serve(ctx, out)
}

// Limits of the client that writes Events and notes. Questions to the cluster don't share them: internal/cluster has limits of its
// own, by kind of question and by user.
const (
	writesQPS   = 50
	writesBurst = 100
)

// connect makes the client of the cluster, without talking to it yet.
func (s *server) connect() error {
	if s.config.Cluster == nil {
		return nil
	}
	config := rest.CopyConfig(s.config.Cluster)
	config.UserAgent = "aws-auth-guard"
	config.QPS, config.Burst = writesQPS, writesBurst
	client, err := kubernetes.NewForConfig(cluster.Binary(config))
	if err != nil {
		return fmt.Errorf("the client of the cluster: %w", err)
	}
	config.QPS = -1
	asking, err := kubernetes.NewForConfig(cluster.Binary(config))
	if err != nil {
		return fmt.Errorf("the client that asks the cluster: %w", err)
	}
	s.cluster = cluster.New(asking, cluster.Options{})
	s.recorder = newRecorder(client.CoreV1().Events(awsauth.Namespace), s.log.WithName("events"))
	if s.config.Admitted == "" {
		return nil
	}
	// In a pod the host's name is the pod's.
	replica, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("the name under which to note what is admitted: %w", err)
	}
	s.admissions = admissionlog.NewWriter(client, s.config.Namespace, s.config.Admitted, replica, s.log.WithName("admitted"))
	return nil
}

func (s *server) listen(ctx context.Context) error {
	var opened []net.Listener
	for _, l := range []struct {
		name     string
		port     int
		listener *net.Listener
	}{
		{"webhook", s.config.Port, &s.webhookListener},
		{"health", s.config.HealthPort, &s.healthListener},
		{"metrics", s.config.MetricsPort, &s.metricsListener},
	} {
		address := net.JoinHostPort(s.config.BindAddress, strconv.Itoa(l.port))
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			for _, o := range opened {
				err = errors.Join(err, o.Close())
			}
			return fmt.Errorf("the %s port: %w", l.name, err)
		}
		opened = append(opened, listener)
		*l.listener = listener
	}
	return nil
}

func (s *server) build() {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	options := guard.Options{Policy: s.policy.Current, Metrics: guard.NewMetrics(registry), Log: s.log.WithName("admission"), RateLimitedLog: s.noise.WithName("admission"), Limiter: guard.NewLimiter(), Reader: awsauth.NewReader()}
	if s.cluster != nil {
		options.Cluster, options.Recorder = s.cluster, s.recorder
		s.rights = newRights(s.cluster, s.policy.Current, registry, s.log.WithName("rights"))
		registry.MustRegister(s.recorder.dropped)
	}
	if s.entries != nil {
		options.Entries = s.entries.View
		s.entries.Register(registry, func() time.Duration { return s.policy.Current().MaxAge })
	}
	options.Namespace = s.config.Namespace
	if s.admissions != nil {
		options.AdmissionLog = s.admissions
	}
	registerPolicy(registry, s.policy)
	registerCertificate(registry, s.certs)

	webhooks := http.NewServeMux()
	room := newArrivals()
	webhooks.Handle("POST /mutate", s.gate(guard.NewMutate(options), room))
	webhooks.Handle("POST /validate", s.gate(guard.NewValidate(options), room))
	errorLog := slog.NewLogLogger(logr.ToSlogHandler(s.noise.WithName("http")), slog.LevelInfo)
	s.webhooks = newServer(s.closeWhileDraining(webhooks), newConnections(maxConnections, maxProven), maxHeaderBytes, errorLog)
	s.webhookListener = newHandshakes(s.webhookListener,
		&tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: s.certs.GetCertificate, NextProtos: []string{"http/1.1"}}, s.webhooks.ErrorLog)

	health := http.NewServeMux()
	health.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	health.HandleFunc("GET /readyz", s.ready)
	s.health = NewPlain(health, errorLog)

	metrics := http.NewServeMux()
	// The registry of controller-runtime has the metrics of its webhooks and of its certificate watcher.
	metrics.Handle("GET /metrics", promhttp.HandlerFor(prometheus.Gatherers{registry, ctrlmetrics.Registry}, promhttp.HandlerOpts{}))
	s.metrics = NewPlain(metrics, errorLog)
}

func (s *server) gate(h *guard.Handler, room *arrivals) *gate {
	log := func(logr.Logger, *admission.Request) logr.Logger { return s.noise.WithName("webhook") }
	return &gate{handler: h, webhook: &admission.Webhook{Handler: h, LogConstructor: log}, room: room}
}

// NewPlain makes a server for probes and metrics, without TLS. It bounds its connections, how long each may take, and the
// bytes of its headers. The webhook and the auditor share it.
func NewPlain(h http.Handler, errorLog *log.Logger) *http.Server {
	return newServer(h, newConnections(maxPlain, 0), maxPlainHeaderBytes, errorLog)
}

// newServer makes a server without HTTP/2, which has been a way to wear servers down (CVE-2023-44487) and gains
// nothing here. Its requests do not end with the context of Run: they are drained.
func newServer(h http.Handler, c *connections, headerBytes int, errorLog *log.Logger) *http.Server {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	server := &http.Server{
		Handler: h, Protocols: protocols, MaxHeaderBytes: headerBytes, ErrorLog: errorLog,
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
	}
	c.follow(server)
	return server
}

// closeWhileDraining asks clients to come back on a new connection, which leads them to another replica.
func (s *server) closeWhileDraining(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

func (s *server) serve(ctx context.Context, out io.Writer) error {
	// Everything but the announcement goes on through the drain.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, running := errgroup.WithContext(running)
	group.Go(func() error { return served(s.webhooks.Serve(s.webhookListener)) })
	group.Go(func() error { return served(s.health.Serve(s.healthListener)) })
	group.Go(func() error { return served(s.metrics.Serve(s.metricsListener)) })
	group.Go(func() error { return s.policy.Run(running) })
	if s.entries != nil {
		group.Go(func() error { return s.entries.Run(running) })
	}
	if s.recorder != nil {
		group.Go(func() error { return s.recorder.run(running) })
	}
	if s.admissions != nil {
		group.Go(func() error { return s.admissions.Run(running) })
	}
	if s.rights != nil {
		group.Go(func() error { return s.rights.run(running) })
	}
	group.Go(func() error { return s.certs.Run(running) })
	group.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-running.Done():
			return nil
		case <-s.certs.Loaded():
		}
		s.log.Info("serving", "webhooks", s.webhookListener.Addr(), "health", s.healthListener.Addr(), "metrics", s.metricsListener.Addr())
		_, err := fmt.Fprintf(out, "serving on https://%s (health http://%s, metrics http://%s)\n",
			s.webhookListener.Addr(), s.healthListener.Addr(), s.metricsListener.Addr())
		return err
	})
	group.Go(func() error {
		defer stop()
		return s.end(ctx, running)
	})
	return group.Wait()
}

// served makes the regular end of a server no error.
func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// end waits until the server is to end, and ends it: first readiness fails, so that no new requests are sent
// here, then those that still come are served for a while, then the servers stop. A server that broke down ends
// the others at once.
func (s *server) end(ctx, running context.Context) error {
	select {
	case <-ctx.Done():
		s.draining.Store(true)
		s.log.Info("stopping: no longer ready, still serving requests", "drain", s.config.Drain.String())
		select {
		case <-time.After(s.config.Drain):
		case <-running.Done():
		}
	case <-running.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := s.webhooks.Shutdown(limit)
	err = errors.Join(err, s.health.Shutdown(limit), s.metrics.Shutdown(limit))
	s.log.Info("stopped")
	return err
}

func registerPolicy(registry *prometheus.Registry, r *follow.File[*policy.Policy]) {
	registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "awsauth_policy_generation", Help: "How many policies were in force since the start, this one included.",
		}, func() float64 { return float64(r.Generation()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "awsauth_policy_last_reload_successful", Help: "1 while the policy file as it is now is in force, 0 while it is wrong and an older one is.",
		}, func() float64 {
			if r.LastError() != nil {
				return 0
			}
			return 1
		}),
	)
}

func registerCertificate(registry *prometheus.Registry, c certificates) {
	c.Register(registry)
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "awsauth_certificate_expiry_timestamp_seconds", Help: "When the certificate that is served expires, in seconds since 1970; 0 while there is none.",
	}, func() float64 { return expiry(c) }))
}
