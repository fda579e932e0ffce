package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/evidence"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// loginFlags are those of a command that reads the authenticator's log beside a map.
type loginFlags struct {
	file, output, color string
	doors               doorFlags
	cluster             *clusterFlags
}

func (f *loginFlags) register(c *cobra.Command) {
	c.Flags().StringVarP(&f.file, "file", "f", "", "the `file` with the map, instead of the live one: a manifest or a bare data section")
	registerColor(c, &f.color)
	f.doors.register(c)
	f.doors.registerNamespace(c)
	f.cluster.register(c)
}

// formsOfLogs says in a help which logs are read.
const formsOfLogs = `The log is that of aws-iam-authenticator: of EKS the streams authenticator-… in the log group /aws/eks/CLUSTER/cluster. It is
read as it is written, as ` + "`aws logs filter-log-events`" + `, ` + "`get-log-events`, `get-query-results` and `tail`" + ` print it, as an export to S3
or the CSV of the console has it, and all that compressed with gzip; a folder stands for all files in it, and - for standard input.`

// atLeastOneLog wants logs.
func atLeastOneLog(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage(fmt.Errorf("name a log: %s %s FILE, or - for standard input", plugin, c.Name()))
	}
	return nil
}

// source finds the map and what is known of the access entries.
func (f *loginFlags) source(ctx context.Context, s Streams) (from source, known trace.Doors, cluster string, err error) {
	p := newProgress(s.Err)
	defer p.done()
	var config *rest.Config
	if f.file != "" {
		from.file, from.document, err = loadMap(f.file, s)
	} else if from.reader, config, err = f.cluster.reader(p); err == nil {
		from.file, from.document, _, err = from.reader.File(ctx)
		if l, err := loginOf(f.cluster); err == nil {
			cluster = l.Cluster
		}
	}
	if err != nil {
		return source{}, trace.Doors{}, "", unreadable(orFile(err))
	}
	known, err = f.doors.read(ctx, s, from.reader, config, policy.Default())
	return from, known, cluster, err
}

// readLogins reads logs of the authenticator.
func readLogins(args []string, s Streams) (*evidence.AuthLog, error) {
	log := evidence.NewAuthLog()
	if err := eachLog(args, s, log.Read); err != nil {
		return nil, err
	}
	if log.Span.From.IsZero() {
		why := fmt.Sprintf("no line of the authenticator's log in it (%s)\n%s", text.Count(int(log.Counts.Records), "record"), lostOf(&log.Counts))
		return nil, unreadable(fmt.Errorf("%s", strings.TrimSuffix(why, "\n")))
	}
	return log, nil
}

func newDenied(s Streams) *cobra.Command {
	flags := loginFlags{cluster: newClusterFlags()}
	c := &cobra.Command{
		Use:   "denied LOG…",
		Short: "Say whom EKS turned away, how often, and why: from the authenticator's log",
		Long: `Say whom EKS turned away, how often, since when and why, and what the map has to say of each of them now: whether it lets them
in, and if not, what comes close, as whoami does.

` + formsOfLogs + `

The map is the live one, or the one in --file.

Exit codes: 0 nobody was turned away, 1 somebody was, 2 wrong usage, 3 a log, a map or a snapshot that can't be read.`,
		Example: `  aws logs filter-log-events --log-group-name /aws/eks/blue/cluster --log-stream-name-prefix authenticator \
    --filter-pattern '"access denied"' | kubectl aws-auth denied -
  kubectl aws-auth denied authenticator.log --file aws-auth.yaml`,
		SuggestFor: []string{"rejected", "refused", "deny"},
		Args:       atLeastOneLog,
		RunE: func(c *cobra.Command, args []string) error {
			write := deniedFormats[flags.output]
			s := s.painted(flags.color, flags.output == formatText, answers)
			if err := once(append([]string{flags.file, flags.doors.file}, args...)); err != nil {
				return err
			}
			d, err := denied(c.Context(), args, &flags, s)
			if err != nil {
				return err
			}
			if err := write(s.prose(), d); err != nil {
				return unreadable(fmt.Errorf("writing the answer: %w", err))
			}
			switch {
			case d.Denied > 0:
				return &exitError{code: exitFindings}
			case d.Counts.Lost():
				return unreadable(errors.New("a part of the log could not be read, so it does not show that nobody was turned away"))
			}
			return nil
		},
	}
	registerOutput(c, &flags.output, deniedFormats)
	flags.register(c)
	return c
}

