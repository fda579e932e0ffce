package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/evidence"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

type replayFlags struct {
	historyFlags
	policy, profile, output, color string
	history                        bool
}

func newReplay(s Streams) *cobra.Command {
	flags := replayFlags{historyFlags: historyFlags{cluster: newClusterFlags()}}
	c := &cobra.Command{
		Use:   "replay {LOG… | --history}",
		Short: "Say what the guard would have said to past edits of the map, by a policy",
		Long: `Judge every past edit of the map as the guard would have by a policy: refused, repaired, warned about or let pass, by writer and
tool. The edits that locked somebody out come first. So a team sees what a policy would have cost and saved before it takes it.

The edits are those of an audit log of Kubernetes, as ` + "`history --from-audit-log`" + ` reads it, or with --history those that the guard's
auditor has kept in the cluster. An edit is judged as it was asked for, where the log has that.

What the guard would have asked the cluster then (its nodes, bindings and rights) is not known any more: an edit whose refusal
depends on that is said so.

Exit codes: 0 nothing would have been refused, 1 something would or might have, 2 wrong usage, 3 no edit could be judged, or a log,
a history or a policy can't be read.`,
		Example: `  kubectl aws-auth replay audit.log --profile strict
  kubectl aws-auth replay audit.log --policy policy.yaml -o json | jq '.writers'
  kubectl aws-auth replay --history --profile strict`,
		SuggestFor:        []string{"simulate", "judge", "what-if"},
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case flags.history && len(args) > 0:
				return usage(fmt.Errorf("--history takes the edits from the cluster and reads no log: leave out --history or %s", text.List(args)))
			case !flags.history && len(args) == 0:
				return usage(errors.New("name a log: kubectl aws-auth replay FILE; or give --history for the states that the guard's auditor has kept"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			write := replayFormats[flags.output]
			s := s.painted(flags.color, flags.output == formatText)
			p, err := flags.loadPolicy(c)
			if err != nil {
				return err
			}
			r, err := flags.replay(c.Context(), args, p, s)
			if err != nil {
				return err
			}
			if err := write(s.prose(), r); err != nil {
				return unreadable(fmt.Errorf("writing the answer: %w", err))
			}
			if slices.ContainsFunc(r.Edits, func(e replayed) bool { return e.Verdict == replayRefused || e.Verdict == replayDepends }) {
				return &exitError{code: exitFindings}
			}
			if len(r.Edits) == 0 {
				return &exitError{code: exitUnreadable}
			}
			return nil
		},
	}
	c.Flags().StringVar(&flags.policy, "policy", "", "a GuardPolicy `file`: actions and parameters per rule; --profile, where given, wins over its profile")
	registerProfile(c, &flags.profile, "how strict to be")
	c.Flags().BoolVar(&flags.history, "history", false, "judge the states that the guard's auditor has kept, instead of a log")
	registerOutput(c, &flags.output, replayFormats)
	registerColor(c, &flags.color)
	flags.register(c)
	return c
}

func (f *replayFlags) loadPolicy(c *cobra.Command) (*policy.Policy, error) {
	profile := validate.Profile(f.profile)
	p := policy.Default()
	p.Profile = profile
	if f.policy == "" {
		return p, nil
	}
	p, err := policy.Load(f.policy)
	if err != nil {
		return nil, unreadable(err)
	}
	if c.Flags().Changed("profile") {
		p.Profile = profile
	}
	return p, nil
}

// What the guard would have said.
const (
	replayRefused  = "refused"
	replayDepends  = "depends"
	replayRepaired = "repaired"
	replayWarned   = "warned"
	replayAllowed  = "allowed"
)

// replayReport is the answer of replay. Its JSON keys are always there.
type replayReport struct {
	Profile validate.Profile `json:"profile"`
	// Span and Counts are those of the log.
	Span   evidence.Span   `json:"span"`
	Counts evidence.Counts `json:"log"`
	// Failed counts requests that changed nothing then, and Unjudged edits without the state before or after in the log.
	Failed   int64        `json:"failed"`
	Unjudged int64        `json:"unjudged"`
	Edits    []replayed   `json:"edits"`
	Writers  []replayedBy `json:"writers"`

	named string
}

// replayed is one edit.
type replayed struct {
	Time    time.Time `json:"time"`
	User    string    `json:"user"`
	Manager string    `json:"manager"`
	logWriter
	Verdict string `json:"verdict"`
	// LockedOut says whom the edit locked out, as it was stored.
	LockedOut []string `json:"lockedOut"`
	// Findings are why the edit is refused or warned about, Repairs what is repaired, and Unasked the rules that would have
	// asked the cluster, and refused by its answer.
	Findings []replayedFinding `json:"findings"`
	Repairs  []string          `json:"repairs"`
	Unasked  []string          `json:"unasked"`

	edit *evidence.Edit
}

type replayedFinding struct {
	Rule    string `json:"rule"`
	Refused bool   `json:"refused"`
	Place   string `json:"place"`
	Message string `json:"message"`
}

// replayedBy counts the edits of a writer with a tool.
type replayedBy struct {
	User      string `json:"user"`
	Tool      string `json:"tool"`
	Edits     int    `json:"edits"`
	Refused   int    `json:"refused"`
	Depends   int    `json:"depends"`
	Repaired  int    `json:"repaired"`
	Warned    int    `json:"warned"`
	LockedOut int    `json:"lockedOut"`
}

// pastEdit is an edit with the states before and after it, nil for no map.
type pastEdit struct {
	*evidence.Edit
	before, wanted, after *corev1.ConfigMap
}

func (f *replayFlags) replay(ctx context.Context, args []string, p *policy.Policy, s Streams) (*replayReport, error) {
	r := &replayReport{Profile: p.Profile, Edits: []replayed{}, Writers: []replayedBy{}}
	var edits []pastEdit
	var err error
	if f.history {
		edits, err = f.kept(ctx, s)
		r.named = "the history"
	} else {
		edits, err = r.logged(args, s)
		r.named = "the log"
	}
	if err != nil {
		return nil, err
	}
	var states lastState
	for i := range edits {
		if e, judged := replayOne(&edits[i], p, &states); judged {
			r.Edits = append(r.Edits, e)
		}
	}
	r.sum()
	slices.SortStableFunc(r.Edits, func(a, b replayed) int {
		return cmp.Or(a.rank()-b.rank(), b.Time.Compare(a.Time))
	})
	return r, nil
}

// rank orders edits: those that locked somebody out, then by what the guard would have said.
func (e *replayed) rank() int {
	if len(e.LockedOut) > 0 {
		return -1
	}
	return slices.Index([]string{replayRefused, replayDepends, replayRepaired, replayWarned, replayAllowed}, e.Verdict)
}

// objectOf is a state as an object, nil for none.
func objectOf(s *evidence.State, annotations map[string]string) *corev1.ConfigMap {
	if s == nil {
		return nil
	}
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: awsauth.Namespace, Name: awsauth.Name, Annotations: annotations},
		Data:       s.Data, BinaryData: s.BinaryData, Immutable: &s.Immutable,
	}
}

