package audit

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
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
		p.unmatched(a)
		p.title("who may edit aws-auth")
		p.permissions(a, a.Editors)
	}
	p.guard(a)
	p.footnote(a)
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
	p.doors(a)
	for i := range a.Access {
		r := &a.Access[i]
		p.line("%s", heading(r))
		username := text.Name(r.Username)
		if r.Account {
			username = "its ARN"
		}
		p.line("  username %s, groups %s", username, text.List(r.Groups))
		if r.Random {
			p.line("  another entry differs only in case: EKS takes one of the two at random each time")
		}
		if r.Door == access.ByEither && a.AccessEntries.counts() {
			p.line("  whether it is the map or an access entry that lets it in is not known: when the role was created is not in the snapshot, or too close to when its entry was")
		}
		for _, policy := range policyWords(r.Policies) {
			p.line("  may: what the access policy %s allows", policy)
		}
		if a.rbac {
			p.rights(r)
		}
	}
	for i := range a.Everybody {
		p.line("everybody who gets in: %s", a.Everybody[i].Words())
	}
}

// doors says which doors there are.
func (p *page) doors(a *Cluster) {
	e := a.AccessEntries
	switch {
	case e == nil:
		if len(a.Access) == 0 {
			p.line("nobody through the map")
		}
		return
	case e.Mode == snapshot.API:
		p.line("nobody reads the map: the authentication mode of the cluster %s is %s, so EKS asks the access entries alone", e.Cluster, e.Mode)
	case e.Trouble == "" && e.Mode == snapshot.Both:
		p.line("authentication mode %s: EKS asks the access entries of the cluster %s, then the map", e.Mode, e.Cluster)
	case e.Trouble == "":
		p.line("authentication mode %s: EKS asks the map of the cluster %s alone", e.Mode, e.Cluster)
	}
	if e.Trouble != "" {
		p.line("access entries are not known: %s", e.Trouble)
	} else {
		p.line("(access entries as of %s ago)", e.view.Age())
	}
	if len(a.Access) == 0 && e.Trouble == "" {
		p.line("nobody by either door")
	}
}

// counts reports whether the access entries are known.
func (e *AccessEntries) counts() bool { return e != nil && e.Trouble == "" }

// heading names who a row lets in, and by which door.
func heading(r *rights.Row) string {
	switch {
	case r.ByAccessEntry():
		return fmt.Sprintf("%s  (access entry of type %s)", r.ARN, r.Type)
	case r.Account:
		return fmt.Sprintf("every principal of account %s  (%s[%d])", r.ARN, r.Section, r.Entry)
	}
	return fmt.Sprintf("%s  (%s[%d])", r.ARN, r.Section, r.Entry)
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

func (p *page) unmatched(a *Cluster) {
	if len(a.Unmatched) == 0 {
		return
	}
	where, others, has := "the map", "access entries, OIDC or client certificates", "the map has"
	if a.AccessEntries.counts() {
		where, others, has = "the map or the access entries", "OIDC or client certificates", "there is"
	}
	p.title("bindings that match nobody in " + where)
	for _, u := range a.Unmatched {
		hint := ""
		if u.OtherCase != "" {
			hint = fmt.Sprintf("; %s %s: case matters", has, text.Name(u.OtherCase))
		}
		p.line("%s names the %s %s%s", u.Binding, strings.ToLower(u.Subject.Kind), text.Name(u.Subject.Name), hint)
	}
	p.line("(they may be for %s)", others)
}

// permissions lists who may do a thing, those first whom RBAC can't stop.
func (p *page) permissions(a *Cluster, list []Editor) {
	p.line("Group %s: everything, whatever RBAC says", awsauth.MastersGroup)
	byPolicy := []string{}
	for i := range a.Access {
		switch r := &a.Access[i]; {
		case r.IsAdmin():
			p.line("  who is %s", r.ARN)
		case r.Admin:
			byPolicy = append(byPolicy, r.ARN)
		}
	}
	if len(byPolicy) > 0 {
		p.line("Access policy %s: everything, whatever RBAC says", snapshot.ClusterAdmin)
	}
	for _, who := range byPolicy {
		p.line("  who is %s", who)
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
func (p *page) footnote(a *Cluster) {
	if a.AccessEntries.counts() {
		if a.AccessEntries.Mode == snapshot.ConfigMap {
			p.line("\nNot in the map, so not in this report: the cluster's creator.")
		}
		return
	}
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
