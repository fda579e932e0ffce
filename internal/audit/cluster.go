package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Cluster is what was seen of a cluster. Its JSON keys are always there. What could not be read is null, and never an empty list.
type Cluster struct {
	Target Target `json:"cluster"`
	// Time is when it was asked, AskedBy who asked as the cluster knows him: null where it does not say.
	Time    time.Time      `json:"time"`
	AskedBy *live.Identity `json:"askedBy"`
	Policy  PolicyUsed     `json:"policy"`
	// Findings are null where the map could not be read and nothing else was found, Summary where the map could not be read.
	Findings []report.JSONFinding `json:"findings"`
	Summary  *report.JSONSummary  `json:"summary"`
	// Admins are all administrators that are known.
	Admins []Admin `json:"admins"`
	*rights.Report
	// AccessEntries say what is known of the other door; null where there is no snapshot of the access entries.
	AccessEntries *AccessEntries `json:"accessEntries"`
	// IAM are the accounts that IAM or its files tell about; null where nobody asked, or nobody answered.
	IAM []IAMAccount `json:"iam"`
	// Editors may change the map, Removers may take the guard away. Null where RBAC could not be read.
	Editors  []Editor `json:"editors"`
	Removers []Editor `json:"removers"`
	// Guard is null where it could not be read.
	Guard    *registration.State `json:"guard"`
	Controls []Control           `json:"controls"`
	Unread   []live.Gap          `json:"unread"`

	// Lint is what was found: of the map, where it could be read, and of the cluster around it.
	Lint *report.Report `json:"-"`

	evaluation *Evaluation
	// noEntries says why no snapshot of the access entries is known, "" where one is.
	noEntries string
}

// Target says which cluster and which map.
type Target struct {
	// Context of the kubeconfig, empty where there is none. Version is that of Kubernetes, empty where the cluster does not say.
	Context string `json:"context"`
	Server  string `json:"server"`
	Version string `json:"version"`
	// ResourceVersion of the map; empty where it could not be read.
	ResourceVersion string `json:"resourceVersion"`
}

