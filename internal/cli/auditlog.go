package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/evidence"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// logRoom bounds what is kept of the edits in logs, in bytes: the latest of them.
const logRoom = 48 << 20

// registerLog adds the flag for the states of an audit log.
func (f *historyFlags) registerLog(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.logs, "from-audit-log", nil,
		"take the states out of this audit log of Kubernetes instead: a `file`, a folder, or - for standard input; may be repeated")
	completeFlagBy(c, "from-audit-log", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	})
}

// loggedState is a state of the map in an audit log, or an edit whose result the log does not have.
type loggedState struct {
	evidence.Link
	// revision is nil where the result is not known, and why says so.
	revision *history.Revision
	content  history.Content
	why      string
}

// auditLog is what audit logs tell of the map.
type auditLog struct {
	*evidence.AuditLog
	// states are all edits that changed something, the earliest first.
	states []*loggedState
	// same counts the edits that changed nothing that EKS reads.
	same int
}

// readAuditLog reads audit logs and judges the states that they hold.
func readAuditLog(paths []string, s Streams) (*auditLog, error) {
	l := &auditLog{AuditLog: evidence.NewAuditLog(logRoom)}
	if err := eachLog(paths, s, l.Read); err != nil {
		return nil, err
	}
	told := history.NewTold(policy.Default(), l.Chain.Left())
	for _, link := range l.Chain.Links() {
		state := &loggedState{Link: link}
		if link.Gap {
			told.Forget()
		}
		if state.why = whyUnknown(link.Edit); state.why != "" {
			told.Forget()
			l.states = append(l.states, state)
			continue
		}
		state.content = history.Content{Deleted: link.Gone}
		state.revision = &history.Revision{Time: link.Time.UTC(), Recorded: link.Time.UTC(), Manager: link.Manager, User: link.User.Username}
		if !link.Gone {
			state.content = history.Content{Data: link.Result.Data, BinaryData: link.Result.BinaryData}
			state.revision.Override = policy.KeptOverride(link.Annotations)
		}
		if !told.Next(state.revision, state.content) {
			l.same++
			continue
		}
		l.states = append(l.states, state)
	}
	return l, nil
}

// whyUnknown says why the log does not have what came of an edit, nothing where it has.
func whyUnknown(e *evidence.Edit) string {
	switch {
	case e.Gone, e.Result != nil:
		return ""
	case e.Cut:
		return "the API server has left the map out of this event, because it was too large"
	case e.Perhaps:
		return "ConfigMaps of kube-system were deleted, and the log does not say whether the map was among them"
	case e.Verb == "create":
		return "the map was made; EKS does not log with what"
	}
	return "the log holds no objects of this event: its audit policy leaves them out"
}

// empty is the error of a log without a state, nil where there is one.
func (l *auditLog) empty() error {
	if slices.ContainsFunc(l.states, func(s *loggedState) bool { return s.revision != nil }) {
		return nil
	}
	var why string
	switch {
	case l.Events == 0:
		why = fmt.Sprintf("no event of a Kubernetes audit log in it (%s)", text.Count(int(l.Counts.Records), "record"))
	case len(l.states) > 0:
		why = fmt.Sprintf("no state of the map in it: %s (%s)", l.states[0].why, l.states[0].Time.UTC().Format(time.RFC3339))
	default:
		why = fmt.Sprintf("no edit of the map among its %s, which %s %s", text.Count(int(l.Events), "event"), text.Choose(int(l.Events), "covers", "cover"), covers(&l.Span))
	}
	return unreadable(errors.New(strings.TrimSuffix(why+"\n"+lostOf(&l.Counts), "\n")))
}

// revisions are those of the log, the newest first.
func (l *auditLog) revisions() []*loggedState {
	var all []*loggedState
	for _, s := range slices.Backward(l.states) {
		if s.revision != nil {
			all = append(all, s)
		}
	}
	return all
}

// target finds what undo puts back out of the states of the log: the revision of that number, or for 0 the newest good one
// that differs from the live map, which has this name.
func (l *auditLog) target(number int64, present string) (*target, error) {
	for _, s := range l.revisions() {
		r := s.revision
		switch {
		case number > 0 && r.Number != number, number == 0 && (!r.Good || r.Name == present):
			continue
		case r.Deleted:
			return nil, usage(fmt.Errorf("in revision %d there was no map; undo restores maps and never deletes one", number))
		}
		return &target{Revision: r, content: s.content}, nil
	}
	if number > 0 {
		return nil, fmt.Errorf("the log has no revision %d; `kubectl aws-auth history --from-audit-log` lists them", number)
	}
	return nil, errors.New("the log has no good state that differs from the live map; `kubectl aws-auth history --from-audit-log` lists what there is, and --to REVISION takes any")
}

// logListing is the history of an audit log as it is shown. Its JSON keys are always there.
type logListing struct {
	Span evidence.Span `json:"span"`
	// Events counts those of an audit log, Failed the edits of the map that were refused or were dry runs, and Same those that
	// changed nothing that EKS reads. Older counts the edits before those that are shown.
	Events int64           `json:"events"`
	Failed int64           `json:"failed"`
	Same   int             `json:"same"`
	Older  int64           `json:"older"`
	Counts evidence.Counts `json:"log"`
	// Revisions are the states, the newest first, and Unseen the edits whose result the log does not have.
	Revisions []logRevision `json:"revisions"`
	Unseen    []logUnseen   `json:"unseen"`

	states []*loggedState
	again  string
}

