package trace

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Trace is the answer to who a caller is to EKS. Its JSON shape is a contract: all keys are always there.
type Trace struct {
	// Lost are the lists of the map that EKS can't read.
	Lost []LostList `json:"lost"`
	// Mapped is set where the map has the caller. Door is what lets it in: aws-auth, access-entry, none, or unknown.
	Mapped bool   `json:"mapped"`
	Door   string `json:"door"`
	// Caller is the ARN that EKS gets to see.
	Caller string `json:"caller"`
	// Username and Groups are those that the door gives.
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	Section  string   `json:"section"`
	// Entry is null where nothing matched.
	Entry   *int   `json:"entry"`
	Reason  string `json:"reason"`
	Nearest []Near `json:"nearest"`
	// Other is null where the door that does not open would give nothing.
	Other *OtherDoor `json:"other"`

	caller Caller
	// known are the access entries, accessEntry is that of the caller, nil for none, and because says what is to be known of it.
	known       Doors
	accessEntry *EntryOf
	because     string
	// file is the name of the file with the map.
	file string
	// place of the entry that matched, and of others that match as well.
	place  string
	others []string
	// short is the reason without the nearest miss.
	short string
	// Rights is nil where they were not asked for.
	Rights *Rights `json:"-"`
	// advice is nil where there is nothing to add to the map.
	advice *Advice
}

