package audit

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// The reasons of the auditor's Events.
const (
	ReasonFinding      = "GuardFinding"
	ReasonAdminGranted = "GuardAdminGranted"
	ReasonNodesLost    = "GuardNodesLost"
	ReasonOverrideSeen = "GuardOverrideSeen"
	ReasonBypassed     = "GuardBypassed"
	ReasonMissing      = "GuardMissing"
	ReasonBroken       = "GuardBroken"
	ReasonInOrder      = "GuardInOrder"
	ReasonModeChanged  = "GuardModeChanged"
	ReasonSnapshot     = "GuardSnapshotUnusable"
)

// Event is something that has changed, to be reported once.
type Event struct {
	// Type is corev1.EventTypeNormal or corev1.EventTypeWarning.
	Type    string `json:"type"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// State is what was reported last. It outlives the process, so that nothing is reported twice.
type State struct {
	// Generation counts the states that were kept, and makes Events of different times differ.
	Generation int64 `json:"generation"`
	// Content identifies the last state of the map that was judged for a bypass.
	Content string `json:"content"`
	// MapUID is that of the map, kept for Events about one that is gone.
	MapUID string `json:"mapUID,omitempty"`
	// Errors are the findings of level error, Admins and Nodes the principals of the map, Override the annotation, Guard the problems.
	Errors   []string `json:"errors"`
	Admins   []string `json:"admins"`
	Nodes    []string `json:"nodes"`
	Override string   `json:"override,omitempty"`
	Guard    []string `json:"guard"`
	// Mode is the authentication mode that was known last, "" for none, and EntryAdmins and EntryNodes are the principals of
	// the access entries.
	Mode        snapshot.Mode `json:"mode,omitempty"`
	EntryAdmins []string      `json:"entryAdmins"`
	EntryNodes  []string      `json:"entryNodes"`
	// Trouble is the kind of trouble with the snapshot of the access entries.
	Trouble string `json:"trouble,omitempty"`
	// Untold are Events that could not be made yet, the oldest first.
	Untold []Event `json:"untold,omitempty"`
}

// MaxUntold bounds the Events that are kept to be reported later.
const MaxUntold = 20

// maxKept bounds each list of a State.
const maxKept = 2000

// State is what there is to remember of an evaluation after what was reported before, nil for nothing. Content and Generation
// are the caller's.
func (e *Evaluation) State(before *State) State {
	s := State{Admins: bounded(e.Admins()), Nodes: bounded(e.Nodes()), Guard: bounded(slices.Sorted(maps.Keys(e.guardKeys()))), Errors: bounded(slices.Sorted(maps.Keys(e.errors())))}
	e.rememberEntries(&s, before)
	if e.Map != nil {
		s.MapUID, s.Override = string(e.Map.UID), policy.KeptOverride(e.Map.Annotations)
	}
	return s
}

func bounded(list []string) []string { return append([]string{}, list[:min(len(list), maxKept)]...) }

// errors are the findings of level error, by what tells one from another: not by their place, which moves.
func (e *Evaluation) errors() map[string]*Result {
	found := map[string]*Result{}
	for i := range e.Results {
		if r := &e.Results[i]; r.Outcome == Fail && !r.guard() {
			who := r.Properties["arn"]
			if who == "" {
				who = r.Properties["section"]
			}
			found[r.Rule+" "+who] = r
		}
	}
	return found
}

// guard reports whether a result is about the guard, which has Events of its own.
func (r *Result) guard() bool {
	rule := validate.Lookup(r.Rule)
	return rule != nil && (rule.Matter == validate.GuardMissing || rule.Matter == validate.GuardBypassed)
}

func (e *Evaluation) guardKeys() map[string]registration.Problem {
	found := map[string]registration.Problem{}
	for _, p := range e.GuardProblems() {
		if p.Kind == registration.Bypass || p.Kind == registration.Broken {
			found[string(p.Kind)+" "+p.Message] = p
		}
	}
	return found
}

// Changes are the Events that an evaluation gives rise to after what was reported before; nil is that nothing ever was. Then
// what is wrong is reported, and what merely is, is not.
func (e *Evaluation) Changes(before *State) []Event {
	first := before == nil
	if first {
		before = &State{}
	}
	events := e.findingEvents(before)
	events = append(events, e.guardEvents(before, first)...)
	events = append(events, e.snapshotEvents(before)...)
	if first {
		return events
	}
	after := e.State(before)
	events = append(events, e.accessEvents(before, &after)...)
	if e.Map != nil {
		if o := policy.KeptOverride(e.Map.Annotations); o != "" && o != before.Override {
			events = append(events, Event{corev1.EventTypeWarning, ReasonOverrideSeen, "the map has a new override: " + shorten(o)})
		}
	}
	return events
}

// findingEvents report new findings, one Event a rule.
func (e *Evaluation) findingEvents(before *State) []Event {
	byRule := map[string][]*Result{}
	all := e.errors()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if _, told := slices.BinarySearch(before.Errors, key); !told {
			byRule[all[key].Rule] = append(byRule[all[key].Rule], all[key])
		}
	}
	var events []Event
	for _, rule := range validate.Rules() {
		results := byRule[rule.Name]
		if len(results) == 0 {
			continue
		}
		message := fmt.Sprintf("%s [%s]", placed(results[0]), rule.Name)
		if more := len(results) - 1; more > 0 {
			message += fmt.Sprintf(" and %d more of this rule", more)
		}
		events = append(events, Event{corev1.EventTypeWarning, ReasonFinding, message})
	}
	return events
}

func placed(r *Result) string {
	where := r.Properties["section"]
	if n := r.Properties["entry"]; n != "" {
		where += "[" + n + "]"
	}
	if where != "" {
		where += ": "
	}
	return where + r.Message
}

// guardEvents report new problems of the guard, and once that they are over.
func (e *Evaluation) guardEvents(before *State, first bool) []Event {
	if e.Guard == nil {
		return nil
	}
	now := e.guardKeys()
	var events []Event
	for _, key := range slices.Sorted(maps.Keys(now)) {
		if slices.Contains(before.Guard, key) {
			continue
		}
		reason := ReasonBroken
		if !e.Guard.Installed {
			reason = ReasonMissing
		}
		events = append(events, Event{corev1.EventTypeWarning, reason, now[key].String()})
	}
	if !first && len(now) == 0 && len(before.Guard) > 0 {
		events = append(events, Event{corev1.EventTypeNormal, ReasonInOrder, "the guard protects the map again"})
	}
	return events
}

// minus are the items of a that b does not have.
func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// maxNamed bounds the principals that an Event names.
const maxNamed = 3

func some(list []string) string { return text.Some(list, maxNamed) }
