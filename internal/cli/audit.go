package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/guardstate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/live"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/rights"
)

type auditFlags struct {
	checkFlags
	output  string
	cluster *clusterFlags
}

func newAudit(s Streams) *cobra.Command {
	flags := auditFlags{cluster: newClusterFlags()}
	c := &cobra.Command{
		Use:   "audit",
		Short: "Look at the live cluster: the map, who enters with which rights, who may edit it, the guard",
		Long: `Look at the live cluster, and write nothing to it:

- what is wrong with the map, as lint says it of a file;
- who enters as whom, with which rights by RBAC; groups that nothing binds; bindings that nobody of the map gets;
- who may edit the map;
- whether the guard is installed and works, and how an edit could get past it.

Places in the map are those of ` + "`kubectl get configmap aws-auth -n kube-system -o yaml`" + `. What you may not read is told
under "not read"; the rest is shown all the same.

All of that is in text and JSON. The other formats are those of lint: they hold what is wrong with the map, HTML whom it
lets in as well, and call the map ` + liveName + `. Only the map is read for them, and nothing is written where it can't be.

Exit codes: 0 clean, 1 findings in the map, 2 wrong usage, 3 a map that can't be read.`,
		Example: `  kubectl aws-auth audit
  kubectl aws-auth audit --context production --fail-on warning
  kubectl aws-auth audit -o json | jq '.access[] | select(.admin)'
  kubectl aws-auth audit -o html > audit.html`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if formats[flags.output] == nil {
				return usage(fmt.Errorf("-o %q: write %s", flags.output, formatNames()))
			}
			checker, err := flags.checker(c)
			if err != nil {
				return err
			}
			if write := auditFormats[flags.output]; write != nil {
				return auditCluster(c.Context(), &flags, s, checker, write)
			}
			return auditMap(c.Context(), &flags, s, checker)
		},
	}
	flags.register(c)
	c.Flags().StringVarP(&flags.output, "output", "o", formatText, "how to write the report: "+formatNames())
	completeFlag(c, "output", slices.Sorted(maps.Keys(formats))...)
	flags.cluster.register(c)
	return c
}

// audit is what was seen of a cluster. Its JSON keys are always there.
type audit struct {
	Cluster auditTarget `json:"cluster"`
	// Findings and Summary are those of lint, null where the map could not be read.
	Findings json.RawMessage `json:"findings"`
	Summary  json.RawMessage `json:"summary"`
	*rights.Report
	// Editors may change the map, Removers may take the guard away. Null where RBAC could not be read.
	Editors  []editor `json:"editors"`
	Removers []editor `json:"removers"`
	// Guard is null where it could not be read.
	Guard  *guardstate.State `json:"guard"`
	Unread []live.Gap        `json:"unread"`

	report *report.Report
	// rbac tells that RBAC could be read.
	rbac bool
}

type auditTarget struct {
	Server string `json:"server"`
	// ResourceVersion of the map; empty where it could not be read.
	ResourceVersion string `json:"resourceVersion"`
}

// editor is somebody whom RBAC lets do a thing, with the principals of the map that are this somebody.
type editor struct {
	rbac.Permission
	Callers []string `json:"callers"`
}

func auditCluster(ctx context.Context, flags *auditFlags, s Streams, c *checker, write func(io.Writer, *audit) error) error {
	p := newProgress(s.Err)
	defer p.done()
	r, config, err := flags.cluster.reader(p)
	if err != nil {
		return unreadable(err)
	}
	a := &audit{Cluster: auditTarget{Server: config.Host}, Unread: []live.Gap{}}
	failed := a.read(ctx, r, c)
	p.done()
	if a.Report == nil {
		return unreadable(failed)
	}
	if err := write(s.Out, a); err != nil {
		return unreadable(fmt.Errorf("writing the report: %w", err))
	}
	if failed != nil {
		return unreadable(failed)
	}
	return c.verdict(a.report)
}

