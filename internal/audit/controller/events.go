package controller

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

const (
	// component is who the Events say they come from.
	component = "aws-auth-guard-auditor"
	// maxEvent is the most bytes that the API server takes for a message (k8s.io/kubernetes v1.37.2, pkg/apis/core/validation).
	maxEvent = 1024
	// eventTimeout bounds the making of one Event.
	eventTimeout = 10 * time.Second
)

// events makes Events of the map. The name of an Event is made of what it says and of when it is said, in generations of
// the state that is kept: so who says the same again, after a crash or beside another replica, says nothing new.
type events struct {
	client kubernetes.Interface
	log    logr.Logger
}

// emit makes an Event of the map with this uid, which may be gone.
func (e *events) emit(ctx context.Context, uid string, generation int64, event audit.Event) error {
	return e.create(ctx, name(uid, strconv.FormatInt(generation, 10), event.Reason, event.Message), corev1.ObjectReference{UID: types.UID(uid)}, event)
}

func (e *events) create(ctx context.Context, id string, about corev1.ObjectReference, event audit.Event) error {
	ctx, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	about.APIVersion, about.Kind, about.Namespace, about.Name = "v1", "ConfigMap", awsauth.Namespace, awsauth.Name
	now := metav1.Now()
	_, err := e.client.CoreV1().Events(awsauth.Namespace).Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: awsauth.Namespace, Name: fmt.Sprintf("%s.auditor.%s", awsauth.Name, id)},
		InvolvedObject: about, Type: event.Type, Reason: event.Reason, Message: text.Cut(event.Message, maxEvent),
		Source: corev1.EventSource{Component: component}, ReportingController: component,
		FirstTimestamp: now, LastTimestamp: now, Count: 1,
	}, metav1.CreateOptions{FieldManager: component})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err == nil {
		e.log.Info("event", "reason", event.Reason, "message", event.Message)
	}
	return err
}

// Event implements restore.Events. What is reported again in the same words, by another replica or after a restart, is one Event.
func (e *events) Event(object runtime.Object, kind, reason, message string) {
	about, ok := object.(*corev1.ObjectReference)
	if !ok {
		about = &corev1.ObjectReference{}
	}
	event := audit.Event{Type: kind, Reason: reason, Message: message}
	id := name(string(about.UID), reason, message)
	if err := e.create(context.Background(), id, corev1.ObjectReference{UID: about.UID, ResourceVersion: about.ResourceVersion}, event); err != nil {
		e.log.Error(err, "an Event could not be made", "reason", reason, "message", message)
	}
}

// name makes the part of an Event's name that tells it from others.
func name(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])[:16]
}
