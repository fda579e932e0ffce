package admission

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
)

// Metrics count decisions. Their labels hold words of the guard alone, never of a request.
type Metrics struct {
	decisions *prometheus.CounterVec
	findings  *prometheus.CounterVec
	fixes     *prometheus.CounterVec
	overrides *prometheus.CounterVec
	unjudged  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	bytes     prometheus.Histogram
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "awsauth_admission_decisions_total",
			Help: "Writes to aws-auth by operation and result. The result failed means that the guard itself failed, and let the write through or, under the profile strict, refused it.",
		}, []string{"operation", "result"}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "awsauth_admission_findings_total",
			Help: "Findings about writes by rule. Those that a write brought in are touched, the others were there before.",
		}, []string{"rule", "touched"}),
		fixes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "awsauth_admission_fixes_total",
			Help: "Repairs made to writes by rule.",
		}, []string{"rule"}),
		overrides: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "awsauth_overrides_total",
			Help: "Refusals that were overridden by rule.",
		}, []string{"rule"}),
		unjudged: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "awsauth_admission_unjudged_total",
			Help: "Writes that the guard could not judge by the reason. Under the profile strict the validating webhook refused them, else they went through with a warning.",
		}, []string{"webhook", "reason"}),
		bytes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "awsauth_admission_map_bytes",
			Help:    "Size of the data of aws-auth as it was to be written.",
			Buckets: prometheus.ExponentialBuckets(256, 4, 7),
		}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "awsauth_admission_duration_seconds",
			Help:    "Time taken to decide about a write.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"webhook"}),
	}
	registry.MustRegister(m.decisions, m.findings, m.fixes, m.overrides, m.unjudged, m.duration, m.bytes)
	return m
}

// observe counts a decision. Each write is counted once, where it is validated; the mutating webhook adds what
// it repaired and where it failed.
func (m *Metrics) observe(stage Stage, operation admissionv1.Operation, d *Decision, took time.Duration) {
	m.duration.WithLabelValues(string(stage)).Observe(took.Seconds())
	if d.Result != Unchanged {
		m.decisions.WithLabelValues(operationLabel(operation), string(d.Result)).Inc()
	}
	for _, j := range d.Findings {
		touched := "false"
		if j.Touched {
			touched = "true"
		}
		m.findings.WithLabelValues(j.Rule, touched).Inc()
	}
	for _, rule := range d.overridden() {
		m.overrides.WithLabelValues(rule).Inc()
	}
	for _, c := range d.Repairs {
		m.fixes.WithLabelValues(c.Rule).Inc()
	}
}

// observeSize notes how much a write would store.
func (m *Metrics) observeSize(r *Request) {
	if r.New != nil {
		m.bytes.Observe(float64(r.bytes()))
	}
}

func operationLabel(o admissionv1.Operation) string {
	switch o {
	case admissionv1.Create, admissionv1.Update, admissionv1.Delete:
		return strings.ToLower(string(o))
	}
	return "other"
}