// auditMap reports on the live map as lint does on a file.
func auditMap(ctx context.Context, flags *auditFlags, s Streams, c *checker) error {
	p := newProgress(s.Err)
	defer p.done()
	reader, config, err := flags.cluster.reader(p)
	if err != nil {
		return unreadable(err)
	}
	f, _, _, err := liveMap(ctx, reader)
	p.done()
	if err != nil {
		return unreadable(err)
	}
	b := &report.Builder{Action: c.policy.Action, Maps: flags.output == formatHTML}
	c.add(b, f)
	r := b.Report()
	r.Cluster = config.Host
	if err := c.deliver(r, s, formats[flags.output]); err != nil {
		return err
	}
	return c.verdict(r)
}

// read fills the report in. The error says that there is no map to judge; the rest is read all the same, unless no
// cluster answers at all: then there is no Report.
func (a *audit) read(ctx context.Context, r *live.Reader, c *checker) error {
	doc := awsauth.Read(nil)
	f, d, cm, failed := liveMap(ctx, r)
	if errors.Is(failed, errNoAnswer) {
		return failed
	}
	if failed != nil && !errors.Is(failed, errNoMap) {
		a.Unread = append(a.Unread, live.Gap{What: "the map", Why: failed.Error()})
	}
	if failed == nil {
		b := &report.Builder{Action: c.policy.Action}
		c.add(b, f)
		a.report = b.Report()
		if failed = a.embed(cm); failed == nil {
			doc = awsauth.ReadAll(d.Data, d.BinaryData)
		}
	}
	index, gaps := r.RBAC(ctx)
	a.Unread = append(a.Unread, gaps...)
	a.rbac = index != nil
	a.Report = rights.Join(doc, index)
	if index != nil {
		a.Editors = editors(a.Report, index, mapEdits())
		for _, q := range guardEdits() {
			a.Removers = append(a.Removers, editors(a.Report, index, q)...)
		}
	}
	a.Guard, gaps = r.Guard(ctx, time.Now())
	a.Unread = append(a.Unread, gaps...)
	return failed
}

// embed takes the findings over from lint's own format.
func (a *audit) embed(cm *corev1.ConfigMap) error {
	a.Cluster.ResourceVersion = cm.ResourceVersion
	var text bytes.Buffer
	if err := report.JSON(&text, a.report); err != nil {
		return err
	}
	var lint struct{ Findings, Summary json.RawMessage }
	if err := json.Unmarshal(text.Bytes(), &lint); err != nil {
		return err
	}
	a.Findings, a.Summary = lint.Findings, lint.Summary
	return nil
}

func editors(r *rights.Report, x *rbac.Index, q rbac.Question) []editor {
	list := []editor{}
	for _, p := range x.Who(q) {
		list = append(list, editor{p, r.Callers(p.Subject)})
	}
	slices.SortStableFunc(list, func(a, b editor) int { return a.rank() - b.rank() })
	return list
}

// rank puts those first who come in by the map, and the parts of the cluster last.
func (e *editor) rank() int {
	switch {
	case len(e.Callers) > 0:
		return 0
	case e.Subject.Kind != rbacv1.ServiceAccountKind:
		return 1
	}
	return 2
}

func mapEdits() rbac.Question {
	return rbac.Question{
		Resource: "configmaps", Namespace: awsauth.Namespace, Name: awsauth.Name,
		Verbs: []string{"create", "update", "patch", "delete", "deletecollection"},
	}
}

// guardEdits are the ways to take the guard away: nothing is asked about webhook configurations themselves.
func guardEdits() []rbac.Question {
	var list []rbac.Question
	for _, resource := range []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"} {
		list = append(list, rbac.Question{
			Group: "admissionregistration.k8s.io", Resource: resource,
			Verbs: []string{"update", "patch", "delete", "deletecollection"},
		})
	}
	return list
}

// auditFormats hold all that is seen of a cluster.
var auditFormats = map[string]func(io.Writer, *audit) error{
	formatText: auditText,
	formatJSON: func(w io.Writer, a *audit) error { return writeJSON(w, a) },
}
