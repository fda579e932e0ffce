package history

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Label marks the ControllerRevisions of the history, in whatever namespace they are. Its value is the name of the map.
const Label = "aws-auth-guard.dev/history"

// The annotations of a revision.
const (
	annotationWritten         = "aws-auth-guard.dev/written"
	annotationRecorded        = "aws-auth-guard.dev/recorded"
	annotationManager         = "aws-auth-guard.dev/manager"
	annotationUser            = "aws-auth-guard.dev/user"
	annotationGood            = "aws-auth-guard.dev/good"
	annotationProblems        = "aws-auth-guard.dev/problems"
	annotationSummary         = "aws-auth-guard.dev/summary"
	annotationChanges         = "aws-auth-guard.dev/changes"
	annotationEarlier         = "aws-auth-guard.dev/earlier-revisions"
	annotationOverride        = "aws-auth-guard.dev/map-override"
	annotationUID             = "aws-auth-guard.dev/map-uid"
	annotationResourceVersion = "aws-auth-guard.dev/map-resource-version"
	annotationWriters         = "aws-auth-guard.dev/map-writers"
	annotationAdmitted        = "aws-auth-guard.dev/admitted"
	annotationRestored        = "aws-auth-guard.dev/restored"
	annotationProtectedLost   = "aws-auth-guard.dev/protected-lost"
	annotationPutBack         = "aws-auth-guard.dev/put-back"
)

// Revision is one distinct state of the map with what is known of it.
type Revision struct {
	// Number counts the states. A state that comes back gets a new number and loses its old one, which Earlier keeps: one
	// state is one ControllerRevision, as it is of a DaemonSet that is rolled back. So two writers that fight over the map
	// can't push everything else out of the history, and the newest number is always the present state.
	Number  int64
	Earlier []int64
	// Name of the ControllerRevision, which is made of the content alone.
	Name string
	// Time is when the state came to be, as far as that is known, else when it was first seen.
	Time time.Time
	// Recorded is when it was seen, by the clock of the process that recorded it.
	Recorded time.Time
	// Manager is the field manager that wrote it, and User who that was. Both are empty where they are not known.
	Manager, User string
	// Deleted is set where the state is that there is no map.
	Deleted bool
	// Good states may be put back without a second look: it is what auto-restore does, and what `undo` takes by default.
	// A state is good when
	//
	//  1. the map is there, each of its lists can be read by EKS, and it lets somebody in;
	//  2. it loses no nodes against the last good state before it (LostNodes);
	//  3. it has no error, by the policy in its profile standard, that the last good state before it does not have. Where
	//     there is no good state before it, as for the first one that is seen, only errors of the severity critical count:
	//     the cluster has lived with the others.
	//
	// A state that the guard let pass needs to fulfill the first alone, except in the profile audit, where it lets all
	// pass: somebody has overridden the rest on purpose. A state that was good once stays good.
	Good bool
	// Problems say why it is not good.
	Problems []string
	// Summary is one line that says what the state is or did.
	Summary string
	Changes Changes
	// Admitted is set where the guard let this very state pass.
	Admitted bool
	// Override is the guard's override annotation that the map had in this state (policy.KeptOverride), empty for none.
	// Of a map that is gone it is the one that spoke for the delete.
	Override string
	// MapUID and MapResourceVersion are those of the map when the state was seen; of a map that is gone, its last.
	MapUID             types.UID
	MapResourceVersion string
	// Restored is when auto-restore began to put this state back, zero for never.
	Restored time.Time
	// ProtectedLost are the principals that this state let in no more, while the policy protected their entries.
	ProtectedLost []string
	// PutBack are the entries that auto-restore has put back, in this state or before it. The newest revision has all of them.
	PutBack []PutBack

	// writers are those who owned data in this state (dataWriters).
	writers         []string
	uid             types.UID
	resourceVersion string
}

// Emptied reports that there was a map in this state that let nobody in.
func (r *Revision) Emptied() bool { return !r.Deleted && slices.Contains(r.Problems, nobody) }