// LostList is a list that EKS throws away.
type LostList struct {
	Section string `json:"section"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// LostLists finds what makes EKS throw lists away.
func LostLists(doc *awsauth.Document, f *manifest.File, d *manifest.Document) []LostList {
	lost := []LostList{}
	findings := validate.Check(doc, validate.Options{})
	for _, s := range doc.Sections() {
		i := slices.IndexFunc(findings, func(f validate.Finding) bool { return f.Section == s.Key && f.Entry < 0 })
		if !s.Discarded() || i < 0 {
			continue
		}
		at := f.Position(d.Span(string(s.Key), findings[i].Span).Start)
		lost = append(lost, LostList{Section: string(s.Key), Line: at.Line, Column: at.Column, Message: report.FileLines(findings[i].Sentence(), f, d)})
	}
	return lost
}

// NearKeys finds lists under keys that EKS does not read, as maproles.
func NearKeys(doc *awsauth.Document, f *manifest.File, d *manifest.Document) []LostList {
	var lost []LostList
	for _, found := range validate.Check(doc, validate.Options{}) {
		if slices.Contains(doc.OtherKeys, found.Field) || slices.Contains(doc.BinaryKeys, found.Field) {
			at := f.Position(d.KeySpan(found.Field).Start)
			lost = append(lost, LostList{Section: found.Field, Line: at.Line, Column: at.Column, Message: found.Sentence().Text})
		}
	}
	return lost
}

// Elsewhere is why a map lets nobody in that a file puts where EKS reads nothing.
const Elsewhere = "EKS does not read this map: it reads only the ConfigMap " + awsauth.Name + " in the namespace " + awsauth.Namespace

// Near is an entry that comes close.
type Near struct {
	Section string `json:"section"`
	// Entry is null where the whole section is lost.
	Entry *int   `json:"entry"`
	ARN   string `json:"arn"`
	Why   string `json:"why"`
}

// New traces a caller through a map.
func New(who Caller, f *manifest.File, d *manifest.Document) *Trace {
	doc := awsauth.ReadAll(d.Data, d.BinaryData)
	if d.Misplaced() {
		doc = awsauth.Read(nil)
	}
	r := doc.Resolve(awsauth.Caller{ARN: who.ARN})
	if !r.Mapped && r.Match == nil {
		// What is written of an ARN that another tool completes is no miss yet.
		known := slices.DeleteFunc(r.Nearest, func(m awsauth.Miss) bool { return d.Unrendered(m.ARN) })
		r.Nearest = append(filledLater(doc, d, who.ARN), known...)
	}
	if d.Misplaced() {
		r.Reason = Elsewhere
	}
	if r.Mapped {
		r.Reason = unrendered(doc, d, who.ARN, &r)
	}
	t := &Trace{
		Mapped: r.Mapped, Username: r.Username, Groups: append([]string{}, r.Groups...),
		Section: string(r.Section), Entry: index(r.Entry), Reason: r.Reason, Nearest: []Near{}, caller: who, Caller: who.ARN,
	}
	near := NearKeys(doc, f, d)
	t.short, t.Lost, t.file = t.Reason, append(LostLists(doc, f, d), near...), f.Name
	if !r.Mapped && r.Match == nil && len(near) > 0 {
		t.short += fmt.Sprintf("; first rename the data key %s, which EKS does not read", text.Quote(near[0].Section))
		t.Reason = t.short
	}
	for i, m := range r.Nearest {
		why := report.FileLines(m.Why, f, d)
		if i == 0 {
			t.Reason += "; nearest: " + why
		}
		t.Nearest = append(t.Nearest, Near{Section: string(m.Section), Entry: index(m.Entry), ARN: m.ARN, Why: why})
	}
	at := func(key awsauth.Key, span awsauth.Span) string {
		p := f.Position(d.Span(string(key), span).Start)
		return fmt.Sprintf("%s:%d:%d", f.Name, p.Line, p.Column)
	}
	switch {
	case r.Match != nil:
		t.place = at(r.Section, r.Match.Span())
	case r.Entry >= 0:
		t.place = at(r.Section, doc.Accounts.Accounts[r.Entry].Span())
	case !d.Misplaced():
		if t.advice = newAdvice(who, doc, f, d); t.advice != nil && len(near) > 0 {
			t.advice.near = near[0].Section
		}
	}
	for _, o := range r.Others {
		t.others = append(t.others, fmt.Sprintf("%s[%d] (%s)", o.Section.Key, o.Index, at(o.Section.Key, o.Span())))
	}
	return t
}

func index(i int) *int {
	if i < 0 {
		return nil
	}
	return &i
}

// Rights is what RBAC gives a caller.
type Rights struct {
	grants []rbac.Grant
	// builtin says what groups give without a binding.
	builtin []string
	// unknown says why the bindings are not known, or is empty.
	unknown string
	// policies say what access policies allow.
	policies []string
}

// Judge says what the caller may do, by what RBAC gives it and by the policies of its access entry.
func (t *Trace) Judge(x *rbac.Index, gaps []live.Gap) {
	t.Rights = newRights(x, gaps, t.Username, t.Groups)
	if t.Door == string(access.ByEntry) {
		for _, p := range t.accessEntry.Policies {
			t.Rights.policies = append(t.Rights.policies, "what the access policy "+p.Words()+" allows")
		}
	}
}

func newRights(x *rbac.Index, gaps []live.Gap, username string, groups []string) *Rights {
	r := &Rights{}
	for _, g := range groups {
		if what := rights.Builtin(g); what != "" {
			r.builtin = append(r.builtin, fmt.Sprintf("%s (group %s)", what, g))
		}
	}
	if x == nil {
		r.unknown = "the bindings could not be read"
		for _, g := range gaps {
			r.unknown += fmt.Sprintf("; %s: %s", g.What, g.Why)
		}
		return r
	}
	r.grants = rights.Given(x, username, groups)
	return r
}

// Lines say what the caller may do, for people.
func (r *Rights) Lines() []string {
	lines := append(append([]string{}, r.builtin...), r.policies...)
	for i := range r.grants {
		lines = append(lines, r.grants[i].Words())
	}
	switch {
	case r.unknown != "":
		lines = append(lines, "not known: "+r.unknown)
	case r.Nothing():
		lines = append(lines, `nothing: no binding names this username or one of these groups, so requests are answered "forbidden"`)
	}
	return lines
}

// Nothing reports that the caller may do nothing; what is not known is not nothing.
func (r *Rights) Nothing() bool {
	return r.unknown == "" && len(r.builtin)+len(r.policies)+len(r.grants) == 0
}

// Text is the trace for people; next is the command that checks the map.
func (t *Trace) Text(next string) string {
	var b strings.Builder
	row := func(label, what string) { fmt.Fprintf(&b, "%-10s %s\n", label, text.Visible(what)) }
	for _, l := range t.Lost {
		fmt.Fprintf(&b, "%s:%d:%d: %s\n", text.Visible(t.file), l.Line, l.Column, text.Visible(l.Message))
	}
	if t.caller.Login != "" {
		row("sign-in:", t.caller.Login)
	}
	row("caller:", t.caller.ARN)
	if t.caller.Note != "" {
		row("note:", t.caller.Note)
	}
	t.doorRows(row)
	if t.Entry != nil && (t.Other == nil || t.Other.Door != access.ByMap) {
		row("matches:", fmt.Sprintf("%s[%d] (%s)", t.Section, *t.Entry, t.place))
	}
	for _, o := range t.others {
		row("but also:", o+": the ARNs differ only in case, and EKS takes one of them at random each time")
	}
	if t.LetIn() {
		if t.Mapped && t.Reason != "" {
			row("note:", t.Reason)
		}
		row("username:", text.Name(t.Username))
		row("groups:", text.List(t.Groups))
		if t.Rights != nil {
			for i, line := range t.Rights.Lines() {
				label := ""
				if i == 0 {
					label = "may:"
				}
				row(label, line)
			}
		}
	} else {
		fmt.Fprintf(&b, "not let in: %s\n", text.Visible(t.short))
		for _, n := range t.Nearest {
			row("near:", text.Name(n.ARN))
			row("", n.Why)
		}
	}
	if t.advice != nil {
		b.WriteString(t.advice.Text(len(t.Nearest) > 0))
	}
	if len(t.Lost)+len(t.Nearest)+len(t.others) > 0 || !t.LetIn() && t.advice == nil {
		fmt.Fprintf(&b, "\ncheck the map: %s\n", next)
	}
	return b.String()
}