// logged are the edits of audit logs whose states are known.
func (r *replayReport) logged(args []string, s Streams) ([]pastEdit, error) {
	l, err := readAuditLog(args, s)
	if err == nil {
		err = l.empty()
	}
	if err != nil {
		return nil, err
	}
	r.Span, r.Counts, r.Failed, r.Unjudged = l.Span, l.Counts, l.Failed, l.Chain.Left()
	var edits []pastEdit
	var last *corev1.ConfigMap
	known := false
	for _, link := range l.Chain.Links() {
		known = known && !link.Gap
		switch {
		case whyUnknown(link.Edit) != "":
			known = false
			r.Unjudged++
			continue
		case link.Verb == "create":
			known, last = true, nil
		case !known:
			r.Unjudged++
		}
		after := objectOf(link.Result, link.Annotations)
		if known {
			edits = append(edits, pastEdit{link.Edit, last, cmp.Or(objectOf(link.Wanted, link.Annotations), after), after})
		}
		known, last = true, after
	}
	return edits, nil
}

// unasked is why the rules have no answer of the cluster.
const unasked = "the log does not tell"

// replayOne judges an edit. It reports false for one that changed nothing that EKS reads.
func replayOne(e *pastEdit, p *policy.Policy, states *lastState) (replayed, bool) {
	request := &admission.Request{
		Operation: admissionv1.Update, FieldManager: e.Manager, Old: e.before, New: e.wanted,
		User: authenticationv1.UserInfo{Username: e.User.Username, UID: e.User.UID, Groups: e.User.Groups, Extra: map[string]authenticationv1.ExtraValue{}},
	}
	for key, values := range e.User.Extra {
		request.User.Extra[key] = values
	}
	switch {
	case e.before == nil && e.wanted == nil:
		return replayed{}, false
	case e.before == nil:
		request.Operation = admissionv1.Create
	case e.wanted == nil:
		request.Operation = admissionv1.Delete
	case history.ContentOf(e.before).Name() == history.ContentOf(e.wanted).Name():
		return replayed{}, false
	}
	repairs, verdict := admission.Replay(p, request, nil, unasked)
	out := replayed{
		Time: e.Time.UTC(), User: e.User.Username, Manager: e.Manager, logWriter: writerOf(e.Edit), Verdict: replayAllowed,
		LockedOut: lockedOut(e, states), Findings: []replayedFinding{}, Repairs: []string{}, Unasked: []string{}, edit: e.Edit,
	}
	firm := verdict.Message != "" && len(verdict.Findings) == 0
	for _, f := range verdict.Findings {
		if f.Inconclusive && f.Touched && p.Action(f.Rule).Level() == validate.Error && !slices.Contains(out.Unasked, f.Rule) {
			out.Unasked = append(out.Unasked, f.Rule)
		}
		if f.Touched {
			out.Findings = append(out.Findings, replayedFinding{f.Rule, f.Refused, f.Path(), f.Sentence().Text})
		}
		firm = firm || f.Refused && !f.Inconclusive
	}
	for _, c := range repairs.Repairs {
		out.Repairs = append(out.Repairs, fmt.Sprintf("%s: %s [%s]", c.Place, c.New, c.Rule))
	}
	switch {
	case verdict.Result == admission.Refused && firm:
		out.Verdict = replayRefused
	case verdict.Result == admission.Refused, len(out.Unasked) > 0:
		out.Verdict = replayDepends
	case len(out.Repairs) > 0:
		out.Verdict = replayRepaired
	case len(out.Findings) > 0:
		out.Verdict = replayWarned
	}
	return out, true
}

