package certs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics say how the certificates do.
type metrics struct {
	steps             *prometheus.CounterVec
	synced, injected  prometheus.Gauge
	caEnds            prometheus.Gauge
	lastSuccessfulRun prometheus.Gauge
}

func newMetrics() *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		steps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "awsauth_certificate_rotations_total",
			Help: "What this replica issued: a certificate in place of an older one (leaf), the first or the next authority (authority), an authority in place of one that was lost or damaged (replacement).",
		}, []string{"issued"}),
		synced:            gauge("awsauth_authority_last_sync_successful", "1 while the last look at the Secret and the webhook configurations went well, 0 while it did not."),
		injected:          gauge("awsauth_authority_last_injection_successful", "1 unless the last try to write the caBundle of a webhook configuration failed."),
		caEnds:            gauge("awsauth_authority_expiry_timestamp_seconds", "When the authority that signs expires, in seconds since 1970; 0 while there is none."),
		lastSuccessfulRun: gauge("awsauth_authority_last_sync_timestamp_seconds", "When the Secret and the webhook configurations were last looked at successfully, in seconds since 1970."),
	}
	for _, issued := range []string{issuedLeaf, issuedAuthority, issuedReplacement} {
		m.steps.WithLabelValues(issued)
	}
	m.injected.Set(1)
	return m
}

// The values of the label issued.
const (
	issuedLeaf        = "leaf"
	issuedAuthority   = "authority"
	issuedReplacement = "replacement"
)

// Register adds the metrics to a registry.
func (a *Authority) Register(registry prometheus.Registerer) {
	m := a.metrics
	registry.MustRegister(m.steps, m.synced, m.injected, m.caEnds, m.lastSuccessfulRun)
}

// advanced counts a step.
func (m *metrics) advanced(step action) {
	switch step {
	case renew, succeed:
		m.steps.WithLabelValues(issuedLeaf).Inc()
	case announce:
		m.steps.WithLabelValues(issuedAuthority).Inc()
	case begin:
		m.steps.WithLabelValues(issuedReplacement).Inc()
	case wait, repeat, propagate, prune:
	}
}

// reconciled notes how a look at the API server ended.
func (m *metrics) reconciled(err error, s *state, now time.Time) {
	if err != nil {
		m.synced.Set(0)
		return
	}
	m.synced.Set(1)
	m.lastSuccessfulRun.Set(float64(now.Unix()))
	ends := 0.0
	if s.current != nil {
		ends = float64(s.current.certificate.NotAfter.Unix())
	}
	m.caEnds.Set(ends)
}

// injection notes how the writing of the bundles ended.
func (m *metrics) injection(err error) {
	if err != nil {
		m.injected.Set(0)
		return
	}
	m.injected.Set(1)
}
