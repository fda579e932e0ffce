package server

import (
	"context"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	// rightsEvery is how often the guard asks what it may do, rightsAgain how soon where it could not ask, and rightsLimit
	// bounds the asking.
	rightsEvery = 10 * time.Minute
	rightsAgain = 10 * time.Second
	rightsLimit = 10 * time.Second
)

// rights says which answers of the cluster the guard may not ask for: at start, because under the profile strict the rules
// that need them refuse edits, and when it changes.
type rights struct {
	cluster *cluster.Cluster
	policy  func() *policy.Policy
	log     logr.Logger
	missing *prometheus.GaugeVec
	// told is what the log says already.
	told string
}

func newRights(c *cluster.Cluster, p func() *policy.Policy, registry prometheus.Registerer, log logr.Logger) *rights {
	r := &rights{cluster: c, policy: p, log: log, missing: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "awsauth_cluster_right_missing",
		Help: "1 for a right that rules need to ask the cluster and that the guard lacks, else 0.",
	}, []string{"right"})}
	registry.MustRegister(r.missing)
	return r
}

// run looks until ctx ends. It never fails: without answers the rules say that they are blind.
func (r *rights) run(ctx context.Context) error {
	for {
		wait := rightsEvery
		if !r.look(ctx) {
			wait = rightsAgain
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// look asks once, and reports whether there was an answer.
func (r *rights) look(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, rightsLimit)
	defer cancel()
	missing, err := r.cluster.Missing(ctx, r.policy().Options().Off)
	if err != nil {
		r.tell("the guard could not ask what it may do in the cluster: " + err.Error())
		return false
	}
	for _, right := range cluster.Rights() {
		r.missing.WithLabelValues(right.String()).Set(0)
	}
	var lacks []string
	for _, right := range missing {
		r.missing.WithLabelValues(right.String()).Set(1)
		lacks = append(lacks, right.String()+" (for "+strings.Join(right.Rules, ", ")+")")
	}
	if len(lacks) == 0 {
		r.tell("")
		return true
	}
	r.tell("the guard lacks rights, and rules can't check without them; under the profile strict " + strings.Join(validate.Unanswered(), " and ") +
		" then refuse edits: " + strings.Join(lacks, ", "))
	return true
}

// tell logs what has changed.
func (r *rights) tell(problem string) {
	switch {
	case problem == r.told:
		return
	case problem == "":
		r.log.Info("the guard may ask the cluster all that the rules need")
	default:
		r.log.Error(nil, problem)
	}
	r.told = problem
}
