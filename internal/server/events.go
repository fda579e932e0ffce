package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	guard "github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

const (
	// reasonOverride is the reason of the Event that reports an override.
	reasonOverride = "GuardOverridden"
	// component is who the Events say they come from.
	component = "aws-auth-guard"
	// maxEvent is the most bytes that the API server takes for a message (k8s.io/kubernetes v1.37.2, pkg/apis/core/validation).
	maxEvent = 1024
	// maxEvents wait to be sent. At first as many are sent at once, then one each eventGap.
	maxEvents = 25
	eventGap  = 10 * time.Second
	// eventTimeout bounds the making of one Event.
	eventTimeout = 10 * time.Second
)

// recorder makes Events of the ConfigMap aws-auth, in the background. Whoever reaches the port can cause them by forged
// reviews, so they are short and few, and tell nothing of the object but its name: who a review says it is, it need not
// be. What finds no room is dropped and counted; the log and the audit annotations still have it.
type recorder struct {
	client  typedcorev1.EventInterface
	log     logr.Logger
	waiting chan string
	limit   *rate.Limiter
	dropped prometheus.Counter
}

func newRecorder(client typedcorev1.EventInterface, log logr.Logger) *recorder {
	return &recorder{
		client: client, log: log, waiting: make(chan string, maxEvents), limit: rate.NewLimiter(rate.Every(eventGap), maxEvents),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "awsauth_events_dropped_total",
			Help: "Events of overrides that were not made, because too many came at one time. The log has them all.",
		}),
	}
}

// Overridden reports that somebody let an edit pass in spite of rules.
func (r *recorder) Overridden(request *guard.Request, rules []string, reason string) {
	user := request.Told().User
	r.log.Info("override", "user", user, "rules", rules, "reason", reason)
	select {
	case r.waiting <- text.Middle(fmt.Sprintf("%s overrode %s: %s", user, strings.Join(rules, ", "), reason), maxEvent):
	default:
		r.dropped.Inc()
	}
}

// run sends what waits until ctx ends.
func (r *recorder) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case message := <-r.waiting:
			if r.limit.Wait(ctx) != nil {
				return nil //nolint:nilerr // It fails where ctx ends.
			}
			if err := r.send(ctx, message); err != nil {
				r.log.Error(err, "an Event could not be made", "reason", reasonOverride, "message", message)
			}
		}
	}
}

func (r *recorder) send(ctx context.Context, message string) error {
	ctx, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	now := metav1.Now()
	_, err := r.client.Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: awsauth.Namespace, GenerateName: awsauth.Name + "."},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "ConfigMap", Namespace: awsauth.Namespace, Name: awsauth.Name},
		Type:           corev1.EventTypeWarning, Reason: reasonOverride, Message: message,
		Source: corev1.EventSource{Component: component}, ReportingController: component,
		FirstTimestamp: now, LastTimestamp: now, Count: 1,
	}, metav1.CreateOptions{FieldManager: component})
	return err
}
