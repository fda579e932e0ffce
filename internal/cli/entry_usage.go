package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/evidence"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// defaultDays is for how long nobody must have come in by an entry.
const defaultDays = 30

// maxDays is more than any log covers: CloudWatch Logs keeps ten years at most.
const maxDays = 3653

func newUsage(s Streams) *cobra.Command {
	flags := loginFlags{cluster: newClusterFlags()}
	days := defaultDays
	c := &cobra.Command{
		Use:   "usage LOG…",
		Short: "Say which entries of the map nobody uses: from the authenticator's log",
		Long: `Say for each entry of the map when somebody last came in by it, and which entries nobody came in by for --days, or can't come in
by at all because another entry or an access entry wins.

An entry is called unused only for a time that the log covers, and only where the log has lines of each of these days and could be
read to its end. Nobody needs an entry that is unused; but ask first: some are for emergencies.

` + formsOfLogs + `

The map is the live one, or the one in --file.

Exit codes: 0 somebody uses each entry, 1 not so, 2 wrong usage, 3 a log, a map or a snapshot that can't be read.`,
		Example: `  aws logs filter-log-events --log-group-name /aws/eks/blue/cluster --log-stream-name-prefix authenticator \
    --filter-pattern '"access granted"' | kubectl aws-auth usage -
  kubectl aws-auth usage --days 90 export/ --file aws-auth.yaml -o json`,
		SuggestFor: []string{"unused", "used", "stale"},
		Args:       atLeastOneLog,
		RunE: func(c *cobra.Command, args []string) error {
			write := usageFormats[flags.output]
			s := s.painted(flags.color, flags.output == formatText)
			if days > maxDays {
				return usage(fmt.Errorf("--days %d: write a number of days from 1 to %d", days, maxDays))
			}
			if err := once(append([]string{flags.file, flags.doors.file}, args...)); err != nil {
				return err
			}
			u, err := entryUsage(c.Context(), args, &flags, days, s)
			if err != nil {
				return err
			}
			if err := write(s.prose(), u); err != nil {
				return unreadable(fmt.Errorf("writing the answer: %w", err))
			}
			return u.verdict()
		},
	}
	c.Flags().IntVar(&days, "days", defaultDays, "for how many `days` nobody must have come in by an entry")
	completeFlagBy(c, "days", cobra.NoFileCompletions)
	registerOutput(c, &flags.output, usageFormats)
	flags.register(c)
	return c
}

// How an entry is used.
const (
	isUsed     = "used"
	isUnused   = "unused"
	isUnknown  = "unknown"
	isShadowed = "shadowed"
	isDead     = "dead"
)

// usageReport is the answer of usage. Its JSON keys are always there.
type usageReport struct {
	Span    evidence.Span   `json:"span"`
	Days    int             `json:"days"`
	Granted int64           `json:"granted"`
	Counts  evidence.Counts `json:"log"`
	Entries []usedEntry     `json:"entries"`

	// unsure says why no entry can be called unused, nothing where some can.
	unsure string
	doors  trace.Doors
}

type usedEntry struct {
	Section awsauth.Key `json:"section"`
	Entry   int         `json:"entry"`
	ARN     string      `json:"arn"`
	// State is used, unused or unknown; or nobody can come in by the entry: shadowed by another one, or dead by itself.
	State string `json:"state"`
	Count int64  `json:"count"`
	// Last is null where nobody came in.
	Last *time.Time `json:"last"`
	// Because says why it is unknown, shadowed or dead.
	Because string `json:"because"`
}

func (u *usageReport) verdict() error {
	for i := range u.Entries {
		if u.Entries[i].State != isUsed {
			return &exitError{code: exitFindings}
		}
	}
	return nil
}