// Writer names who made the state, for people.
func (r *Revision) Writer() string {
	switch {
	case r.User != "" && r.Manager != "":
		return r.User + " (" + r.Manager + ")"
	case r.User != "":
		return r.User
	case r.Manager != "":
		return "(" + r.Manager + ")"
	}
	return "unknown"
}

// Is reports whether the revision has the number, or had it before it came back.
func (r *Revision) Is(number int64) bool {
	return r.Number == number || slices.Contains(r.Earlier, number)
}

// maxUser bounds the name of a user, in code points: some come from a header of a request.
const maxUser = 512

// annotations are what is kept of a revision beside its content and its number; empty is what there is not.
func (r *Revision) annotations() (map[string]string, error) {
	changes, err := json.Marshal(r.Changes)
	if err != nil {
		return nil, fmt.Errorf("writing the changes down: %w", err)
	}
	earlier := make([]string, 0, len(r.Earlier))
	for _, n := range r.Earlier {
		earlier = append(earlier, strconv.FormatInt(n, 10))
	}
	all := map[string]string{
		annotationWritten:         stamp(r.Time),
		annotationRecorded:        stamp(r.Recorded),
		annotationManager:         r.Manager,
		annotationUser:            text.Cut(r.User, maxUser),
		annotationGood:            strconv.FormatBool(r.Good),
		annotationProblems:        strings.Join(r.Problems, "\n"),
		annotationSummary:         r.Summary,
		annotationChanges:         string(changes),
		annotationEarlier:         strings.Join(earlier, ","),
		annotationOverride:        r.Override,
		annotationUID:             string(r.MapUID),
		annotationResourceVersion: r.MapResourceVersion,
		annotationRestored:        stamp(r.Restored),
		annotationAdmitted:        "",
		annotationWriters:         strings.Join(r.writers, "\n"),
		annotationProtectedLost:   strings.Join(r.ProtectedLost, "\n"),
		annotationPutBack:         "",
	}
	if len(r.PutBack) > 0 {
		putBack, err := json.Marshal(r.PutBack)
		if err != nil {
			return nil, fmt.Errorf("writing down what was put back: %w", err)
		}
		all[annotationPutBack] = string(putBack)
	}
	if r.Admitted {
		all[annotationAdmitted] = strconv.FormatBool(true)
	}
	return all, nil
}

// revisionOf reads a ControllerRevision without its content. What can't be read of it is left out: the content is worth
// more than what is said of it.
func revisionOf(o *appsv1.ControllerRevision) *Revision {
	a := o.Annotations
	r := &Revision{
		Number: o.Revision, Name: o.Name, Manager: a[annotationManager], User: a[annotationUser],
		Deleted: o.Name == Content{Deleted: true}.Name(), Good: a[annotationGood] == "true", Admitted: a[annotationAdmitted] == "true",
		Summary: a[annotationSummary], Override: a[annotationOverride],
		MapUID: types.UID(a[annotationUID]), MapResourceVersion: a[annotationResourceVersion],
		Time: parseStamp(a[annotationWritten]), Recorded: parseStamp(a[annotationRecorded]), Restored: parseStamp(a[annotationRestored]),
		uid: o.UID, resourceVersion: o.ResourceVersion,
	}
	if r.Time.IsZero() {
		r.Time = o.CreationTimestamp.Time
	}
	if r.Recorded.IsZero() {
		r.Recorded = o.CreationTimestamp.Time
	}
	if text := a[annotationWriters]; text != "" {
		r.writers = strings.Split(text, "\n")
	}
	if text := a[annotationProtectedLost]; text != "" {
		r.ProtectedLost = strings.Split(text, "\n")
	}
	if err := json.Unmarshal([]byte(a[annotationPutBack]), &r.PutBack); err != nil {
		r.PutBack = nil
	}
	if text := a[annotationProblems]; text != "" {
		r.Problems = strings.Split(text, "\n")
	}
	for text := range strings.SplitSeq(a[annotationEarlier], ",") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			r.Earlier = append(r.Earlier, n)
		}
	}
	if err := json.Unmarshal([]byte(a[annotationChanges]), &r.Changes); err != nil {
		r.Changes = Changes{}
	}
	return r
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func parseStamp(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
