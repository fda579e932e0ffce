package audit

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Text writes the report for people, the gravest part first in each section.
func Text(w io.Writer, a *Cluster) error {
	p := &page{}
	p.line("cluster %s", a.Target.Server)
	p.findings(a)
	p.entrants(a)
	if a.rbac {
		p.groups(a.Groups)
		p.unmatched(a.Unmatched)
		p.title("who may edit aws-auth")
		p.permissions(a, a.Editors)
	}
	p.guard(a)
	p.footnote()
	if len(a.Unread) > 0 {
		p.title("not read")
		for _, g := range a.Unread {
			fmt.Fprintf(p, "  %s: %s\n", g.What, strings.ReplaceAll(text.Lines(g.Why), "\n", "\n  "))
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// page is a text in sections.
type page struct{ strings.Builder }

// line writes one line: no text among the arguments breaks it.
func (p *page) line(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = text.Visible(s)
		}
	}
	fmt.Fprintf(p, format+"\n", args...)
}

func (p *page) title(title string) {
	p.line("\n%s\n%s", strings.ToUpper(title), strings.Repeat("-", len([]rune(title))))
}

func (p *page) findings(a *Cluster) {
	p.title("findings")
	if a.Lint == nil {
		p.line("no map to judge")
		return
	}
	// A page never fails to take text.
	_ = report.Text(p, a.Lint)
}

func (p *page) entrants(a *Cluster) {
	p.title("who gets in")
	if len(a.Access) == 0 {
		p.line("nobody through the map")
	}
	for i := range a.Access {
		r := &a.Access[i]
		name := r.ARN
		if r.Account {
			name = "every principal of account " + r.ARN
		}
		p.line("%s  (%s[%d])", name, r.Section, r.Entry)
		username := text.Name(r.Username)
		if r.Account {
			username = "its ARN"
		}
		p.line("  username %s, groups %s", username, text.List(r.Groups))
		if r.Random {
			p.line("  another entry differs only in case: EKS takes one of the two at random each time")
		}
		if a.rbac {
			p.rights(r)
		}
	}
	for i := range a.Everybody {
		p.line("everybody who gets in: %s", a.Everybody[i].Words())
	}
}

func (p *page) rights(r *rights.Row) {
	for i, g := range r.Groups {
		if what := rights.Builtin(g); what != "" && !slices.Contains(r.Groups[:i], g) {
			p.line("  may: %s (group %s)", what, g)
		}
	}
	for i := range r.Grants {
		p.line("  may: %s", r.Grants[i].Words())
	}
	if r.NoRights {
		p.line("  may: nothing of its own; no binding names the username or a group")
	}
}

func (p *page) groups(groups []rights.Group) {
	unbound := slices.DeleteFunc(slices.Clone(groups), func(g rights.Group) bool { return g.Bound })
	if len(unbound) == 0 {
		return
	}
	p.title("groups without a binding")
	for _, g := range unbound {
		hint := ""
		if g.OtherCase != "" {
			hint = fmt.Sprintf("; bindings name the group %s: case matters", text.Name(g.OtherCase))
		}
		p.line("%s, of %s%s", text.Name(g.Name), strings.Join(g.Members, ", "), hint)
	}
}

func (p *page) unmatched(list []rights.Unmatched) {
	if len(list) == 0 {
		return
	}
	p.title("bindings that match nobody in the map")
	for _, u := range list {
		hint := ""
		if u.OtherCase != "" {
			hint = fmt.Sprintf("; the map has %s: case matters", text.Name(u.OtherCase))
		}
		p.line("%s names the %s %s%s", u.Binding, strings.ToLower(u.Subject.Kind), text.Name(u.Subject.Name), hint)
	}
	p.line("(they may be for access entries, OIDC or client certificates)")
}

// permissions lists who may do a thing, those first whom RBAC can't stop.
func (p *page) permissions(a *Cluster, list []Editor) {
	p.line("Group %s: everything, whatever RBAC says", awsauth.MastersGroup)
	for i := range a.Access {
		if a.Access[i].Admin {
			p.line("  who is %s", a.Access[i].ARN)
		}
	}
	for _, e := range merge(list) {
		if e.Subject.Name == awsauth.MastersGroup {
			continue
		}
		p.line("%s: %s  (%s, %s)", quotedSubject(e.Subject), strings.Join(e.Verbs, ", "), e.Role, e.Binding)
		for _, c := range e.Callers {
			p.line("  who is %s", c)
		}
	}
}

// merge leaves out what says the same about another resource.
func merge(list []Editor) []Editor {
	var out []Editor
	for _, e := range list {
		same := func(o Editor) bool {
			return o.Subject == e.Subject && o.Binding == e.Binding && slices.Equal(o.Verbs, e.Verbs)
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, e)
		}
	}
	return out
}

func quotedSubject(s rbac.Subject) string {
	if s.Namespace != "" {
		return s.String()
	}
	return s.Kind + " " + text.Name(s.Name)
}

func (p *page) guard(a *Cluster) {
	p.title("guard")
	if a.Guard == nil {
		p.line("not known: the webhook configurations could not be read")
		return
	}
	p.line("%s", guardLine(a.Guard))
	p.problems("", a.Guard.Problems)
	for i := range a.Guard.Webhooks {
		p.webhook(&a.Guard.Webhooks[i])
	}
	if a.Guard.Installed && a.rbac {
		p.title("who may turn the guard off, by changing its registration")
		p.permissions(a, a.Removers)
	}
}

// footnote says what the report can't see.
func (p *page) footnote() {
	p.line("\nNot in the map, so not in this report: access entries (`aws eks list-access-entries`) and the cluster's creator.")
}

func guardLine(s *registration.State) string {
	if !s.Installed {
		return "not installed"
	}
	switch s.Worst() {
	case "":
		return "installed and in order"
	case registration.Bypass:
		return "installed, but edits of " + awsauth.Name + " can get past it"
	case registration.Broken:
		return "installed, but broken"
	case registration.Warning:
		return "installed; something needs attention"
	}
	return "installed; not all of it could be checked"
}

func (p *page) webhook(w *registration.WebhookState) {
	kind := "refuses"
	if w.Mutating {
		kind = "repairs"
	}
	detail := fmt.Sprintf("failurePolicy %s, %d s", w.FailurePolicy, w.TimeoutSeconds)
	if w.Ready != nil {
		detail += fmt.Sprintf(", %d ready", *w.Ready)
	}
	if w.CertificateExpires != nil {
		detail += ", certificate until " + w.CertificateExpires.UTC().Format("2006-01-02")
	}
	p.line("%s in %s %s: %s  (%s)", w.Name, w.Configuration, kind, w.Backend, detail)
	p.problems("  ", w.Problems)
}

func (p *page) problems(indent string, list []registration.Problem) {
	for _, problem := range list {
		p.line("%s%s: %s", indent, problem.Kind, problem.Message)
	}
}
