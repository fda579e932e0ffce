package report

import (
	"fmt"
	"strings"
)

// pen writes HTML. It is no template of html/template, because that calls methods by their names: with it the linker must
// keep every method of every type, which makes the in-cluster program half as large again, in memory too.
type pen struct{ strings.Builder }

// verbatim is HTML that is written as it is.
type verbatim string

// put writes a piece of the page. Every text among the arguments is escaped, for the content of elements and for values of
// attributes in double quotes; nothing of a report may stand anywhere else. Only verbatim is not.
func (b *pen) put(format string, args ...any) {
	for i, a := range args {
		if text, ok := a.(string); ok {
			args[i] = escape(text)
		}
	}
	fmt.Fprintf(b, format, args...)
}

// escape makes a text safe as content of an element and as a quoted value of an attribute.
func escape(s string) string {
	return strings.NewReplacer("\x00", "\ufffd", `"`, "&#34;", "&", "&amp;", "'", "&#39;", "+", "&#43;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func (b *pen) page(p *page) {
	b.put(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="%s">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>aws-auth: %s</title>
<link rel="icon" href="data:,">
<style>%s</style>
</head>
<body>
<a class="skip" href="#findings">Skip to the findings</a>
`, p.SecurityPolicy, p.Verdict, verbatim(p.Style))
	b.header(p)
	b.WriteString("<main>\n")
	b.summary(p)
	b.admins(p)
	b.maps(p)
	b.findings(p)
	b.notes(p.Notes)
	b.rules(p.Rules)
	b.put("</main>\n<script>%s</script>\n</body>\n</html>\n", verbatim(p.Script))
}

func (b *pen) header(p *page) {
	b.put(`<header>
<p class="kicker">Who may enter the cluster: kube-system/aws-auth</p>
<h1>%s</h1>
<dl class="about">`, p.Verdict)
	if p.Human != "" {
		b.put("\n"+`<div><dt>Date</dt><dd><time datetime="%s">%s</time></dd></div>`, p.Machine, p.Human)
	}
	for _, row := range []struct {
		name, value string
		foreign     bool
	}{{"Cluster", p.Cluster, true}, {"Profile", p.Profile, false}, {"Policy", p.Policy, true}, {"aws-auth-guard", p.Version, false}} {
		switch {
		case row.value == "":
		case row.foreign:
			b.put("\n<div><dt>%s</dt><dd><bdi>%s</bdi></dd></div>", row.name, row.value)
		default:
			b.put("\n<div><dt>%s</dt><dd>%s</dd></div>", row.name, row.value)
		}
	}
	b.WriteString(`
</dl>
<nav aria-label="Sections">
<a href="#admins">Admins</a> <a href="#access">Who enters as what</a> <a href="#findings">Findings</a>`)
	if len(p.Notes) > 0 {
		b.WriteString(` <a href="#unchecked">Not checked</a>`)
	}
	b.WriteString(` <a href="#rules">Rules asked</a>
</nav>
</header>
`)
}

func (b *pen) summary(p *page) {
	b.WriteString(`<section aria-labelledby="summary">
<h2 id="summary">Summary</h2>
<dl class="figures">
`)
	for _, f := range []struct {
		name, class string
		n           int
	}{
		{"Errors", "error", p.Errors},
		{"Warnings", "warning", p.Warnings},
		{"Not checked", "warning", len(p.Notes)},
		{"Files read", "", p.Files},
		{"Maps", "", len(p.Maps)},
		{"Entries", "", p.Entries},
		{"Principals let in", "", p.People},
		{"Admins", "", len(p.Admins)},
		{"Node roles", "", p.Nodes},
	} {
		class := ""
		if f.class != "" && f.n > 0 {
			class = ` class="` + f.class + `"`
		}
		b.put("<div%s><dt>%s</dt><dd>%d</dd></div>\n", verbatim(class), f.name, f.n)
	}
	b.WriteString("</dl>\n</section>\n\n")
}

func (b *pen) admins(p *page) {
	b.WriteString(`<section aria-labelledby="admins">
<h2 id="admins">Who is admin</h2>
`)
	switch {
	case len(p.Admins) > 0:
		b.WriteString(`<p>In the group <code>system:masters</code>: they may do anything in the cluster, and no RBAC takes it from them.</p>
<ul class="admins">`)
		for i := range p.Admins {
			a := &p.Admins[i]
			b.put("\n"+`<li><code class="arn">%s</code> as `, a.ARN)
			b.username(a)
			if a.Random {
				b.WriteString(" ")
				b.random()
			}
			b.put(` <span class="place"><bdi>%s</bdi></span></li>`, a.Place)
		}
		b.WriteString("\n</ul>\n")
	case len(p.Maps) > 0:
		b.WriteString("<p>Nobody: no map puts anybody into <code>system:masters</code>.</p>\n")
	default:
		b.WriteString("<p>There is no map.</p>\n")
	}
	b.WriteString(`<p class="aside">These are the admins by the maps above. RBAC bindings, EKS access entries and the principal that created the cluster can make more; no file shows them.</p>
</section>

`)
}

func (b *pen) username(r *pagePrincipal) {
	switch {
	case r.Account:
		b.WriteString(`<span class="none">the ARN of whoever comes</span>`)
	case r.Username != "":
		b.put("<code>%s</code>", r.Username)
	default:
		b.WriteString(`<span class="none">no name</span>`)
	}
}

func (b *pen) random() {
	b.WriteString(`<span class="badge random">by chance</span> <span class="none">another entry differs in letter case only</span>`)
}

func (b *pen) maps(p *page) {
	b.WriteString(`<section aria-labelledby="access">
<h2 id="access">Who enters as what</h2>
`)
	if len(p.Maps) == 0 {
		b.WriteString("<p>There is no map.</p>\n</section>\n\n")
		return
	}
	b.WriteString(`<div class="tools" hidden>
<label for="search">Search principals, usernames, groups</label>
<input id="search" type="search" autocomplete="off" spellcheck="false" aria-describedby="matches">
<p id="matches" role="status"></p>
</div>
`)
	for i := range p.Maps {
		b.table(&p.Maps[i])
	}
	b.WriteString("</section>\n\n")
}

func (b *pen) table(m *pageMap) {
	b.put(`<section class="map" aria-labelledby="%s">
<h3 id="%s"><bdi>%s</bdi></h3>
`, m.ID, m.ID, m.Name)
	for _, key := range m.Lost {
		b.put(`<p class="lost"><strong>%s can’t be read:</strong> EKS drops the whole list, and lets in nobody by it.</p>`+"\n", key)
	}
	if len(m.Rows) == 0 {
		b.WriteString(`<p class="lost"><strong>This map lets nobody in.</strong></p>` + "\n</section>\n")
		return
	}
	b.put("<table>\n<caption>%d let in by %d %s", len(m.Rows), m.Entries, either(m.Entries == 1, "entry", "entries"))
	if idle := m.Idle(); idle > 0 {
		b.put("; %d %s nobody in or %s overruled by another", idle, either(idle == 1, "lets", "let"), either(idle == 1, "is", "are"))
	}
	b.WriteString(`</caption>
<thead>
<tr><th scope="col">Principal</th><th scope="col">Kind</th><th scope="col">Username</th><th scope="col">Groups</th><th scope="col">Power</th><th scope="col">Place</th></tr>
</thead>
<tbody>`)
	for i := range m.Rows {
		b.row(i, &m.Rows[i])
	}
	b.WriteString("\n</tbody>\n</table>\n</section>\n")
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func (b *pen) row(at int, r *pagePrincipal) {
	b.put("\n<tr>\n"+`<th scope="row" data-label="Principal">%s<code class="arn">%s</code></th>
<td data-label="Kind">%s</td>
<td data-label="Username">`, either(r.Account, "every principal of account ", ""), r.ARN, r.Kind)
	b.username(r)
	b.WriteString("</td>\n" + `<td data-label="Groups">`)
	for _, g := range r.Groups {
		if g == "" {
			b.WriteString(`<code class="group">""</code> `)
			continue
		}
		b.put(`<code class="group">%s</code> `, g)
	}
	if len(r.Groups) == 0 {
		b.WriteString(`<span class="none">none</span>`)
	}
	b.WriteString("</td>\n" + `<td data-label="Power">`)
	if r.Admin {
		b.WriteString(`<span class="badge admin">admin</span> `)
	}
	if r.Node {
		b.WriteString(`<span class="badge node">node</span> `)
	}
	if r.Random {
		b.random()
	}
	if !r.Admin && !r.Node && !r.Random {
		b.WriteString(`<span class="none">by RBAC</span>`)
	}
	b.put("</td>\n"+`<td data-label="Place" data-value="%d"><span>%s,</span> <span>line %d</span></td>`+"\n</tr>", at, r.Entry, r.Line)
}

func (b *pen) findings(p *page) {
	b.WriteString(`<section aria-labelledby="findings">
<h2 id="findings">Findings</h2>
`)
	for i := range p.Findings {
		b.finding(&p.Findings[i])
	}
	if len(p.Findings) == 0 {
		b.put("<p>Nothing found%s.</p>\n", either(len(p.Notes) > 0, " in what was checked", ""))
	}
	b.WriteString("</section>\n")
}

func (b *pen) finding(f *pageFinding) {
	b.put(`<article class="finding %s">
<h3><span class="badge %s">%s</span> <a href="%s" rel="noreferrer">%s</a> <span class="place"><bdi>%s</bdi>`, f.Level, f.Level, f.Level, f.Docs, f.Rule, f.Place)
	if f.Entry != "" {
		b.put(" (%s)", f.Entry)
	}
	b.put(`</span></h3>
<p class="message">%s</p>
<pre class="source" tabindex="0" role="region" aria-label="Source line"><span class="number">%s | </span>`, f.Message, f.Number)
	b.marked(f.Source)
	b.put("\n"+`<span class="carets" aria-hidden="true"><span class="number">%s | </span>%s</span></pre>`+"\n", f.Indent, f.Carets)
	if f.Fix != nil {
		b.fix(f.Fix)
	}
	b.put(`<p class="aside">Profile’s action: %s.</p>`+"\n</article>\n", f.Consequence)
}

func (b *pen) fix(f *pageFix) {
	b.put("<figure>\n<figcaption>%s", either(f.Safe, "Safe repair", "Suggested repair, to be checked by you"))
	if f.Summary != "" {
		b.put(": %s", f.Summary)
	}
	b.WriteString("</figcaption>\n" + `<pre class="change">`)
	for _, line := range f.Before {
		b.WriteString(`<del><span class="sign">- <span class="hear">before: </span></span>`)
		b.marked(line)
		b.WriteString("</del>")
	}
	for _, line := range f.After {
		b.WriteString(`<ins><span class="sign">+ <span class="hear">after: </span></span>`)
		b.marked(line)
		b.WriteString("</ins>")
	}
	b.WriteString("</pre>\n</figure>\n")
}

func (b *pen) marked(m marked) {
	b.put("%s", m.Before)
	if m.Marked != "" {
		b.put("<mark>%s</mark>", m.Marked)
	}
	b.put("%s", m.After)
}

func (b *pen) notes(notes []pageNote) {
	if len(notes) > 0 {
		b.WriteString(`
<section aria-labelledby="unchecked">
<h2 id="unchecked">Not checked</h2>
<ul>`)
		for _, n := range notes {
			b.put("\n"+`<li><span class="place"><bdi>%s</bdi></span> %s</li>`, n.Place, n.Message)
		}
		b.WriteString("\n</ul>\n</section>\n")
	}
	b.WriteString("\n")
}

func (b *pen) rules(rules []pageRule) {
	b.put(`<section aria-labelledby="rules">
<h2 id="rules">Rules asked</h2>
<details>
<summary>%d rules</summary>
<ul class="rules">`, len(rules))
	for _, r := range rules {
		b.put("\n"+`<li><a href="%s" rel="noreferrer">%s</a></li>`, r.Docs, r.Name)
	}
	b.WriteString("\n</ul>\n</details>\n</section>\n")
}
