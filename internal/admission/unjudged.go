package admission

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Reason is why an edit was not judged, in a word: a label of the metrics.
type Reason string

// The reasons.
const (
	// TooLarge: no API server stores what is in the review.
	TooLarge Reason = "too-large"
	// TooSlow: the review came too slowly, on its own or while others waited for the memory that it took.
	TooSlow Reason = "too-slow"
	// NoRoom: other large edits took all the memory and all the time.
	NoRoom Reason = "no-room"
	// NoTime: the decision was not made in time.
	NoTime Reason = "no-time"
	// Defect: the guard itself failed.
	Defect Reason = "defect"
)

// words say the reason to the person who writes.
func (r Reason) words() string {
	switch r {
	case TooLarge:
		return "it is larger than what an API server stores"
	case TooSlow:
		return "the API server's request arrived too slowly"
	case NoRoom:
		return "other large edits used all the memory"
	case NoTime:
		return "there was not enough time for it"
	default:
		return "the guard failed; its log says why"
	}
}

// maxText is the size of the largest data that an API server stores in a ConfigMap.
const maxText = 1 << 20

// Unread answers a review of which only the head was read, by the same words as one that could not be judged. The head
// tells neither an override nor whether this is a dry run.
func (h *Handler) Unread(head *Review, why Reason) admission.Response {
	review := &head.Request
	if !judged(review.Operation) || !aboutConfigMap(&review.AdmissionRequest) || review.Name != "" && review.Name != awsauth.Name {
		return complete(review, admission.Allowed(""))
	}
	r := &Request{Operation: review.Operation, User: review.UserInfo, Unread: true}
	return complete(review, h.finish(review, r, h.unjudged(r, why), time.Now()))
}

// complete does what admission.Webhook does with the answers of a handler.
func complete(review *admission.Request, response admission.Response) admission.Response {
	if err := response.Complete(*review); err != nil {
		// Only patches can't be written, and there are none.
		response = admission.Errored(http.StatusInternalServerError, err)
		response.UID = review.UID
	}
	return response
}

// unjudged is the decision about a write that can't be judged: it goes through with a warning. Under the profile strict
// the validating webhook refuses it, so that nobody can pass a map by making it expensive to judge.
func (h *Handler) unjudged(r *Request, why Reason) *Decision {
	h.Metrics.unjudged.WithLabelValues(string(h.stage), string(why)).Inc()
	p := h.Policy()
	d := &Decision{
		Result: Failed, Exempt: p.Exempt(r.User.Username),
		Annotations: map[string]string{AnnotationDecision: string(Failed), AnnotationProfile: string(p.Profile), AnnotationReason: string(why)},
	}
	switch {
	case h.stage == StageMutate:
		d.Warnings = []string{"aws-auth-guard repaired nothing in this edit: " + why.words()}
	case p.Profile == validate.Strict && !d.Exempt:
		d.FailedClosed = true
		d.Message = "edit rejected: aws-auth-guard could not judge it (" + why.words() + "), and the profile strict lets nothing " +
			"through unchecked. Try again. If this persists, the override annotation does not help: let a break-glass user write it " +
			"(webhook.breakGlass in the chart's values), or stand the guard down as docs/emergency.md says"
	default:
		d.Warnings = []string{"aws-auth-guard did not judge this edit and let it through unchecked (" + why.words() + "): check it with kubectl aws-auth lint"}
	}
	return d
}

// reasonOf says why a decision was not made.
func reasonOf(problem error) Reason {
	switch {
	case errors.Is(problem, errTooLarge):
		return TooLarge
	case errors.Is(problem, errNoRoom):
		return NoRoom
	case errors.Is(problem, context.DeadlineExceeded), errors.Is(problem, context.Canceled):
		return NoTime
	default:
		return Defect
	}
}

var errTooLarge = fmt.Errorf("the data of the map is larger than %d bytes, so no API server stores it", maxText)

// checkSize refuses to judge what can't be stored: reading it takes many times its size.
func (r *Request) checkSize() error {
	for _, c := range []*corev1.ConfigMap{r.Old, r.New} {
		if c == nil {
			continue
		}
		size := 0
		for _, value := range c.Data {
			size += len(value)
		}
		for _, value := range c.BinaryData {
			size += len(value)
		}
		if size > maxText {
			return errTooLarge
		}
	}
	return nil
}