type logRevision struct {
	revisionOutput
	logWriter
	// Gap is set where at least one edit before this one is missing in the log.
	Gap bool `json:"gap"`
}

type logUnseen struct {
	Time    time.Time `json:"time"`
	Verb    string    `json:"verb"`
	User    string    `json:"user"`
	Manager string    `json:"manager"`
	logWriter
	Why string `json:"why"`
}

// logWriter is what a log knows of a writer besides.
type logWriter struct {
	By        string   `json:"by"`
	UserAgent string   `json:"userAgent"`
	Addresses []string `json:"addresses"`
}

func writerOf(e *evidence.Edit) logWriter {
	return logWriter{By: e.By, UserAgent: e.UserAgent, Addresses: append([]string{}, e.Addresses...)}
}

func showAuditLog(flags *historyFlags, s Streams, output string) error {
	l, err := readAuditLog(flags.logs, s)
	if err == nil {
		err = l.empty()
	}
	if err != nil {
		return err
	}
	shown := &logListing{
		Span: l.Span, Events: l.Events, Failed: l.Failed, Same: l.same, Older: l.Chain.Left(), Counts: l.Counts,
		Revisions: []logRevision{}, Unseen: []logUnseen{}, states: l.states, again: flags.again(),
	}
	for _, state := range slices.Backward(l.states) {
		if state.revision == nil {
			shown.Unseen = append(shown.Unseen, logUnseen{
				Time: state.Time.UTC(), Verb: state.Verb, User: state.User.Username, Manager: state.Manager, logWriter: writerOf(state.Edit), Why: state.why,
			})
			continue
		}
		shown.Revisions = append(shown.Revisions, logRevision{revisionOut(state.revision), writerOf(state.Edit), state.Gap})
	}
	if err := logFormats[output](s.Out, shown); err != nil {
		return unreadable(fmt.Errorf("writing the list: %w", err))
	}
	return nil
}

var logFormats = map[string]func(io.Writer, *logListing) error{
	formatText: people(logText),
	formatJSON: func(w io.Writer, l *logListing) error { return text.WriteJSON(w, l) },
}

// toolOf names the program of a writer: the field manager, and how the program calls itself.
func toolOf(e *evidence.Edit) string {
	program, _, _ := strings.Cut(e.UserAgent, " ")
	program, manager := text.Short(program, maxShown), text.Short(e.Manager, maxShown)
	switch {
	case program == "" && manager == "":
		return "unknown"
	case program == "" || program == manager:
		return manager
	case manager == "" || strings.HasPrefix(program, manager+"/"):
		return program
	}
	return manager + " (" + program + ")"
}

// userOf names who wrote, and who acted as that user.
func userOf(e *evidence.Edit) string {
	user := text.Short(e.User.Username, maxShown)
	if e.By != "" {
		user += " (by " + text.Short(e.By, maxShown) + ")"
	}
	if user == "" {
		return "unknown"
	}
	return user
}

func logText(out io.Writer, l *logListing) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "REVISION\tTIME\tWRITER\tTOOL\tADDRESS\tSTATE\tCHANGE")
	var reasons, gaps strings.Builder
	for _, s := range slices.Backward(l.states) {
		number, state, change := "-", "not known", s.why
		if r := s.revision; r != nil {
			number, state, change = fmt.Sprint(r.Number), "good", text.Visible(r.Summary)
			if !r.Good {
				state = "not good"
				fmt.Fprintf(&reasons, "  %d: %s\n", r.Number, text.Visible(strings.Join(r.Problems, "; ")))
			}
			if s.Gap {
				fmt.Fprintf(&gaps, "The log lacks at least one edit before revision %d: what that changed is counted to none.\n", r.Number)
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", number, s.Time.UTC().Format(time.RFC3339), userOf(s.Edit), toolOf(s.Edit), addressesOf(s.Addresses), state, change)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var rest strings.Builder
	if reasons.Len() > 0 {
		fmt.Fprintf(&rest, "\nNot good:\n%s", &reasons)
	}
	fmt.Fprintf(&rest, "\nThe log covers %s, %s.\n%s", covers(&l.Span), text.Count(int(l.Events), "event"), &gaps)
	if l.Older > 0 {
		fmt.Fprintf(&rest, "The %s before these are left out.\n", text.Count(int(l.Older), "edit"))
	}
	if l.Same > 0 {
		fmt.Fprintf(&rest, "Not shown: %s that changed nothing that EKS reads.\n", text.Count(l.Same, "edit"))
	}
	if l.Failed > 0 {
		fmt.Fprintf(&rest, "Not shown: %s to change the map that changed nothing: refused, failed or a dry run.\n", text.Count(int(l.Failed), "request"))
	}
	rest.WriteString(lostOf(&l.Counts))
	_, err := io.WriteString(out, rest.String())
	return err
}
