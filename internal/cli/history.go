package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// historyFlags say where the history is.
type historyFlags struct {
	namespace string
	// logs are audit logs to take the states from instead.
	logs    []string
	cluster *clusterFlags
}

func (f *historyFlags) register(c *cobra.Command) {
	c.Flags().StringVarP(&f.namespace, "namespace", "n", "",
		"the `namespace` of the guard, where the history is; by default "+history.DefaultNamespace+", or else the one that has a history")
	completeFlagBy(c, "namespace", f.completeNamespace)
	f.cluster.register(c)
}

// again are the flags that were given, for a command about the same history.
func (f *historyFlags) again() string {
	var b strings.Builder
	for _, log := range f.logs {
		b.WriteString(" --from-audit-log=" + shellQuoted(text.Visible(log)))
	}
	if f.namespace != "" {
		b.WriteString(" --namespace=" + shellQuoted(f.namespace))
	}
	return b.String() + f.cluster.again()
}

// errNoHistory says that nothing was recorded, and who records.
var errNoHistory = errors.New(`there is no history of the map in this cluster.
The guard's auditor keeps one from its first start on: install the guard with it, or run ` + "`webhook audit`" + `.
Until then keep a copy yourself: kubectl get configmap aws-auth -n kube-system -o yaml > aws-auth.yaml`)

// read finds the history and lists it, the newest first; there is at least one revision.
func (f *historyFlags) read(ctx context.Context, r *live.Reader) (*history.Store, string, []*history.Revision, error) {
	if r.Progress != nil {
		r.Progress("the history")
	}
	namespace := cmp.Or(f.namespace, history.DefaultNamespace)
	store, all, err := listHistory(ctx, r.Client, namespace)
	if err != nil || len(all) > 0 {
		return store, namespace, all, err
	}
	if f.namespace != "" {
		return nil, "", nil, fmt.Errorf("nothing in the namespace %s: %w", namespace, errNoHistory)
	}
	found, err := history.Namespaces(ctx, r.Client)
	switch {
	case apierrors.IsForbidden(err):
		return nil, "", nil, fmt.Errorf("nothing in the namespace %s, and you may not look for it in the others; where the guard is elsewhere, give --namespace: %w", namespace, errNoHistory)
	case err != nil:
		return nil, "", nil, fmt.Errorf("looking for the history: %w", err)
	case len(found) == 0:
		return nil, "", nil, errNoHistory
	case len(found) > 1:
		return nil, "", nil, usage(fmt.Errorf("there is a history in several namespaces (%s): say which with --namespace", strings.Join(found, ", ")))
	}
	store, all, err = listHistory(ctx, r.Client, found[0])
	return store, found[0], all, err
}

func listHistory(ctx context.Context, client kubernetes.Interface, namespace string) (*history.Store, []*history.Revision, error) {
	store := history.NewStore(client, namespace)
	all, err := store.List(ctx)
	switch {
	case apierrors.IsForbidden(err):
		return nil, nil, fmt.Errorf("you may not read the history; it needs list and get of controllerrevisions.apps in the namespace %s: %w", namespace, err)
	case err != nil:
		return nil, nil, fmt.Errorf("reading the history: %w", err)
	}
	return store, all, nil
}

// revision reads one revision by its number.
func revision(ctx context.Context, store *history.Store, number int64) (*history.Revision, history.Content, error) {
	r, content, err := store.Get(ctx, number)
	if errors.Is(err, history.ErrNotFound) {
		return nil, history.Content{}, fmt.Errorf("there is no revision %d; `kubectl aws-auth history` lists them", number)
	}
	return r, content, err
}

func newHistory(s Streams) *cobra.Command {
	flags := historyFlags{cluster: newClusterFlags()}
	var output, color string
	c := &cobra.Command{
		Use:   "history",
		Short: "List the earlier states of the map: those that the guard's auditor has kept, or those of an audit log",
		Long: `List the earlier states of the map that the guard's auditor has kept, the newest first: when, by whom, whether the state
was good, and which access it gave and removed compared to the one before it. It reads only the cluster's API, so it works
while the guard is down.

Good means safe to restore as it is: EKS can read every list, nodes can join, and it has no errors that the good state
before it did not have. A state that comes back gets a new number; its old numbers still find it.

With --from-audit-log it lists the states that an audit log of Kubernetes holds, also from before the guard, each with
the writer, the tool and the address, and asks no cluster. It reads a line per event, what ` + "`aws logs filter-log-events`" + ` and
` + "`get-log-events`" + ` print, exports to S3, and all that compressed with gzip. EKS logs what updates and patches made of the map,
but not with what it was created.

Exit codes: 0 listed, 2 wrong usage, 3 no history, or one that can't be read.`,
		Example: `  kubectl aws-auth history
  kubectl aws-auth history -o json | jq '.revisions[] | select(.good | not)'
  kubectl aws-auth diff --revision 7
  kubectl aws-auth undo --to 7
  kubectl aws-auth history --from-audit-log audit.log
  aws logs filter-log-events --log-group-name /aws/eks/blue/cluster --log-stream-name-prefix kube-apiserver-audit \
    --filter-pattern '"aws-auth"' | kubectl aws-auth history --from-audit-log -`,
		SuggestFor:        []string{"log", "revisions", "versions", "backups"},
		ValidArgsFunction: cobra.NoFileCompletions,
		Args: instead(func(_ *cobra.Command, args []string) string {
			if numbers := revisionsIn(args); len(numbers) == 1 {
				return "diff --revision " + numbers[0]
			}
			return ""
		}),
		RunE: func(c *cobra.Command, _ []string) error {
			write := historyFormats[output]
			s := s.painted(color, output == formatText, states)
			if len(flags.logs) > 0 {
				return showAuditLog(&flags, s, output)
			}
			return showHistory(c.Context(), &flags, s, write)
		},
	}
	registerOutput(c, &output, historyFormats)
	registerColor(c, &color)
	flags.registerLog(c)
	flags.register(c)
	return c
}

