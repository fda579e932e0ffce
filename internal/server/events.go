package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	guard "github.com/aws-auth-guard/aws-auth-guard/pkg/admission"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// reasonOverride is the reason of the Event that tells of an override.
const reasonOverride = "GuardOverridden"

// recorder makes Events of the ConfigMap aws-auth. They are sent in the background; what can't be sent is lost,
// and stands in the log and in the audit annotations all the same.
type recorder struct {
	events record.EventRecorder
	log    logr.Logger
}

func newRecorder(ctx context.Context, client kubernetes.Interface, log logr.Logger) *recorder {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events(awsauth.Namespace)})
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		log.Error(err, "Events can't be made")
	}
	return &recorder{events: broadcaster.NewRecorder(scheme, corev1.EventSource{Component: "aws-auth-guard"}), log: log}
}

// Overridden tells that somebody let an edit pass in spite of rules.
func (r *recorder) Overridden(request *guard.Request, rules []string, reason string) {
	object := request.New
	if object == nil {
		object = request.Old
	}
	about := &corev1.ObjectReference{
		APIVersion: "v1", Kind: "ConfigMap", Namespace: awsauth.Namespace, Name: awsauth.Name,
		UID: object.UID, ResourceVersion: object.ResourceVersion,
	}
	message := fmt.Sprintf("%s overrode %s: %s", request.User.Username, strings.Join(rules, ", "), reason)
	r.log.Info("override", "user", request.User.Username, "rules", rules, "reason", reason)
	r.events.Event(about, corev1.EventTypeWarning, reasonOverride, message)
}
