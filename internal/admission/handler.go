package admission

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"gomodules.xyz/jsonpatch/v2"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Stage is one of the two webhooks.
type Stage string

// The stages, in the order in which the API server calls them.
const (
	StageMutate   Stage = "mutate"
	StageValidate Stage = "validate"
)

// MaxTime bounds one answer, from the first bytes of a review to the decision. It is less than the five seconds after
// which the API server gives the webhook up and, by its failure policy, stores or refuses the write.
const MaxTime = 4 * time.Second

// MinTimeout is the least time that the API server must give the webhooks (timeoutSeconds): a decision, and a second for
// the way there and back. With less it gives up on answers that are still to come. The chart refuses less.
const MinTimeout = MaxTime + time.Second

// Options are what handlers need.
type Options struct {
	// Policy gives the policy in force; it is asked once for each write.
	Policy  func() *policy.Policy
	Metrics *Metrics
	Log     logr.Logger
	// RateLimitedLog is for reviews that make no sense, which anybody who reaches the port can send.
	RateLimitedLog logr.Logger
	// Limiter bounds the decisions under way; nil does not.
	Limiter *Limiter
	// Cluster answers the questions of the rules; nil where there is no cluster to ask.
	Cluster Cluster
	// Entries gives the access entries of the cluster where a snapshot counts for a time; nil knows nothing of them. It asks
	// nobody.
	Entries func(maxAge time.Duration) *snapshot.View
	// Namespace is the guard's own, empty where it is not known. Its service accounts write outside the limits of writers.
	Namespace string
	// Recorder records overrides; it may be nil.
	Recorder Recorder
	// AdmissionLog notes every write that the guard let pass; nil notes none.
	AdmissionLog AdmissionLog
	// Reader reads the maps; nil parses each one.
	Reader *awsauth.Reader
}

// Cluster answers questions about an edit, within a bound of its own (internal/cluster).
type Cluster interface {
	Ask(ctx context.Context, q validate.Questions, user authenticationv1.UserInfo) validate.Facts
}

// Recorder makes the uses of overrides known. It must not keep the edit waiting.
type Recorder interface {
	Overridden(r *Request, rules []string, reason string)
}

// AdmissionLog notes what the guard let pass (internal/admissionlog). It must not keep the edit waiting.
type AdmissionLog interface {
	Admitted(r *Request, d *Decision)
}

// Handler serves one of the webhooks. It refuses a write because the guard itself fails only under the profile strict.
type Handler struct {
	Options
	stage  Stage
	ask    func(*validate.Change, validate.Options) validate.Questions
	decide func(*policy.Policy, *Request, *validate.Change) *Decision
	limit  time.Duration
	// wait bounds the questions to the cluster, besides their own bound. An edit passes both webhooks, and the
	// mutating one asks little: both together stay well under a second.
	wait time.Duration
}

// NewMutate makes the handler of the mutating webhook.
func NewMutate(o Options) *Handler {
	return &Handler{Options: o, stage: StageMutate, ask: validate.AskForRepair, decide: Mutate, limit: MaxTime, wait: 200 * time.Millisecond}
}

// NewValidate makes the handler of the validating webhook.
func NewValidate(o Options) *Handler {
	return &Handler{Options: o, stage: StageValidate, ask: validate.Ask, decide: Validate, limit: MaxTime, wait: MaxTime}
}

// Handle answers a review: anything but kube-system/aws-auth is let through silently, and a review that
// makes no sense is an error with status 400.
func (h *Handler) Handle(ctx context.Context, review admission.Request) admission.Response {
	start := time.Now()
	request, err := newRequest(&review.AdmissionRequest)
	if errors.Is(err, errOtherObject) {
		return admission.Allowed("")
	}
	if err != nil {
		return h.malformed(&review, err)
	}
	request.reader = h.Reader
	return h.finish(&review, request, h.decideSafely(ctx, request), start)
}

// Malformed answers a review that can't be read.
func (h *Handler) Malformed(review *Review, err error) admission.Response {
	return complete(&review.Request, h.malformed(&review.Request, err))
}

func (h *Handler) malformed(review *admission.Request, err error) admission.Response {
	h.Metrics.observe(h.stage, review.Operation, &Decision{Result: Malformed}, 0)
	h.RateLimitedLog.Error(err, "malformed review", "webhook", h.stage, "uid", clean(string(review.UID), maxTold))
	return admission.Errored(http.StatusBadRequest, errors.New("aws-auth-guard can't read this review: "+clean(err.Error(), maxCause)))
}

// finish makes a decision known and puts it into an answer.
func (h *Handler) finish(review *admission.Request, r *Request, d *Decision, start time.Time) admission.Response {
	took := time.Since(start)
	h.Metrics.observe(h.stage, r.Operation, d, took)
	if h.stage == StageValidate {
		h.Metrics.observeSize(r)
	}
	if overridden := d.overridden(); len(overridden) > 0 && d.Admits() && !r.DryRun && h.Recorder != nil {
		h.Recorder.Overridden(r, overridden, d.Override.Reason)
	}
	if h.AdmissionLog != nil && h.stage == StageValidate && d.Admits() && !r.DryRun && r.touchesData() {
		h.AdmissionLog.Admitted(r, d)
	}
	h.logDecision(review, r, d, took)
	return h.response(r, d)
}