func entryUsage(ctx context.Context, args []string, flags *loginFlags, days int, s Streams) (*usageReport, error) {
	from, known, _, err := flags.source(ctx, s)
	if err != nil {
		return nil, err
	}
	log, err := readLogins(args, s)
	if err != nil {
		return nil, err
	}
	if log.Granted == 0 {
		return nil, unreadable(errors.New("nobody comes in by this log (no line has \"access granted\"): it may hold refusals alone, so it says nothing of who uses the map"))
	}
	u := &usageReport{Span: log.Span, Days: days, Granted: log.Granted, Counts: log.Counts, Entries: []usedEntry{}, unsure: unsureOf(log, days), doors: known}
	doc := awsauth.ReadAll(from.document.Data, from.document.BinaryData)
	if lost := trace.LostLists(doc, from.file, from.document); len(lost) > 0 {
		return nil, unreadable(fmt.Errorf("EKS reads nothing of %s: line %d: %s", lost[0].Section, lost[0].Line, lost[0].Message))
	}
	if err := notRead(s.Err, doc, from.file, from.document); err != nil {
		return nil, unreadable(err)
	}
	if len(doc.Mappings())+len(doc.Accounts.Accounts) == 0 && len(trace.NearKeys(doc, from.file, from.document)) > 0 {
		return nil, unreadable(errors.New("EKS reads no entry of this map, for what is said above"))
	}
	for _, e := range doc.Mappings() {
		row := usedEntry{Section: e.Section.Key, Entry: e.Index, ARN: e.ARN}
		if row.State, row.Because = filledIn(doc, from.document, e); row.State == "" {
			row.State, row.Because = closed(doc, e, known)
		}
		u.judge(&row, log.Use(e.ARN))
		u.Entries = append(u.Entries, row)
	}
	for _, a := range doc.Accounts.Accounts {
		row := usedEntry{Section: awsauth.MapAccounts, Entry: a.Index, ARN: a.Value}
		switch {
		case from.document.Unrendered(a.Value):
			row.State, row.Because = isUnknown, notFilledIn
		case !a.Valid:
			row.State, row.Because = isDead, "EKS does not read it"
		}
		u.judge(&row, byAccount(doc, log, a.Value))
		u.Entries = append(u.Entries, row)
	}
	return u, nil
}

// unsureOf says why a log can't show that an entry is unused.
func unsureOf(log *evidence.AuthLog, days int) string {
	switch missing := log.Missing(days); {
	case log.Counts.Lost():
		return "a part of the log could not be read"
	case log.Crowded:
		return "more principals came in than could be counted"
	case log.Span.Length() < time.Duration(days)*24*time.Hour:
		return fmt.Sprintf("the log covers only %s", lengthOf(log.Span.Length()))
	case missing > 0:
		return fmt.Sprintf("the log has no line of %d of the last %d days", missing, days)
	}
	return ""
}

// lengthOf says a time in days, or in less where it is short.
func lengthOf(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d hours and %d minutes", int(d.Hours()), int(d.Minutes())%60)
	}
	return text.Count(int(d/(24*time.Hour)), "day")
}

func (u *usageReport) judge(row *usedEntry, use *evidence.Use) {
	if use != nil {
		last := use.Last
		row.Count, row.Last = use.Count, &last
	}
	limit := time.Duration(u.Days) * 24 * time.Hour
	switch {
	case row.State != "":
	case use != nil && u.Span.To.Sub(use.Last) < limit:
		row.State = isUsed
	case u.unsure != "":
		row.State, row.Because = isUnknown, u.unsure
	default:
		row.State = isUnused
	}
}

// notFilledIn is why the use of an entry is not known.
const notFilledIn = "another tool fills in a part of it, so who comes in by it is known when the file is rendered"

// filledIn says that the use of an entry is not known because of what another tool fills in; nothing where it is known.
func filledIn(doc *awsauth.Document, d *manifest.Document, e *awsauth.Entry) (state, because string) {
	if d.Unrendered(e.ARN) {
		return isUnknown, notFilledIn
	}
	if later := trace.MayWin(doc, d, e.ARN, e); len(later) > 0 {
		return isUnknown, fmt.Sprintf("%s[%d] may win over it: another tool fills in a part of the ARN there", later[0].Section.Key, later[0].Index)
	}
	return "", ""
}

