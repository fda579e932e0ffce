package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// TestMissingRightsAreToldAtStart: what the guard may not ask is in the log once, and in the metric, until it may.
func TestMissingRightsAreToldAtStart(t *testing.T) {
	status, denied := http.StatusCreated, "subjectaccessreviews"
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review authorizationv1.SelfSubjectAccessReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Error(err)
		}
		review.Status.Allowed = review.Spec.ResourceAttributes.Resource != denied
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(review); err != nil {
			t.Error(err)
		}
	}))
	defer api.Close()
	p := policy.Default()
	p.Profile = validate.Strict
	var lines []string
	registry := prometheus.NewRegistry()
	log := funcr.New(func(_, line string) { lines = append(lines, line) }, funcr.Options{})
	r := newRights(cluster.New(kubernetes.NewForConfigOrDie(&rest.Config{Host: api.URL, ContentConfig: rest.ContentConfig{ContentType: runtime.ContentTypeJSON}}), cluster.Options{}), func() *policy.Policy { return p }, registry, log)
	const missing = "create subjectaccessreviews.authorization.k8s.io"
	for _, step := range []struct {
		name   string
		set    func()
		answer bool
		// says is in the one line that the step logs; it logs none where that is empty.
		says   string
		metric float64
	}{
		{"a right is missing", func() {}, true, missing + " (for privilege-escalation)", 1},
		{"still", func() {}, true, "", 1},
		{"no answer", func() { status = http.StatusInternalServerError }, false, "could not ask what it may do", 1},
		{"given", func() { status, denied = http.StatusCreated, "" }, true, "may ask the cluster all", 0},
	} {
		step.set()
		lines = nil
		if answer := r.look(t.Context()); answer != step.answer {
			t.Errorf("%s: answered %v", step.name, answer)
		}
		if step.says == "" && len(lines) > 0 || step.says != "" && (len(lines) != 1 || !strings.Contains(lines[0], step.says)) {
			t.Errorf("%s: the log says %q", step.name, lines)
		}
		if got := testutil.ToFloat64(r.missing.WithLabelValues(missing)); got != step.metric {
			t.Errorf("%s: the metric is %v", step.name, got)
		}
	}
}
