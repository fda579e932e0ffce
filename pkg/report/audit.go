package report

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Audit is what is told of a live cluster besides what is wrong with its map.
type Audit struct {
	// Facts say which cluster, when, who asked and by which policy.
	Facts []Fact
	// Unread says why the map could not be read, "" where it was.
	Unread string
	Parts  []Part
}

// Fact is a word and what it says.
type Fact struct{ Name, Value string }

// Part is a section of an audit. Its texts are as they are: each format makes them safe to show.
type Part struct {
	Title string
	// Lead stands above the items, Tail below them.
	Lead, Tail []string
	Items      []Item
	// Table stands between the items and the tail, nil where there is none.
	Table *Table
	// Sign asks for a place to sign each item.
	Sign bool
	// Unread is set where the items are what could not be read.
	Unread bool
}

// Item is somebody or something, and what is said of it.
type Item struct {
	Head string
	// Badge is a word that stands out, or "".
	Badge string
	Lines []string
}

// firstLine is where a finding about no line of its file stands for programs that want one.
var firstLine = manifest.Position{Line: 1, Column: 1}

// notKnown is the words for what could not be read.
func notKnown(why string) string { return "not known: " + why }

// lines are those of a part for a format that is made of lines; of an item the first is its head.
func (p *Part) lines() []string {
	lines := visible(p.Lead)
	for i := range p.Items {
		item := &p.Items[i]
		lines = append(lines, text.Visible(item.headline()))
		for _, l := range item.Lines {
			lines = append(lines, "  "+text.Visible(l))
		}
		if p.Sign {
			lines = append(lines, "  "+signature)
		}
	}
	return append(append(lines, p.Table.lines()...), visible(p.Tail)...)
}

// signature is where somebody signs on paper.
const signature = "name: ____________________  date: ____________  signature: ____________________"

func (i *Item) headline() string {
	if i.Badge == "" {
		return i.Head
	}
	return i.Head + "  [" + i.Badge + "]"
}

// head writes which cluster it is.
func (a *Audit) head(b *strings.Builder, p paint) {
	width := 0
	for _, f := range a.Facts {
		width = max(width, len(f.Name))
	}
	for _, f := range a.Facts {
		fmt.Fprintf(b, "%s  %s\n", p(bold, fmt.Sprintf("%-*s", width, f.Name)), text.Visible(f.Value))
	}
	title(b, "findings")
}

func (a *Audit) text(b *strings.Builder) {
	for i := range a.Parts {
		title(b, a.Parts[i].Title)
		for _, line := range a.Parts[i].lines() {
			b.WriteString(line + "\n")
		}
	}
}

func title(b *strings.Builder, title string) {
	fmt.Fprintf(b, "\n%s\n%s\n", strings.ToUpper(title), strings.Repeat("-", len([]rune(title))))
}

func (a *Audit) markdownHead(b *strings.Builder) {
	b.WriteString("| | |\n|---|---|\n")
	for _, f := range a.Facts {
		fmt.Fprintf(b, "| %s | %s |\n", f.Name, cell(codeSpan(text.Visible(f.Value))))
	}
	b.WriteByte('\n')
	if a.Unread != "" {
		fmt.Fprintf(b, "**%s**\n\n", prose(text.Visible(notKnown(a.Unread))))
	}
}

func (a *Audit) markdown(b *strings.Builder) {
	for i := range a.Parts {
		p := &a.Parts[i]
		fmt.Fprintf(b, "### %s\n\n", p.Title)
		for _, l := range p.Lead {
			fmt.Fprintf(b, "%s\n\n", prose(text.Visible(l)))
		}
		for k := range p.Items {
			item := &p.Items[k]
			fmt.Fprintf(b, "- %s", codeSpan(text.Visible(item.Head)))
			if item.Badge != "" {
				fmt.Fprintf(b, " **%s**", item.Badge)
			}
			b.WriteByte('\n')
			for _, l := range item.Lines {
				fmt.Fprintf(b, "  - %s\n", prose(text.Visible(l)))
			}
			if p.Sign {
				fmt.Fprintf(b, "  - %s\n", prose(signature))
			}
		}
		if len(p.Items) > 0 {
			b.WriteByte('\n')
		}
		p.Table.markdown(b)
		for _, l := range p.Tail {
			fmt.Fprintf(b, "%s\n\n", prose(text.Visible(l)))
		}
	}
}

