package audit

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Look is what came of looking at one of several clusters.
type Look struct {
	Context string
	// Cluster is nil where no cluster answered. Err says why, or why there is no map to judge.
	Cluster *Cluster
	Err     error
}

// Matrix is who may do what in several clusters. Its JSON keys are always there. What is not known is null.
type Matrix struct {
	Time     time.Time      `json:"time"`
	Policy   PolicyUsed     `json:"policy"`
	Clusters []InMatrix     `json:"clusters"`
	Rows     []MatrixMember `json:"principals"`
	// OldestSnapshot is when the oldest snapshot of access entries was taken, null where no cluster is known to have one.
	OldestSnapshot *time.Time `json:"oldestSnapshot"`

	looks []Look
}

// InMatrix is one of the clusters.
type InMatrix struct {
	Context string `json:"context"`
	// Server is null where the cluster did not answer.
	Server *string `json:"server"`
	// Error says why the cluster or its map could not be read, or that it has none; null where it has a map that was read.
	Error *string      `json:"error"`
	Guard *GuardHealth `json:"guard"`
	// SnapshotTakenAt is null where no snapshot of the access entries is known.
	SnapshotTakenAt *time.Time           `json:"snapshotTakenAt"`
	Admins          []Admin              `json:"admins"`
	Findings        []report.JSONFinding `json:"findings"`
	Unread          []live.Gap           `json:"unread"`
}

// GuardHealth says in a word how the guard is.
type GuardHealth struct {
	Installed bool `json:"installed"`
	// Worst is the gravest kind of its problems, empty where there is none.
	Worst registration.Kind `json:"worst"`
}

// MatrixMember is a principal, and what it may do in each of the clusters.
type MatrixMember struct {
	// ARN, or the number of an account whose principals all get in.
	ARN string `json:"arn"`
	// Cells are in the order of the clusters.
	Cells    []MatrixCell `json:"cells"`
	Outliers []Outlier    `json:"outliers"`

	key string
}

// MatrixCell is what a principal may do in a cluster.
type MatrixCell struct {
	In    *bool `json:"in"`
	Admin *bool `json:"admin"`
	Node  *bool `json:"node"`
	// Rights are what makes it an administrator, or else what it is given by bindings and access policies.
	Rights []string `json:"rights"`

	// said is for people, and level for comparisons: empty where it is not known.
	said, level string
}

// NewMatrix puts looks at several clusters together.
func NewMatrix(now time.Time, used PolicyUsed, looks []Look) *Matrix {
	m := &Matrix{Time: now.UTC().Truncate(time.Second), Policy: used, Clusters: []InMatrix{}, Rows: []MatrixMember{}, looks: looks}
	at := map[string]int{}
	for i := range looks {
		in := inMatrix(&looks[i])
		if taken := in.SnapshotTakenAt; taken != nil && (m.OldestSnapshot == nil || taken.Before(*m.OldestSnapshot)) {
			m.OldestSnapshot = taken
		}
		m.Clusters = append(m.Clusters, in)
		if looks[i].Cluster == nil {
			continue
		}
		for k := range looks[i].Cluster.Access {
			r := &looks[i].Cluster.Access[k]
			if _, seen := at[r.Key()]; !seen {
				at[r.Key()] = len(m.Rows)
				m.Rows = append(m.Rows, MatrixMember{ARN: r.ARN, key: r.Key()})
			}
		}
	}
	for i := range m.Rows {
		row := &m.Rows[i]
		for k := range looks {
			row.Cells = append(row.Cells, cellOf(looks[k].Cluster, row.key, row.ARN))
		}
		row.Outliers = m.outliersOf(row.Cells)
	}
	// Those who differ most come first.
	slices.SortFunc(m.Rows, func(a, b MatrixMember) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.key, b.key))
	})
	return m
}

func inMatrix(l *Look) InMatrix {
	in := InMatrix{Context: l.Context, Unread: []live.Gap{}}
	if l.Err != nil {
		why := text.OneLine(l.Err.Error())
		in.Error = &why
	}
	c := l.Cluster
	if c == nil {
		return in
	}
	in.Server, in.Admins, in.Unread, in.Findings = &c.Target.Server, c.Admins, c.Unread, c.findings()
	if c.Guard != nil {
		in.Guard = &GuardHealth{c.Guard.Installed, c.Guard.Worst()}
	}
	if e := c.AccessEntries; e != nil {
		in.SnapshotTakenAt = &e.TakenAt
	}
	return in
}

