package audit

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/lint"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Cluster is what was seen of a cluster. Its JSON keys are always there.
type Cluster struct {
	Target Target `json:"cluster"`
	// Findings and Summary are those of lint, null where the map could not be read.
	Findings []report.JSONFinding `json:"findings"`
	Summary  *report.JSONSummary  `json:"summary"`
	*rights.Report
	// AccessEntries say what is known of the other door; null where there is no snapshot of the access entries.
	AccessEntries *AccessEntries `json:"accessEntries"`
	// Editors may change the map, Removers may take the guard away. Null where RBAC could not be read.
	Editors  []Editor `json:"editors"`
	Removers []Editor `json:"removers"`
	// Guard is null where it could not be read.
	Guard  *registration.State `json:"guard"`
	Unread []live.Gap          `json:"unread"`

	// Lint is the map as lint sees it, nil where it could not be read.
	Lint *report.Report `json:"-"`
	// rbac is set if RBAC could be read.
	rbac bool
}

// Target says which cluster and which map.
type Target struct {
	Server string `json:"server"`
	// ResourceVersion of the map; empty where it could not be read.
	ResourceVersion string `json:"resourceVersion"`
}

// AccessEntries is what a snapshot tells of the access entries.
type AccessEntries struct {
	Cluster string `json:"cluster"`
	// Mode is the authentication mode, empty where the snapshot does not count.
	Mode    snapshot.Mode `json:"authenticationMode"`
	TakenAt time.Time     `json:"takenAt"`
	// Trouble says why the entries don't count, empty where they do.
	Trouble string `json:"trouble"`

	view *snapshot.View
}

func accessEntries(v *snapshot.View) *AccessEntries {
	if v == nil {
		return nil
	}
	return &AccessEntries{Cluster: v.Cluster.Name, Mode: v.Mode(), TakenAt: v.TakenAt, Trouble: v.Trouble, view: v}
}

// Editor is somebody whom RBAC lets do a thing, with the principals that are this somebody.
type Editor struct {
	rbac.Permission
	Callers []string `json:"callers"`
}

// Read looks at a cluster; server is its address, and entries gives the access entries once the cluster has answered. The error
// says that there is no map to judge; the rest is read all the same, unless no cluster answers at all: then the answer is nil.
func Read(
	ctx context.Context, r *live.Reader, server string, c *lint.Checker, entries func() (*snapshot.View, []live.Gap),
) (*Cluster, error) {
	a := &Cluster{Target: Target{Server: server}, Unread: []live.Gap{}}
	doc := awsauth.Read(nil)
	f, d, cm, failed := r.File(ctx)
	if errors.Is(failed, live.ErrNoAnswer) {
		return nil, failed
	}
	if failed != nil && !errors.Is(failed, live.ErrNoMap) {
		a.Unread = append(a.Unread, live.Gap{What: "the map", Why: failed.Error()})
	}
	var unknown []live.Gap
	c.Entries, unknown = entries()
	a.AccessEntries = accessEntries(c.Entries)
	if failed == nil {
		var gaps []live.Gap
		c.Nodes, c.Classes, gaps = r.Nodes(ctx)
		a.Unread = append(a.Unread, gaps...)
		b := &report.Builder{Action: c.Policy.Action}
		c.Add(b, f)
		a.Lint = b.Report()
		if cm != nil {
			a.Target.ResourceVersion = cm.ResourceVersion
		}
		summary := a.Lint.JSONSummary()
		a.Findings, a.Summary = a.Lint.JSONFindings(), &summary
		doc = awsauth.ReadAll(d.Data, d.BinaryData)
	}
	index, gaps := r.RBAC(ctx)
	a.Unread = append(a.Unread, gaps...)
	a.rbac = index != nil
	a.Report = rights.Join(access.Entrants(doc, c.Entries), index)
	if index != nil {
		a.Editors = editors(a.Report, index, mapEdits())
		for _, q := range guardEdits() {
			a.Removers = append(a.Removers, editors(a.Report, index, q)...)
		}
	}
	a.Guard, gaps = r.Guard(ctx, time.Now())
	a.Unread = append(append(a.Unread, gaps...), unknown...)
	return a, failed
}

func editors(r *rights.Report, x *rbac.Index, q rbac.Question) []Editor {
	list := []Editor{}
	for _, p := range x.Who(q) {
		list = append(list, Editor{p, r.Callers(p.Subject)})
	}
	slices.SortStableFunc(list, func(a, b Editor) int { return a.rank() - b.rank() })
	return list
}

// rank puts those first who come in by the map, and the parts of the cluster last.
func (e *Editor) rank() int {
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

// JSON writes all of it for programs.
func JSON(w io.Writer, a *Cluster) error {
	return text.WriteJSON(w, a)
}