// decideSafely decides about a write, and makes do where the decision panics or takes too long (see unjudged).
func (h *Handler) decideSafely(ctx context.Context, r *Request) *Decision {
	type outcome struct {
		decision *Decision
		problem  error
		stack    []byte
	}
	done := make(chan outcome, 1)
	ctx, cancel := context.WithTimeout(ctx, h.limit)
	defer cancel()
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- outcome{problem: fmt.Errorf("panic: %v", v), stack: debug.Stack()}
			}
		}()
		if err := r.checkSize(); err != nil {
			done <- outcome{problem: err}
			return
		}
		// The room is left when the decision ends, not when it is given up.
		leave, err := h.Limiter.Acquire(ctx, r.roomNeeded())
		if err != nil {
			done <- outcome{problem: err}
			return
		}
		defer leave()
		done <- outcome{decision: h.decideNow(ctx, r)}
	}()
	var o outcome
	select {
	case o = <-done:
	case <-ctx.Done():
		o.problem = ctx.Err()
		if errors.Is(o.problem, context.DeadlineExceeded) {
			o.problem = fmt.Errorf("no decision within %s: %w", h.limit, o.problem)
		}
	}
	if o.problem == nil {
		return o.decision
	}
	d := h.unjudged(r, reasonOf(o.problem))
	h.Log.Error(o.problem, "the guard failed on a write", "webhook", h.stage, "refused", d.FailedClosed, "stack", string(o.stack))
	return d
}

// noCluster is why the rules that need an answer have none where there is no cluster to ask.
const noCluster = "the guard has no access to the cluster"

// decideNow asks the cluster what it must and decides.
func (h *Handler) decideNow(ctx context.Context, r *Request) *Decision {
	p := h.Policy()
	c := r.change()
	// Whoever writes as a service account of the guard's namespace is the guard, or could be.
	c.Requester.Outside = p.Exempt(r.User.Username) || h.Namespace != "" && strings.HasPrefix(r.User.Username, "system:serviceaccount:"+h.Namespace+":")
	if r.touchesData() && (h.stage == StageValidate || repairable(p, r)) {
		switch q := h.ask(c, p.Options()); {
		case h.Cluster == nil:
			c.Facts.Alone = true
			c.Facts.Unavailable.Nodes, c.Facts.Unavailable.Grants = noCluster, noCluster
		case q.Any():
			ctx, cancel := context.WithTimeout(ctx, h.wait)
			defer cancel()
			c.Facts = h.Cluster.Ask(ctx, q, r.User)
		}
	}
	if h.Entries != nil {
		c.Facts.Entries = h.Entries(p.MaxAge)
	}
	return h.decide(p, r, c)
}

func (h *Handler) logDecision(review *admission.Request, r *Request, d *Decision, took time.Duration) {
	writer := r.Told()
	h.Log.Info("decision", "webhook", h.stage, "uid", clean(string(review.UID), maxTold), "operation", r.Operation,
		"user", writer.User, "arn", writer.ARN, "fieldManager", writer.FieldManager, "dryRun", r.DryRun,
		"decision", d.Result, "exempt", d.Exempt,
		"rules", d.rules(func(j EvaluatedFinding) bool { return j.Touched }),
		"refused", d.rules(func(j EvaluatedFinding) bool { return j.Refused }),
		"before", d.rules(func(j EvaluatedFinding) bool { return !j.Touched }),
		"fixed", d.fixed(), "overridden", d.overridden(), "unjudged", d.Annotations[AnnotationReason], "milliseconds", took.Milliseconds())
}

func (h *Handler) response(r *Request, d *Decision) admission.Response {
	response := admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Allowed: d.Admits(), Warnings: d.Warnings, AuditAnnotations: d.Annotations,
	}}
	if d.Result == Refused {
		response.Result = &metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid, Message: d.Message,
			Details: &metav1.StatusDetails{Kind: "ConfigMap", Name: awsauth.Name, Causes: d.Causes},
		}
	}
	if d.FailedClosed {
		response.Result = &metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusServiceUnavailable, Reason: metav1.StatusReasonServiceUnavailable, Message: d.Message,
		}
	}
	response.Patches = patch(r, d)
	return response
}

// patch replaces the repaired texts, each after a test that the text is still the one that was judged.
func patch(r *Request, d *Decision) []jsonpatch.Operation {
	var operations []jsonpatch.Operation
	for _, key := range awsauth.Keys() {
		if text, ok := d.Data[string(key)]; ok {
			path := "/data/" + string(key)
			operations = append(operations, jsonpatch.NewOperation("test", path, r.New.Data[string(key)]), jsonpatch.NewOperation("replace", path, text))
		}
	}
	return operations
}