// PolicyUsed says by which policy the findings were judged.
type PolicyUsed struct {
	Profile validate.Profile `json:"profile"`
	// File is empty where the profile says all.
	File string `json:"file"`
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

// IAMAccount says from where it is known what IAM says of an account, and as of when.
type IAMAccount struct {
	Account string    `json:"account"`
	Source  string    `json:"source"`
	Time    time.Time `json:"time"`
}

func iamAccounts(known *iam.Accounts) []IAMAccount {
	var list []IAMAccount
	for _, a := range known.All() {
		list = append(list, IAMAccount{a.ID, a.File, a.At.UTC().Truncate(time.Second)})
	}
	return list
}

// Question is what a look at a cluster needs to know.
type Question struct {
	// Target has the context and the server's address.
	Target Target
	Policy *policy.Policy
	// PolicyFile is where the policy was read from, "" for a profile alone.
	PolicyFile string
	Now        time.Time
	// Entries gives the access entries once the cluster has answered.
	Entries func() Entries
	// IAM gives what IAM says of the roles and users of a map, nil where it has none that could be read. It is nil where
	// nobody asks.
	IAM func(*awsauth.Document) IAM
}

// IAM is what is known of IAM: Known is nil where that is nothing, and Why says so. Since is what the history tells besides, nil
// where there is none, and SinceUnread says why it could not be read.
type IAM struct {
	Known       *iam.Accounts
	Why         string
	Since       map[string]time.Time
	SinceUnread string
}

// Entries are what is known of the access entries: View is nil where there is no snapshot, and Why says so. Unread is set where
// there may be one that could not be read.
type Entries struct {
	View   *snapshot.View
	Why    string
	Unread bool
}

// Read looks at a cluster. The error says that there is no map to judge; the rest is read all the same, unless no cluster answers
// at all, or none lets the caller in: then the answer is nil.
func Read(ctx context.Context, r *live.Reader, q *Question) (*Cluster, error) {
	a := &Cluster{Target: q.Target, Time: q.Now.UTC().Truncate(time.Second), Policy: PolicyUsed{q.Policy.Profile, q.PolicyFile}, Unread: []live.Gap{}}
	_, d, cm, failed := r.File(ctx)
	if errors.Is(failed, live.ErrNoAnswer) || errors.Is(failed, live.ErrUnauthorized) {
		return nil, failed
	}
	in := &Input{Map: cm, Policy: q.Policy}
	if failed != nil && !errors.Is(failed, live.ErrNoMap) {
		in.MapUnread = live.NotRead(failed)
		a.Unread = append(a.Unread, live.Gap{What: "the map", Why: failed.Error()})
	}
	if cm != nil {
		a.Target.ResourceVersion = cm.ResourceVersion
	}
	known := q.Entries()
	in.AccessEntries, a.AccessEntries = known.View, accessEntries(known.View)
	if known.View == nil {
		a.noEntries = known.Why
	}
	var gaps []live.Gap
	in.Index, gaps = r.RBAC(ctx)
	a.Unread = append(a.Unread, gaps...)
	if cm != nil {
		in.Nodes, in.Classes, gaps = r.Nodes(ctx)
		a.Unread = append(a.Unread, gaps...)
	}
	in.Guard, gaps = r.Guard(ctx, q.Now)
	a.Unread = append(a.Unread, gaps...)
	if known.Unread {
		a.Unread = append(a.Unread, live.Gap{What: "the access entries", Why: known.Why})
	}
	a.Target.Version, a.AskedBy, gaps = r.About(ctx)
	a.Unread = append(a.Unread, gaps...)
	if q.IAM != nil && known.View.Mode() != snapshot.API { // Nobody reads the map then.
		a.ask(q, in, d)
	}
	e, err := Evaluate(in)
	if err != nil {
		// What kubectl shows of the map can't be judged.
		return nil, fmt.Errorf("judging the map: %w", err)
	}
	for _, why := range e.untold {
		a.Unread = append(a.Unread, live.Gap{What: "IAM", Why: why})
	}
	a.take(e, cm)
	return a, failed
}

// ask finds out what IAM says of the map.
func (a *Cluster) ask(q *Question, in *Input, d *manifest.Document) {
	var doc *awsauth.Document
	if d != nil {
		doc = awsauth.ReadAll(d.Data, d.BinaryData)
	}
	answer := q.IAM(doc)
	in.IAM, in.Since, a.IAM = answer.Known, answer.Since, iamAccounts(answer.Known)
	if answer.Why != "" {
		a.Unread = append(a.Unread, live.Gap{What: "IAM", Why: answer.Why})
	}
	if answer.SinceUnread != "" {
		a.Unread = append(a.Unread, live.Gap{What: "the history", Why: answer.SinceUnread})
	}
}

// take fills in what an evaluation says, with nil for what is not known.
func (a *Cluster) take(e *Evaluation, cm *corev1.ConfigMap) {
	a.evaluation, a.Lint, a.Guard = e, e.Lint, e.Guard
	a.Report, a.Admins, a.Editors, a.Removers = e.Report, e.All, e.Editors, e.Removers
	a.Findings = a.findings()
	if cm != nil {
		summary := a.Lint.JSONSummary()
		a.Summary = &summary
	}
	if e.everybodyKnown() {
		if a.Admins == nil && e.roles && e.entriesKnown() {
			a.Admins = []Admin{}
		}
	} else {
		a.Groups, a.Unmatched = nil, nil
		if len(a.Access) == 0 {
			a.Access = nil
		}
	}
	a.Controls = e.controls()
}

// Written is the report for all formats but JSON.
func (a *Cluster) Written() *report.Report {
	r := a.Lint
	r.Cluster = a.Target.Server
	r.Profile, r.Policy, r.Time = a.Policy.Profile, a.Policy.File, a.Time
	r.Audit = &report.Audit{Facts: a.facts(), Unread: a.evaluation.mapUnread, Parts: a.parts()}
	return r
}

// Fails reports whether something was found or not read at a level or above it.
func (a *Cluster) Fails(level validate.Level) bool {
	if level == validate.Warning && len(a.Unread) > 0 {
		return true
	}
	return slices.ContainsFunc(a.Lint.Findings, func(f report.Finding) bool { return f.Level == validate.Error || f.Level == level })
}

// JSON writes all of it for programs.
func JSON(w io.Writer, a *Cluster) error {
	a.Findings = a.findings()
	return text.WriteJSON(w, a)
}

// findings are nil where the map could not be read and nothing else was found.
func (a *Cluster) findings() []report.JSONFinding {
	if a.evaluation.mapUnread == "" || len(a.Lint.Findings) > 0 {
		return a.Lint.JSONFindings()
	}
	return nil
}