// closed says why nobody comes in by an entry, nothing where somebody may.
func closed(doc *awsauth.Document, e *awsauth.Entry, known trace.Doors) (state, because string) {
	principal, err := arn.ParsePrincipal(e.ARN)
	if err == nil && known.View != nil {
		if passage := access.Through(principal, known.View); passage.InForce {
			return isShadowed, "an access entry of this principal wins"
		}
	}
	r := doc.Resolve(awsauth.Caller{ARN: e.ARN})
	switch {
	case !e.Valid:
		return isDead, "EKS drops it: " + e.Invalid
	case r.Match == nil, err == nil && principal.Kind == arn.Role && principal.Path != "":
		return isDead, "no caller has this ARN"
	case r.Match == e, slices.Contains(r.Others, e):
		return "", ""
	}
	return isShadowed, fmt.Sprintf("%s[%d] has the same ARN and wins", r.Section, r.Entry)
}

// byAccount is who came in of an account, beside those whom an entry maps.
func byAccount(doc *awsauth.Document, log *evidence.AuthLog, account string) *evidence.Use {
	var sum *evidence.Use
	for _, use := range log.Uses() {
		parsed, err := arn.Parse(use.ARN)
		if err != nil || parsed.Account != account || doc.Resolve(awsauth.Caller{ARN: use.ARN}).Match != nil {
			continue
		}
		if sum == nil {
			first := *use
			sum = &first
			continue
		}
		sum.Count += use.Count
		if use.Last.After(sum.Last) {
			sum.Last = use.Last
		}
	}
	return sum
}

var usageFormats = map[string]func(io.Writer, *usageReport) error{
	formatText: people(usageText),
	formatJSON: func(w io.Writer, u *usageReport) error { return text.WriteJSON(w, u) },
}

func usageText(out io.Writer, u *usageReport) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ENTRY\tPRINCIPAL\tSTATE\tLOGINS\tLAST")
	var reasons, open strings.Builder
	counts := map[string]int{}
	for i := range u.Entries {
		e := &u.Entries[i]
		counts[e.State]++
		last := "none in the log"
		if e.Last != nil {
			last = stamp(*e.Last)
		}
		name := fmt.Sprintf("%s[%d]", e.Section, e.Entry)
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", name, text.Name(e.ARN), e.State, e.Count, last)
		switch {
		case e.State == isShadowed || e.State == isDead:
			fmt.Fprintf(&reasons, "  %s: %s\n", name, text.Visible(e.Because))
		case e.State == isUnknown && e.Because != u.unsure:
			counts[isUnknown]--
			fmt.Fprintf(&open, "  %s: %s\n", name, text.Visible(e.Because))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	if len(u.Entries) == 0 {
		b.WriteString("The map has no entries.\n")
	}
	if reasons.Len() > 0 {
		fmt.Fprintf(&b, "\nNobody comes in by:\n%s", &reasons)
	}
	if open.Len() > 0 {
		fmt.Fprintf(&b, "\nNot known of:\n%s", &open)
	}
	fmt.Fprintf(&b, "\nThe log covers %s (%s), %s.\n", covers(&u.Span), lengthOf(u.Span.Length()), text.Count(int(u.Granted), "login"))
	if counts[isUnused] > 0 {
		fmt.Fprintf(&b, "Unused: nobody came in for the %s before the end of the log.\n", text.Count(u.Days, "day"))
	}
	if counts[isUnknown] > 0 {
		fmt.Fprintf(&b, "Unknown: nobody came in, and that does not show that the entry is unused for %s: %s.\n", text.Count(u.Days, "day"), u.unsure)
	}
	if u.doors.View == nil {
		b.WriteString("Access entries are not known: an entry may also be shadowed by one.\n")
	}
	b.WriteString(lostOf(&u.Counts))
	_, err := io.WriteString(out, b.String())
	return err
}
