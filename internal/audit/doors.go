package audit

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// snapshotTrouble says why a snapshot that is there does not count, "" where it does or there is none.
func (e *Evaluation) snapshotTrouble() string {
	switch {
	case e.unreadable != "":
		return e.unreadable
	case e.AccessEntries == nil || e.Mode() == snapshot.API:
		// That EKS reads no map stays true, however old the snapshot is.
		return ""
	}
	return e.AccessEntries.Trouble
}

// The kinds of trouble with a snapshot.
const (
	troubleUnreadable = "unreadable"
	troubleForeign    = "foreign"
	troubleOld        = "old"
)

// troubleKind is what is remembered of a trouble: the words change with every minute.
func (e *Evaluation) troubleKind() string {
	switch {
	case e.snapshotTrouble() == "":
		return ""
	case e.unreadable != "":
		return troubleUnreadable
	case e.AccessEntries.Foreign():
		return troubleForeign
	}
	return troubleOld
}

// rememberEntries puts what the access entries say into a state. What is not known now stays as it was.
func (e *Evaluation) rememberEntries(s, before *State) {
	s.Trouble = e.troubleKind()
	if before != nil {
		s.Mode, s.EntryAdmins, s.EntryNodes = before.Mode, before.EntryAdmins, before.EntryNodes
	}
	if mode := e.Mode(); mode != "" {
		s.Mode = mode
	}
	if e.entriesKnown() {
		s.EntryAdmins, s.EntryNodes = bounded(e.inEntries((*access.Entrant).Admin)), bounded(e.inEntries((*access.Entrant).Node))
	}
}

// accessEvents report who has become an administrator and which nodes lost their way in, whichever door is concerned.
func (e *Evaluation) accessEvents(before, after *State) []Event {
	var events []Event
	warn := func(reason, format string, args ...any) {
		events = append(events, Event{corev1.EventTypeWarning, reason, fmt.Sprintf(format, args...)})
	}
	if before.Mode != after.Mode && before.Mode != "" {
		events = append(events, Event{corev1.EventTypeNormal, ReasonModeChanged, fmt.Sprintf("the authentication mode of the cluster is %s, and was %s", after.Mode, before.Mode)})
	}
	if after.Mode != snapshot.API {
		if gained := minus(minus(after.Admins, before.Admins), e.overruled()); len(gained) > 0 {
			warn(ReasonAdminGranted, "%s may now do anything in the cluster: the map grants %s", some(gained), awsauth.MastersGroup)
		}
	}
	if before.Mode != "" {
		if gained := minus(minus(after.EntryAdmins, before.EntryAdmins), before.Admins); len(gained) > 0 {
			warn(ReasonAdminGranted, "%s may now do anything in the cluster, by access entry: the access policy is %s", some(gained), snapshot.ClusterAdmin)
		}
	}
	if lost := minus(before.nodesIn(), after.nodesIn()); len(lost) > 0 {
		switch {
		case after.Mode == snapshot.API && before.Mode == "":
			// It may have been so for long.
		case after.Mode == snapshot.API:
			warn(ReasonNodesLost, "nodes can't join any more with %s: EKS reads access entries alone, and these have none for nodes", some(lost))
		default:
			warn(ReasonNodesLost, "nodes can't join any more with %s; kubectl aws-auth undo puts an earlier map back", some(lost))
		}
	}
	return events
}

// nodesIn are the principals by which nodes come in, by either door.
func (s *State) nodesIn() []string {
	if s.Mode == snapshot.API {
		return s.EntryNodes
	}
	return append(slices.Clone(s.Nodes), s.EntryNodes...)
}

// overruled are the principals of the map whose access entry EKS takes, for certain.
func (e *Evaluation) overruled() []string {
	var list []string
	for _, r := range e.by(access.ByEntry) {
		list = append(list, r.Key())
	}
	return list
}

// snapshotEvents report once that a snapshot does not count, and once that one does again.
func (e *Evaluation) snapshotEvents(before *State) []Event {
	switch kind := e.troubleKind(); {
	case kind == before.Trouble:
		return nil
	case kind != "":
		return []Event{{corev1.EventTypeWarning, ReasonSnapshot, "the guard does not know the access entries: " + e.snapshotTrouble()}}
	case e.AccessEntries != nil:
		return []Event{{corev1.EventTypeNormal, ReasonInOrder, "the guard knows the access entries again"}}
	}
	return nil
}
