package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// The parts of the page. Style and script go into it as they are: the page's policy allows only these, by their hashes.
var (
	//go:embed page/page.html
	pageTemplate string
	//go:embed page/page.css
	pageStyle string
	//go:embed page/page.js
	pageScript string
)

// On paper so many bytes of a source line fit beside its number; excerpts with carets are not wrapped.
const (
	pageWidth = 92
	pageLead  = 36
)

// HTML writes the report as one page for people who audit a cluster: whom each map lets in, who is admin, each finding with
// its repair. The page needs nothing from elsewhere, and its policy keeps it from asking.
func HTML(w io.Writer, r *Report) error {
	// Parsed here and not once for all: a program that writes no page must not carry html/template, see Formats.
	parsed, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := parsed.Execute(&b, newPage(r)); err != nil {
		return err
	}
	_, err = b.WriteTo(w)
	return err
}

// page is what is shown. All texts of maps and names of files in it are made visible; the template escapes them.
type page struct {
	SecurityPolicy string
	Style          template.CSS
	Script         template.JS

	// Audit is nil where files were read.
	Audit *pageAudit

	Verdict, Cluster, Profile, Policy, Version, Machine, Human string
	Files, Errors, Warnings, Entries, People, Nodes            int
	Admins                                                     []pagePrincipal
	Maps                                                       []pageMap
	Groups                                                     []*pageGroup
	// Found is set where there is a map, or something wrong with one.
	Found bool
	// ByPolicy is set where an access policy makes one of the admins, and Doors where the access entries are known.
	ByPolicy, Doors bool
	Ignored         []pageIgnored
	Notes           []pageNote
	Rules           []pageRule
}

type pageMap struct {
	// ID of the section in the page.
	ID, Name string
	Entries  int
	Lost     []string
	Doors    string
	Rows     []pagePrincipal
	// Mapped is how many of the rows are the map's.
	Mapped int
}

// Idle is the number of entries that let nobody in.
func (m pageMap) Idle() int { return m.Entries - m.Mapped }

// ByEntry is the number of rows that are access entries.
func (m pageMap) ByEntry() int { return len(m.Rows) - m.Mapped }

type pagePrincipal struct {
	ARN, Kind, Username  string
	Groups               []string
	Account, Admin, Node bool
	// Admin is set for whom may be one by chance, too. Random is set if letter case makes the identity a matter of chance.
	Random bool
	// Entry is the item, as in mapRoles[0]; Place is file:line:column.
	Entry, Place string
	Line         int
}

// pageGroup holds the findings of one rule.
type pageGroup struct {
	Level, Rule, Title, Docs, Consequence string
	Findings                              []pageFinding
	// Open is set where there are so few in all that nothing need be folded.
	Open bool
}

// maxOpen is up to how many findings a page shows unfolded.
const maxOpen = 10

type pageFinding struct {
	Level, Place, Entry, Message string
	Number, Indent, Carets       string
	Source                       marked
	Fix                          *pageFix
}

type pageFix struct {
	Safe          bool
	Summary       string
	Before, After []marked
}

type pageIgnored struct{ Place, Rule, Docs, Reason string }

type pageNote struct{ Place, Message string }

type pageRule struct{ Name, Docs string }

// marked is a line with a part of it marked.
type marked struct{ Before, Marked, After string }

func newPage(r *Report) *page {
	p := &page{
		Style: template.CSS(pageStyle), Script: template.JS(pageScript), //nolint:gosec // They are the page's own.
		SecurityPolicy: fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; form-action 'none'",
			sourceHash(pageStyle), sourceHash(pageScript)),
		Verdict: r.verdict(), Cluster: shown(r.Cluster), Profile: string(r.Profile), Policy: shown(r.Policy), Version: r.Version,
		Files: r.Files, Errors: r.Count(validate.Error), Warnings: r.Count(validate.Warning),
	}
	if !r.Time.IsZero() {
		at := r.Time.UTC()
		p.Machine, p.Human = at.Format(time.RFC3339), at.Format("2 January 2006, 15:04 UTC")
	}
	p.Verdict = strings.ToUpper(p.Verdict[:1]) + p.Verdict[1:]
	if len(r.Notes) > 0 {
		p.Verdict += fmt.Sprintf(", %d not checked", len(r.Notes))
	}
	if r.Audit != nil {
		p.Audit, p.Cluster, p.Policy, p.Profile, p.Human = newPageAudit(r.Audit), "", "", "", ""
	}
	for i := range r.Maps {
		p.addMap(i, &r.Maps[i])
	}
	p.Groups, p.Found = groups(r.Findings), r.MapCount > 0 || len(r.Findings)+len(r.Ignored) > 0
	for i := range r.Ignored {
		f := &r.Ignored[i]
		p.Ignored = append(p.Ignored, pageIgnored{Place: shown(f.Place()), Rule: f.Rule, Docs: f.Docs, Reason: shown(f.Reason)})
	}
	for _, n := range r.Notes {
		p.Notes = append(p.Notes, pageNote{Place: shown(n.Place()), Message: shown(n.Message)})
	}
	for _, name := range r.Rules {
		p.Rules = append(p.Rules, pageRule{Name: name, Docs: validate.DocsURL(name)})
	}
	return p
}