// denials is the answer of denied. Its JSON keys are always there.
type denials struct {
	Span    evidence.Span `json:"span"`
	Granted int64         `json:"granted"`
	Denied  int64         `json:"denied"`
	// Untold counts refusals that are in no row, because there are too many different ones.
	Untold  int64           `json:"untold"`
	Counts  evidence.Counts `json:"log"`
	Denials []denial        `json:"denials"`

	again string
}

type denial struct {
	*evidence.Denial
	// Now is what becomes of the principal by the map as it is, null where the log does not say who it was.
	Now *trace.Trace `json:"now"`
}

func denied(ctx context.Context, args []string, flags *loginFlags, s Streams) (*denials, error) {
	from, known, cluster, err := flags.source(ctx, s)
	if err != nil {
		return nil, err
	}
	log, err := readLogins(args, s)
	if err != nil {
		return nil, err
	}
	d := &denials{Span: log.Span, Granted: log.Granted, Denied: log.Denied, Untold: log.Untold, Counts: log.Counts, Denials: []denial{}, again: flags.cluster.again()}
	if flags.file != "" {
		d.again = " --file " + shellQuoted(text.Visible(flags.file))
	}
	for _, one := range log.Denials() {
		row := denial{Denial: one}
		name := one.ARN
		if len(one.Callers) > 0 {
			name = one.Callers[0]
		}
		if who, err := trace.CallerOf(name); err == nil && name != "" {
			who.Cluster = cluster
			row.Now = trace.New(who, from.file, from.document)
			row.Now.Open(known)
		}
		d.Denials = append(d.Denials, row)
	}
	return d, nil
}

var deniedFormats = map[string]func(io.Writer, *denials) error{
	formatText: people(deniedText),
	formatJSON: func(w io.Writer, d *denials) error { return text.WriteJSON(w, d) },
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(time.RFC3339)
}

func deniedText(w io.Writer, d *denials) error {
	var b strings.Builder
	for i := range d.Denials {
		d.Denials[i].text(&b, d.again)
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%s came in and %s turned away, %s.\n", text.Count(int(d.Granted), "login"), wereTurned(d.Denied), covers(&d.Span))
	if d.Untold > 0 {
		fmt.Fprintf(&b, "%s more are not shown: there are too many different ones.\n", text.Count(int(d.Untold), "refusal"))
	}
	b.WriteString(lostOf(&d.Counts))
	_, err := io.WriteString(w, b.String())
	return err
}

func wereTurned(n int64) string {
	if n == 1 {
		return "1 was"
	}
	return fmt.Sprintf("%d were", n)
}

// text says one refusal for people.
func (d *denial) text(b *strings.Builder, again string) {
	who := text.Name(d.ARN)
	if d.ARN == "" {
		who = "not known who: EKS did not accept the token"
	}
	fmt.Fprintf(b, "%s\n", who)
	row := func(label, what string) { fmt.Fprintf(b, "  %-9s %s\n", label, text.Visible(what)) }
	when := stamp(d.First)
	if d.Count > 1 {
		when += " to " + stamp(d.Last)
	}
	row("denied:", fmt.Sprintf("%s, %s", times(d.Count), when))
	row("why:", cmp.Or(d.Why, "the log gives no reason"))
	for _, c := range d.Callers {
		row("as:", text.Name(c))
	}
	switch {
	case d.Now == nil && d.ARN == "":
		return
	case d.Now == nil:
		row("now:", "not known: this is not the ARN of a caller")
		return
	case d.Now.LetIn():
		row("now:", fmt.Sprintf("let in as %s, groups %s", text.Name(d.Now.Username), text.List(d.Now.Groups)))
		return
	}
	row("now:", "not let in: "+d.Now.Reason)
	if len(d.Now.Nearest) > 1 {
		for _, n := range d.Now.Nearest[1:] {
			row("near:", n.Why)
		}
	}
	row("more:", fmt.Sprintf("%s whoami %s%s", plugin, shellQuoted(text.Visible(d.Now.Caller)), again))
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