// The levels that have a name of their own.
const (
	levelAdmin = "administrator"
	levelNode  = "node"
	levelIn    = "in, without rights of its own"
	levelOut   = "not in"
	notSaid    = "not known"
)

// maxSaid bounds what a cell says to people, in bytes; JSON has all of it.
const maxSaid = 80

// cellOf says what a principal may do in a cluster, which is nil where it did not answer.
func cellOf(c *Cluster, key, name string) MatrixCell {
	if c == nil {
		return MatrixCell{said: notSaid}
	}
	var rows []*rights.Row
	byAccount := false
	for i := range c.Access {
		r := &c.Access[i]
		if r.Key() == key {
			rows = append(rows, r)
		}
		principal, err := arn.ParsePrincipal(name)
		byAccount = byAccount || r.Account && err == nil && principal.Account == r.ARN
	}
	if len(rows) > 0 {
		return cellIn(c, rows)
	}
	no := false
	switch {
	case byAccount:
		yes := true
		return MatrixCell{In: &yes, said: "in by its account, rights not known"}
	case !c.evaluation.everybodyKnown():
		return MatrixCell{said: notSaid}
	case c.evaluation.Mode() != "" && c.evaluation.entriesKnown():
		return MatrixCell{In: &no, Admin: &no, Node: &no, Rights: []string{}, said: levelOut, level: levelOut}
	}
	// No map lets it in. Whether an access entry does is not known, which makes nobody less of an outlier.
	return MatrixCell{said: "not in the map", level: levelOut}
}

// cellIn joins the rows of a principal: one of the map and one of an access entry, where it is not known which of them counts.
func cellIn(c *Cluster, rows []*rights.Row) MatrixCell {
	yes, admin, node := true, false, false
	var by, given []string
	for _, r := range rows {
		admin, node = admin || r.IsAdmin(), node || r.Node
		for _, w := range r.AdminBy {
			by = append(by, w.By)
		}
		for i := range r.Grants {
			g := &r.Grants[i]
			switch {
			case g.Missing:
			case g.Namespace != "":
				given = append(given, g.Role+" in "+g.Namespace)
			default:
				given = append(given, g.Role)
			}
		}
		for _, p := range policyWords(r.Policies) {
			given = append(given, "access policy "+p)
		}
	}
	out := MatrixCell{In: &yes, Node: &node}
	switch {
	case admin:
		out.Admin, out.Rights, out.level = &yes, unique(by), levelAdmin
	case !c.evaluation.rbac || !c.evaluation.roles:
		out.said = "in, rights not known"
		return out
	default:
		no := false
		out.Admin, out.Rights = &no, unique(given)
		switch {
		case node:
			out.level = levelNode
		case len(out.Rights) == 0:
			out.level = levelIn
		default:
			out.level = strings.Join(out.Rights, ", ")
		}
	}
	out.said = text.Cut(out.level, maxSaid)
	return out
}

func unique(list []string) []string {
	list = append([]string{}, list...)
	slices.Sort(list)
	return slices.Compact(list)
}

// JSON writes the matrix for programs.
func (m *Matrix) JSON(w io.Writer) error { return text.WriteJSON(w, m) }

// Fails reports whether something was found in a cluster, as Cluster.Fails does for one.
func (m *Matrix) Fails(fails func(*Cluster) bool) bool {
	return slices.ContainsFunc(m.looks, func(l Look) bool { return l.Cluster != nil && fails(l.Cluster) })
}

// Unread names the clusters that could not be read, or that have no map.
func (m *Matrix) Unread() []string {
	var list []string
	for i := range m.looks {
		if m.looks[i].Err != nil {
			list = append(list, text.Name(m.looks[i].Context))
		}
	}
	return list
}

// others names the clusters that a cell is compared with.
func others(n int) string {
	if n == 1 {
		return "the other cluster that is known"
	}
	return fmt.Sprintf("the %d other clusters that are known", n)
}