func (p *page) addMap(index int, m *Map) {
	out := pageMap{ID: fmt.Sprintf("map-%d", index+1), Name: fmt.Sprintf("%s:%d", shown(m.File), m.Start.Line), Entries: m.Entries, Doors: shown(m.AccessEntries)}
	for _, key := range m.Lost {
		out.Lost = append(out.Lost, string(key))
	}
	for i := range m.Principals {
		row := newPagePrincipal(m.File, &m.Principals[i])
		out.Rows = append(out.Rows, row)
		if row.Line > 0 {
			out.Mapped++
		}
		if row.Admin {
			p.Admins = append(p.Admins, row)
			p.ByPolicy = p.ByPolicy || row.Line == 0
		}
		if row.Node {
			p.Nodes++
		}
	}
	p.Doors = p.Doors || m.AccessEntries != ""
	p.Entries += m.Entries
	p.People += len(out.Rows)
	p.Maps = append(p.Maps, out)
}

func newPagePrincipal(file string, from *Principal) pagePrincipal {
	row := pagePrincipal{
		ARN: shown(from.ARN), Kind: from.Kind.String(), Username: shown(from.Username),
		Account: from.Account, Admin: from.Admin() || from.MaybeAdmin, Node: from.Node(), Random: from.Random,
		Entry: fmt.Sprintf("%s[%d]", from.Section, from.Entry),
		Place: fmt.Sprintf("%s:%d:%d", shown(file), from.Start.Line, from.Start.Column), Line: from.Start.Line,
	}
	if from.ByAccessEntry() {
		row.Entry, row.Place = "access entry", "access entry"
	}
	if from.Account {
		row.Kind = "whole account"
	}
	for _, g := range from.Groups {
		row.Groups = append(row.Groups, shown(g))
	}
	return row
}

// groups puts the findings of a rule together, the gravest rules first: errors before warnings, then by severity and number.
func groups(findings []Finding) []*pageGroup {
	var all []*pageGroup
	rank := map[*pageGroup]int{}
	byKey := map[[3]string]*pageGroup{}
	for i := range findings {
		f := &findings[i]
		key := [3]string{f.Rule, string(f.Level), string(f.Action)}
		g := byKey[key]
		if g == nil {
			g = &pageGroup{Level: string(f.Level), Rule: f.Rule, Docs: f.Docs, Consequence: consequence(f.Action), Open: len(findings) <= maxOpen}
			if r := validate.Lookup(f.Rule); r != nil {
				g.Title, rank[g] = r.Title, r.Severity.Rank()
			}
			byKey[key] = g
			all = append(all, g)
		}
		g.Findings = append(g.Findings, newPageFinding(f))
	}
	slices.SortStableFunc(all, func(a, b *pageGroup) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(rank[a], rank[b]), cmp.Compare(len(b.Findings), len(a.Findings)))
	})
	return all
}

func newPageFinding(f *Finding) pageFinding {
	source := f.Excerpt.cut(pageWidth, pageLead)
	out := pageFinding{
		Level: string(f.Level), Place: shown(f.Place()), Message: shown(f.Message),
		Source: source.marked(), Carets: source.carets(),
	}
	if f.Start.Line > 0 {
		out.Number = strconv.Itoa(f.Start.Line)
	}
	out.Indent = strings.Repeat(" ", len(out.Number))
	if f.Entry >= 0 && f.Section != "" {
		out.Entry = fmt.Sprintf("%s[%d]", f.Section, f.Entry)
	}
	if f.Fix != nil && len(f.Fix.Edits) > 0 {
		out.Fix = &pageFix{Safe: f.Fix.Applicability == validate.Safe, Summary: shown(f.Fix.Summary)}
		for _, line := range f.Fix.Before.lines() {
			out.Fix.Before = append(out.Fix.Before, line.marked())
		}
		for _, line := range f.Fix.After.lines() {
			out.Fix.After = append(out.Fix.After, line.marked())
		}
	}
	return out
}

// consequence says what the webhook does about an edit with such a finding.
func consequence(a validate.Action) string {
	switch a {
	case validate.Deny:
		return "the guard refuses an edit that brings this in"
	case validate.Fix:
		return "the guard repairs an edit that brings this in, or refuses it"
	}
	return "the guard warns about an edit that brings this in"
}

func (e Excerpt) marked() marked {
	at := func(from manifest.Span) string { return shown(e.Text[from.Start:from.End]) }
	return marked{
		Before: at(manifest.Span{End: e.Marked.Start}), Marked: at(e.Marked),
		After: at(manifest.Span{Start: e.Marked.End, End: len(e.Text)}),
	}
}

// shown makes a text visible. Tabs stay.
func shown(s string) string { return text.Source(s) }

// sourceHash names a style or a script in a Content-Security-Policy.
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