// lastState remembers the state that was read last: the one after an edit is mostly the one before the next.
type lastState struct {
	of  *corev1.ConfigMap
	doc *awsauth.Document
}

// document reads a state, nil for no map.
func (l *lastState) document(c *corev1.ConfigMap) *awsauth.Document {
	if l.of != c {
		l.of, l.doc = c, history.ContentOf(c).Document()
	}
	return l.doc
}

// lockedOut says whom an edit locked out as it was stored: all whom a list lets in that EKS can't read any more, or a map that
// is gone; nodes; and the writer.
func lockedOut(e *pastEdit, states *lastState) []string {
	before, after := states.document(e.before), states.document(e.after)
	out := []string{}
	if before == nil {
		return out
	}
	broken := after == nil || slices.ContainsFunc(after.Sections(), (*awsauth.Section).Discarded)
	writer := ""
	for key, values := range e.User.Extra {
		if strings.EqualFold(key, extraARN) && len(values) > 0 {
			writer = values[0]
		}
	}
	self := writer != "" && before.Resolve(awsauth.Caller{ARN: writer}).Mapped && (after == nil || !after.Resolve(awsauth.Caller{ARN: writer}).Mapped)
	for _, c := range access.Diff(before, after) {
		if c.Kind == access.Lost && (broken || c.LosesNodes) {
			out = append(out, c.ARN)
		}
	}
	if self {
		out = append(out, "the writer, "+writer)
	}
	return out
}

// sum counts the edits by writer and tool.
func (r *replayReport) sum() {
	at := map[[2]string]int{}
	for i := range r.Edits {
		e := &r.Edits[i]
		key := [2]string{userOf(e.edit), toolOf(e.edit)}
		n, found := at[key]
		if !found {
			n = len(r.Writers)
			at[key] = n
			r.Writers = append(r.Writers, replayedBy{User: key[0], Tool: key[1]})
		}
		w := &r.Writers[n]
		w.Edits++
		switch e.Verdict {
		case replayRefused:
			w.Refused++
		case replayDepends:
			w.Depends++
		case replayRepaired:
			w.Repaired++
		case replayWarned:
			w.Warned++
		}
		if len(e.LockedOut) > 0 {
			w.LockedOut++
		}
	}
	slices.SortStableFunc(r.Writers, func(a, b replayedBy) int {
		return cmp.Or(b.LockedOut-a.LockedOut, b.Refused-a.Refused, b.Depends-a.Depends, b.Edits-a.Edits, strings.Compare(a.User+a.Tool, b.User+b.Tool))
	})
}

var replayFormats = map[string]func(io.Writer, *replayReport) error{
	formatText: people(replayText),
	formatJSON: func(w io.Writer, r *replayReport) error { return text.WriteJSON(w, r) },
}

// shownLockouts bounds whom a row names.
const shownLockouts = 3
