package report

import "fmt"

// pageAudit is an audit as the page shows it.
type pageAudit struct {
	Facts  []Fact
	Unread string
	Parts  []pagePart
}

type pagePart struct {
	// ID of the section in the page.
	ID, Title  string
	Lead, Tail []string
	Items      []Item
	Table      *Table
	Sign       bool
}

func newPageAudit(a *Audit) *pageAudit {
	out := &pageAudit{}
	for _, f := range a.Facts {
		out.Facts = append(out.Facts, Fact{f.Name, shown(f.Value)})
	}
	if a.Unread != "" {
		out.Unread = shown(notKnown(a.Unread))
	}
	for i := range a.Parts {
		p := &a.Parts[i]
		part := pagePart{ID: fmt.Sprintf("part-%d", i+1), Title: p.Title, Lead: visible(p.Lead), Tail: visible(p.Tail), Table: p.Table.shown(shown), Sign: p.Sign}
		for k := range p.Items {
			part.Items = append(part.Items, Item{Head: shown(p.Items[k].Head), Badge: p.Items[k].Badge, Lines: visible(p.Items[k].Lines)})
		}
		out.Parts = append(out.Parts, part)
	}
	return out
}