// listing is the history as it is shown. Its JSON keys are always there.
type listing struct {
	Namespace string `json:"namespace"`
	// Live is the number of the live state, null where that is not in the history or not known.
	Live      *int64           `json:"live"`
	Revisions []revisionOutput `json:"revisions"`

	// note says what is to be known of the live map.
	note string
	// again are the flags for a command about the same history.
	again string
}

type revisionOutput struct {
	Revision int64           `json:"revision"`
	Earlier  []int64         `json:"earlier"`
	Time     time.Time       `json:"time"`
	Manager  string          `json:"manager"`
	User     string          `json:"user"`
	Good     bool            `json:"good"`
	Problems []string        `json:"problems"`
	Deleted  bool            `json:"deleted"`
	Summary  string          `json:"summary"`
	Changes  history.Changes `json:"changes"`

	writer string
}

func showHistory(ctx context.Context, flags *historyFlags, s Streams, write func(io.Writer, *listing) error) error {
	p := newProgress(s.Err)
	defer p.done()
	r, _, err := flags.cluster.reader(p)
	if err != nil {
		return unreadable(err)
	}
	_, namespace, all, err := flags.read(ctx, r)
	if err != nil {
		return asExit(err)
	}
	cm, err := r.Map(ctx)
	if apierrors.IsNotFound(err) {
		cm, err = nil, nil
	}
	p.done()
	l := newListing(namespace, all)
	l.compare(all, cm, err)
	l.again = flags.again()
	if err := write(s.Out, l); err != nil {
		return unreadable(fmt.Errorf("writing the list: %w", err))
	}
	return nil
}

// asExit ends the program for a cluster or a history that can't be read, unless the error knows better.
func asExit(err error) error {
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit
	}
	return unreadable(err)
}

func newListing(namespace string, all []*history.Revision) *listing {
	l := &listing{Namespace: namespace, Revisions: []revisionOutput{}}
	for _, r := range all {
		l.Revisions = append(l.Revisions, revisionOut(r))
	}
	return l
}

func revisionOut(r *history.Revision) revisionOutput {
	changes := r.Changes
	changes.List = append([]access.Change{}, changes.List...) // A revision may lack them, and a list is never null.
	return revisionOutput{
		Revision: r.Number, Earlier: append([]int64{}, r.Earlier...), Time: r.Time.UTC(), Manager: r.Manager, User: r.User, Good: r.Good,
		Problems: append([]string{}, r.Problems...), Deleted: r.Deleted, Summary: r.Summary, Changes: changes, writer: r.Writer(),
	}
}

// compare finds the live map in the history.
func (l *listing) compare(all []*history.Revision, cm *corev1.ConfigMap, err error) {
	if err != nil {
		l.note = "The live map could not be read: " + live.Why(err)
		return
	}
	name := history.ContentOf(cm).Name()
	for _, r := range all {
		if r.Name == name {
			l.Live = &r.Number
		}
	}
	switch {
	case l.Live == nil && cm == nil:
		l.note = "There is no live map, and the history does not know that yet: is the auditor running?"
	case l.Live == nil:
		l.note = "The live map is none of these yet: is the auditor running?"
	case *l.Live != all[0].Number:
		l.note = fmt.Sprintf("The live map is revision %d again, and the history does not know that yet: is the auditor running?", *l.Live)
	}
}

var historyFormats = map[string]func(io.Writer, *listing) error{
	formatText: people(historyText),
	formatJSON: func(w io.Writer, l *listing) error { return text.WriteJSON(w, l) },
}

func historyText(out io.Writer, l *listing) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "REVISION\tTIME\tWRITER\tSTATE\tCHANGE")
	var reasons strings.Builder
	for i := range l.Revisions {
		r := &l.Revisions[i]
		state := "good"
		if !r.Good {
			state = "not good"
			fmt.Fprintf(&reasons, "  %d: %s\n", r.Revision, text.Visible(strings.Join(r.Problems, "; ")))
		}
		if l.Live != nil && *l.Live == r.Revision {
			state += ", live"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", r.Revision, r.Time.Format(time.RFC3339), text.Visible(r.writer), state, text.Visible(r.Summary))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var rest strings.Builder
	if reasons.Len() > 0 {
		fmt.Fprintf(&rest, "\nNot good:\n%s", &reasons)
	}
	if l.note != "" {
		fmt.Fprintf(&rest, "\n%s\n", l.note)
	}
	if l.Namespace != history.DefaultNamespace {
		fmt.Fprintf(&rest, "\nThe history is in the namespace %s.\n", l.Namespace)
	}
	if good, bad := l.goodBefore(); bad {
		fmt.Fprintf(&rest, "\nThe live map is not good. Put revision %d back: %s undo%s\n", good, plugin, l.again)
	}
	_, err := io.WriteString(out, rest.String())
	return err
}

// goodBefore is the revision that undo would put back, where the live map is known and not good.
func (l *listing) goodBefore() (good int64, bad bool) {
	for i := range l.Revisions {
		r := &l.Revisions[i]
		switch {
		case l.Live != nil && *l.Live == r.Revision:
			bad = !r.Good
		case r.Good && good == 0:
			good = r.Revision
		}
	}
	return good, bad && good > 0
}

// documentOf reads what a revision holds; nil is no map.
func documentOf(ctx context.Context, store *history.Store, number int64) (*awsauth.Document, error) {
	_, content, err := revision(ctx, store, number)
	if err != nil {
		return nil, err
	}
	return content.Document(), nil
}