// github writes groups that a reader of the log unfolds. A line begins with a dash, so that no text of the cluster is a command.
func (a *Audit) github(b *strings.Builder) {
	if a.Unread != "" {
		fmt.Fprintf(b, "::error title=aws-auth: not read::%s\n", commandText.Replace(text.Visible(notKnown(a.Unread))))
	}
	group := func(title string, lines []string) {
		fmt.Fprintf(b, "::group::aws-auth: %s\n", title)
		for _, l := range lines {
			fmt.Fprintf(b, "- %s\n", l)
		}
		b.WriteString("::endgroup::\n")
	}
	group("cluster", a.factLines())
	for i := range a.Parts {
		group(a.Parts[i].Title, a.Parts[i].lines())
	}
}

func (a *Audit) factLines() []string {
	lines := make([]string, 0, len(a.Facts))
	for _, f := range a.Facts {
		lines = append(lines, f.Name+": "+text.Visible(f.Value))
	}
	return lines
}

// junit writes a suite for each part, with a case for each of its items: they pass, as what is wrong is among the findings.
func (a *Audit) junit(suites *junitSuites) {
	about := junitSuite{Name: "cluster", Tests: 1, Cases: []junitCase{{Name: "the map", Class: "cluster", Out: xmlText("\n" + strings.Join(a.factLines(), "\n") + "\n")}}}
	if a.Unread != "" {
		why := text.Visible(notKnown(a.Unread))
		about.Cases[0].Error = &junitResult{Message: why, Text: xmlText(why)}
		about.Errors = 1
	}
	suites.add(about)
	for i := range a.Parts {
		p := &a.Parts[i]
		suite := junitSuite{Name: p.Title}
		if around := append(visible(p.Lead), visible(p.Tail)...); len(around) > 0 {
			suite.Cases = append(suite.Cases, junitCase{Name: p.Title, Class: p.Title, Out: xmlText("\n" + strings.Join(around, "\n") + "\n")})
		}
		for k := range p.Items {
			c := junitCase{Name: text.Visible(p.Items[k].headline()), Class: p.Title}
			if len(p.Items[k].Lines) > 0 {
				c.Out = xmlText("\n" + strings.Join(visible(p.Items[k].Lines), "\n") + "\n")
			}
			if p.Unread {
				c.Skipped = &junitResult{Message: c.Name, Text: xmlText(c.Name)}
				suite.Skipped++
			}
			suite.Cases = append(suite.Cases, c)
		}
		suite.Tests = len(suite.Cases)
		suites.add(suite)
	}
}

// sarifAudit is the property bag of a run: SARIF has no place of its own for what is true and not wrong.
type sarifAudit struct {
	Facts map[string]string `json:"facts"`
	Parts []sarifPart       `json:"parts"`
}

type sarifPart struct {
	Title string   `json:"title"`
	Lines []string `json:"lines"`
}

func (a *Audit) sarif() *sarifAudit {
	out := &sarifAudit{Facts: map[string]string{}, Parts: []sarifPart{}}
	for _, f := range a.Facts {
		out.Facts[f.Name] = f.Value
	}
	for i := range a.Parts {
		out.Parts = append(out.Parts, sarifPart{a.Parts[i].Title, append([]string{}, a.Parts[i].lines()...)})
	}
	return out
}

// notifications tell what could not be read.
func (a *Audit) notifications() []sarifNotification {
	var list []sarifNotification
	if a == nil {
		return nil
	}
	if a.Unread != "" {
		list = append(list, sarifNotification{Level: "error", Message: sarifText{Text: notKnown(a.Unread)}})
	}
	for i := range a.Parts {
		for k := range a.Parts[i].Items {
			if a.Parts[i].Unread {
				list = append(list, sarifNotification{Level: "warning", Message: sarifText{Text: a.Parts[i].Items[k].Head}})
			}
		}
	}
	return list
}
