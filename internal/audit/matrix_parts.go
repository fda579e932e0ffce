package audit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Written is the matrix for all formats but JSON, with the findings of every cluster.
func (m *Matrix) Written() *report.Report {
	r := &report.Report{Time: m.Time, Profile: m.Policy.Profile, Policy: m.Policy.File}
	for i := range m.looks {
		c := m.looks[i].Cluster
		if c == nil {
			continue
		}
		r.Files += c.Lint.Files
		r.MapCount += c.Lint.MapCount
		for _, rule := range c.Lint.Rules {
			if !slices.Contains(r.Rules, rule) {
				r.Rules = append(r.Rules, rule)
			}
		}
		name := m.looks[i].Context + " " + live.Name
		r.Checked = append(r.Checked, name)
		for _, f := range c.Lint.Findings {
			f.File = name
			r.Findings = append(r.Findings, f)
		}
	}
	r.Audit = &report.Audit{Facts: m.facts(), Parts: []report.Part{m.clusters(), m.outliers(), m.table()}}
	return r
}

func (m *Matrix) facts() []report.Fact {
	judged := "profile " + string(m.Policy.Profile)
	if m.Policy.File != "" {
		judged += ", " + text.Name(m.Policy.File)
	}
	oldest := "not known: no cluster is known to have one"
	if m.OldestSnapshot != nil {
		oldest = m.OldestSnapshot.UTC().Format(time.RFC3339)
		if n := m.withoutSnapshot(); n > 0 {
			oldest += fmt.Sprintf(" (not known of %s)", text.Count(n, "cluster"))
		}
	}
	read := 0
	for i := range m.looks {
		if m.looks[i].Err == nil {
			read++
		}
	}
	return []report.Fact{
		{Name: "clusters", Value: fmt.Sprintf("%d (read: %d)", len(m.looks), read)}, {Name: "time", Value: m.Time.Format(time.RFC3339)},
		{Name: "policy", Value: judged}, {Name: "oldest snapshot", Value: oldest},
	}
}

func (m *Matrix) withoutSnapshot() int {
	n := 0
	for i := range m.Clusters {
		if m.Clusters[i].SnapshotTakenAt == nil {
			n++
		}
	}
	return n
}

// clusters says how each cluster is.
func (m *Matrix) clusters() report.Part {
	p := report.Part{Title: "clusters"}
	for i := range m.Clusters {
		in, c := &m.Clusters[i], m.looks[i].Cluster
		item := report.Item{Head: in.Context}
		add := func(format string, args ...any) { item.Lines = append(item.Lines, fmt.Sprintf(format, args...)) }
		if in.Error != nil {
			item.Badge = "not read"
			add("not known: %s", *in.Error)
		}
		if c != nil {
			add("server %s", *in.Server)
			if c.Guard == nil {
				add("guard: not known: the webhook configurations could not be read")
			} else {
				add("guard: %s", guardLine(c.Guard))
			}
			if c.Summary != nil {
				add("findings: %s, %s", text.Count(c.Summary.Errors, "error"), text.Count(c.Summary.Warnings, "warning"))
			}
			for k := range c.Admins {
				if c.Admins[k].row == nil {
					add("administrator too: %s", c.Admins[k].Who)
				}
			}
			if in.SnapshotTakenAt != nil {
				add("access entries as of %s", in.SnapshotTakenAt.UTC().Format(time.RFC3339))
			}
			for _, why := range c.unread() {
				add("%s", why)
			}
			for _, g := range c.Unread {
				add("not read: %s: %s", g.What, text.OneLine(g.Why))
			}
		}
		p.Items = append(p.Items, item)
	}
	return p
}

// outliers are the principals that may do something else in some cluster than elsewhere.
func (m *Matrix) outliers() report.Part {
	p := report.Part{Title: "outliers"}
	alone := 0
	for i := range m.Rows {
		row := &m.Rows[i]
		known := 0
		for k := range row.Cells {
			if row.Cells[k].level != "" {
				known++
			}
		}
		if known < 2 {
			alone++
		}
		if len(row.Outliers) == 0 {
			continue
		}
		item := report.Item{Head: row.ARN, Badge: string(row.Outliers[0].Kind)}
		for _, o := range row.Outliers {
			item.Lines = append(item.Lines, o.Context+": "+o.Why)
		}
		p.Items = append(p.Items, item)
	}
	if alone > 0 {
		p.Tail = []string{"not compared: " + text.Count(alone, "principal") + ", whose rights are known in fewer than two clusters"}
	}
	if len(p.Items) == 0 {
		p.Lead = []string{"none is known"}
	}
	return p
}

// short is the context of a cluster, or the name of the cluster alone where the context is its ARN, as the AWS CLI writes it, and no
// other has that name.
func (m *Matrix) short(cluster int) string {
	_, name, isARN := strings.Cut(m.Clusters[cluster].Context, ":cluster/")
	for i := range m.Clusters {
		if other := m.Clusters[i].Context; i != cluster && (other == name || strings.HasSuffix(other, ":cluster/"+name)) {
			isARN = false
		}
	}
	if isARN {
		return name
	}
	return m.Clusters[cluster].Context
}

// table is the matrix itself.
func (m *Matrix) table() report.Part {
	p := report.Part{Title: "who may do what where", Table: &report.Table{Heads: []string{"principal"}}}
	for i := range m.Clusters {
		p.Table.Heads = append(p.Table.Heads, m.short(i))
	}
	for i := range m.Rows {
		row := &m.Rows[i]
		name := row.ARN
		if _, err := strconv.Atoi(name); err == nil {
			name = "every principal of account " + name
		}
		cells := []report.Cell{{Text: name}}
		for k := range row.Cells {
			cells = append(cells, report.Cell{Text: row.Cells[k].said, Differs: row.differs(k)})
		}
		p.Table.Rows = append(p.Table.Rows, cells)
	}
	if len(m.Rows) == 0 {
		p.Lead = []string{"nobody is known to get in anywhere"}
	}
	p.Tail = []string{"Left out: what everybody who gets in may do, subjects of bindings that no principal is, and the creators of the clusters."}
	return p
}
