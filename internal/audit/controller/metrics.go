package controller

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// metrics say what was found. Their labels hold words of the guard alone, never a name out of the map.
type metrics struct {
	findings, entries, guard, principals, admins *prometheus.GaugeVec
	lastRun, leader                              prometheus.Gauge
	runs, bypasses                               prometheus.Counter
	failures                                     *prometheus.CounterVec
	// found are the findings by rule and severity that the metric shows now.
	found map[[2]string]float64
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		findings: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "awsauth_audit_findings", Help: "Findings about the live map by rule, and by how the policy takes them: error or warning.",
		}, []string{"rule", "severity"}),
		entries: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "awsauth_audit_entries", Help: "Items of the live map by section, whether they let somebody in or not.",
		}, []string{"section"}),
		guard: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "awsauth_audit_guard_problems", Help: "Problems of the guard's own registration by kind.",
		}, []string{"kind"}),
		principals: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "awsauth_audit_principals", Help: "Principals that get in, by the door that lets them in: aws-auth, access-entry, or unknown where a snapshot of the access entries does not tell.",
		}, []string{"door"}),
		admins: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "awsauth_audit_admins", Help: "Those of awsauth_audit_principals who may do everything, by system:masters, by a binding or by an access policy.",
		}, []string{"door"}),
		lastRun: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "awsauth_audit_last_run_timestamp_seconds", Help: "When the live map was last checked, in seconds since 1970; 0 where this replica never did.",
		}),
		leader:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "awsauth_audit_leader", Help: "1 where this replica is the one that acts."}),
		runs:     prometheus.NewCounter(prometheus.CounterOpts{Name: "awsauth_audit_runs_total", Help: "Checks of the live map."}),
		bypasses: prometheus.NewCounter(prometheus.CounterOpts{Name: "awsauth_audit_bypasses_total", Help: "States of the live map that bypassed the guard."}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "awsauth_audit_failures_total", Help: "What the auditor failed to do; it tries again.",
		}, []string{"what"}),
	}
	registry.MustRegister(m.findings, m.entries, m.guard, m.principals, m.admins, m.lastRun, m.leader, m.runs, m.bypasses, m.failures)
	return m
}

// observe says what a look has found. What it did not find goes one by one: a scrape in between must not see nothing.
func (m *metrics) observe(e *audit.Evaluation, now float64) {
	found := map[[2]string]float64{}
	for i := range e.Lint.Findings {
		found[[2]string{e.Lint.Findings[i].Rule, string(e.Lint.Findings[i].Level)}]++
	}
	for labels := range m.found {
		if found[labels] == 0 {
			m.findings.DeleteLabelValues(labels[:]...)
		}
	}
	for labels, n := range found {
		m.findings.WithLabelValues(labels[:]...).Set(n)
	}
	m.found = found
	for _, key := range awsauth.Keys() {
		m.entries.WithLabelValues(string(key)).Set(float64(e.Entries[key]))
	}
	problems := map[registration.Kind]float64{}
	if e.Guard == nil {
		problems[registration.Unknown]++
	}
	for _, p := range e.GuardProblems() {
		problems[p.Kind]++
	}
	for _, kind := range []registration.Kind{registration.Bypass, registration.Broken, registration.Warning, registration.Unknown} {
		m.guard.WithLabelValues(string(kind)).Set(problems[kind])
	}
	m.observeDoors(e)
	m.lastRun.Set(now)
	m.runs.Inc()
}

func (m *metrics) observeDoors(e *audit.Evaluation) {
	principals, admins := map[access.Door]float64{}, map[access.Door]float64{}
	for i := range e.Access {
		r := &e.Access[i]
		principals[r.Door]++
		if r.IsAdmin() {
			admins[r.Door]++
		}
	}
	for _, door := range []access.Door{access.ByMap, access.ByEntry, access.ByEither} {
		m.principals.WithLabelValues(string(door)).Set(principals[door])
		m.admins.WithLabelValues(string(door)).Set(admins[door])
	}
}

// reset takes back what a replica that does not act any more can't know.
func (m *metrics) reset() {
	m.found = nil
	m.findings.Reset()
	m.entries.Reset()
	m.guard.Reset()
	m.principals.Reset()
	m.admins.Reset()
}
