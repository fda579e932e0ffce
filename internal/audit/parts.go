package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// facts say which cluster it is, when it was asked, by whom and by which policy.
func (a *Cluster) facts() []report.Fact {
	var list []report.Fact
	add := func(name, value string) {
		if value != "" {
			list = append(list, report.Fact{Name: name, Value: value})
		}
	}
	unknown := func(s string) string {
		if s == "" {
			return "not known"
		}
		return s
	}
	add("cluster", a.Target.Server)
	add("context", a.Target.Context)
	add("Kubernetes", unknown(a.Target.Version))
	version := "resourceVersion " + a.Target.ResourceVersion
	switch {
	case a.evaluation.mapUnread != "":
		version = "not known: " + a.evaluation.mapUnread
	case a.Target.ResourceVersion == "":
		version = "there is none"
	}
	add("map", version)
	add("time", a.Time.Format(time.RFC3339))
	asked := "not known"
	if a.AskedBy != nil {
		asked = fmt.Sprintf("%s, groups %s", text.Name(a.AskedBy.Username), text.List(a.AskedBy.Groups))
	}
	add("asked by", asked)
	judged := "profile " + string(a.Policy.Profile)
	if a.Policy.File != "" {
		judged += ", " + text.Name(a.Policy.File)
	}
	add("policy", judged)
	var known []string
	for _, of := range a.IAM {
		from := "from " + text.Name(of.Source)
		if of.Source == iam.Live {
			from = "asked"
		}
		known = append(known, fmt.Sprintf("account %s %s as of %s", of.Account, from, of.Time.Format(time.RFC3339)))
	}
	add("IAM", strings.Join(known, ", "))
	return list
}

// parts are the sections of the report, the gravest first in each.
func (a *Cluster) parts() []report.Part {
	list := []report.Part{a.admins(), a.entrants()}
	for _, p := range []report.Part{a.groups(), a.unmatched()} {
		if len(p.Items) > 0 {
			list = append(list, p)
		}
	}
	list = append(list, a.permissions("who may edit aws-auth", a.Editors), a.guard())
	if a.Guard != nil && a.Guard.Installed {
		list = append(list, a.permissions("who may turn the guard off, by changing its registration", a.Removers))
	}
	list = append(list, a.signOff())
	if len(a.Unread) > 0 {
		p := report.Part{Title: "not read", Unread: true}
		for _, g := range a.Unread {
			p.Items = append(p.Items, report.Item{Head: g.What + ": " + text.OneLine(g.Why)})
		}
		list = append(list, p)
	}
	return list
}

// unread are the reasons for which more may be true than what is listed: of the map, of the bindings and of the access entries.
func (a *Cluster) unread() []string {
	var list []string
	e := a.evaluation
	if !e.everybodyKnown() {
		list = append(list, "whom the map lets in is not known: "+e.mapUnread)
	}
	switch {
	case !e.rbac:
		list = append(list, "what bindings give is not known: they could not be read")
	case !e.roles:
		list = append(list, "what bindings give is not known for certain: roles could not be read")
	}
	switch {
	case a.AccessEntries == nil && a.noEntries != "":
		list = append(list, "access entries are not known: "+a.noEntries)
	case a.AccessEntries == nil:
		list = append(list, "access entries are not known: there is no snapshot of them")
	case a.AccessEntries.Trouble != "" && a.AccessEntries.Mode != snapshot.API:
		list = append(list, "access entries are not known: "+a.AccessEntries.Trouble)
	}
	return list
}

func (a *Cluster) admins() report.Part {
	p := report.Part{Title: "administrators"}
	for i := range a.Admins {
		who := &a.Admins[i]
		item := report.Item{Head: who.Who}
		if who.row != nil {
			item.Head = heading(who.row)
		}
		for _, w := range who.By {
			item.Lines = append(item.Lines, "by "+w.By)
		}
		if who.row == nil && a.evaluation.everybodyKnown() {
			item.Lines = append(item.Lines, "nobody whom the map or a known access entry lets in is that")
		}
		p.Items = append(p.Items, item)
	}
	p.Tail = a.unread()
	if len(p.Items) == 0 {
		lead := "none is known"
		if len(p.Tail) == 0 {
			lead = "nobody by either door"
		}
		p.Lead = append(p.Lead, lead)
	}
	if mode := a.evaluation.Mode(); mode != snapshot.API {
		p.Tail = append(p.Tail, "the cluster's creator may be one: no map and no binding shows it")
	}
	return p
}

func (a *Cluster) entrants() report.Part {
	p := report.Part{Title: "who gets in", Lead: a.doors()}
	for i := range a.Access {
		r := &a.Access[i]
		item := report.Item{Head: heading(r), Badge: badge(r)}
		username := text.Name(r.Username)
		if r.Account {
			username = "its ARN"
		}
		item.Lines = append(item.Lines, fmt.Sprintf("username %s, groups %s", username, text.List(r.Groups)))
		if r.Random {
			item.Lines = append(item.Lines, "another entry differs only in case: EKS takes one of the two at random each time")
		}
		if r.Door == access.ByEither && a.AccessEntries.counts() {
			item.Lines = append(item.Lines, "whether it is the map or an access entry that lets it in is not known: when the role was created is not in the snapshot, or too close to when its entry was")
		}
		for _, policy := range policyWords(r.Policies) {
			item.Lines = append(item.Lines, "may: what the access policy "+policy+" allows")
		}
		item.Lines = append(item.Lines, a.rights(r)...)
		p.Items = append(p.Items, item)
	}
	for i := range a.Everybody {
		p.Tail = append(p.Tail, "everybody who gets in: "+a.Everybody[i].Words())
	}
	if !a.AccessEntries.counts() {
		p.Tail = append(p.Tail, "Not in the map, so not in this report: access entries (`aws eks list-access-entries`) and the cluster's creator.")
	} else if a.AccessEntries.Mode == snapshot.ConfigMap {
		p.Tail = append(p.Tail, "Not in the map, so not in this report: the cluster's creator.")
	}
	return p
}

func badge(r *rights.Row) string {
	switch {
	case r.IsAdmin():
		return "admin"
	case r.Node:
		return "node"
	}
	return ""
}

// doors says which doors there are.
func (a *Cluster) doors() []string {
	e := a.AccessEntries
	var lines []string
	if !a.evaluation.everybodyKnown() {
		lines = append(lines, "not known: "+a.evaluation.mapUnread)
	} else if e == nil && len(a.Access) == 0 {
		lines = append(lines, "nobody through the map")
	}
	switch {
	case e == nil:
		return lines
	case e.Mode == snapshot.API:
		lines = append(lines, fmt.Sprintf("nobody reads the map: the authentication mode of the cluster %s is %s, so EKS asks the access entries alone", e.Cluster, e.Mode))
	case e.Trouble == "" && e.Mode == snapshot.Both:
		lines = append(lines, fmt.Sprintf("authentication mode %s: EKS asks the access entries of the cluster %s, then the map", e.Mode, e.Cluster))
	case e.Trouble == "":
		lines = append(lines, fmt.Sprintf("authentication mode %s: EKS asks the map of the cluster %s alone", e.Mode, e.Cluster))
	}
	if e.Trouble != "" {
		lines = append(lines, "access entries are not known: "+e.Trouble)
	} else {
		lines = append(lines, fmt.Sprintf("(access entries as of %s ago)", e.view.Age()))
	}
	if len(a.Access) == 0 && e.Trouble == "" && a.evaluation.everybodyKnown() {
		lines = append(lines, "nobody by either door")
	}
	return lines
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

func (a *Cluster) rights(r *rights.Row) []string {
	if !a.evaluation.rbac {
		return []string{"may by RBAC: not known, as bindings could not be read"}
	}
	var lines []string
	for i, g := range r.Groups {
		if what := rights.Builtin(g); what != "" && !slices.Contains(r.Groups[:i], g) {
			lines = append(lines, fmt.Sprintf("may: %s (group %s)", what, g))
		}
	}
	for i := range r.Grants {
		lines = append(lines, "may: "+r.Grants[i].Words())
	}
	if r.NoRights {
		lines = append(lines, "may: nothing of its own; no binding names the username or a group")
	}
	return lines
}

func (a *Cluster) groups() report.Part {
	p := report.Part{Title: "groups without a binding"}
	for _, g := range a.Groups {
		if g.Bound {
			continue
		}
		hint := ""
		if g.OtherCase != "" {
			hint = fmt.Sprintf("; bindings name the group %s: case matters", text.Name(g.OtherCase))
		}
		p.Items = append(p.Items, report.Item{Head: fmt.Sprintf("%s, of %s%s", text.Name(g.Name), strings.Join(g.Members, ", "), hint)})
	}
	return p
}

func (a *Cluster) unmatched() report.Part {
	where, others, has := "the map", "access entries, OIDC or client certificates", "the map has"
	if a.AccessEntries.counts() {
		where, others, has = "the map or the access entries", "OIDC or client certificates", "there is"
	}
	p := report.Part{Title: "bindings that match nobody in " + where, Tail: []string{"(they may be for " + others + ")"}}
	for _, u := range a.Unmatched {
		hint := ""
		if u.OtherCase != "" {
			hint = fmt.Sprintf("; %s %s: case matters", has, text.Name(u.OtherCase))
		}
		p.Items = append(p.Items, report.Item{Head: fmt.Sprintf("%s names the %s %s%s", u.Binding, strings.ToLower(u.Subject.Kind), text.Name(u.Subject.Name), hint)})
	}
	return p
}

// permissions lists who may do a thing, those first whom RBAC can't stop.
func (a *Cluster) permissions(title string, list []Editor) report.Part {
	p := report.Part{Title: title}
	whole := func(head string, is func(*rights.Row) bool) {
		item := report.Item{Head: head}
		for i := range a.Access {
			if is(&a.Access[i]) {
				item.Lines = append(item.Lines, "who is "+a.Access[i].ARN)
			}
		}
		if len(item.Lines) > 0 || !strings.HasPrefix(head, "Access") {
			p.Items = append(p.Items, item)
		}
	}
	whole(fmt.Sprintf("Group %s: everything, whatever RBAC says", awsauth.MastersGroup), func(r *rights.Row) bool { return r.Identity.IsAdmin() })
	whole(fmt.Sprintf("Access policy %s: everything, whatever RBAC says", snapshot.ClusterAdmin), func(r *rights.Row) bool {
		return slices.ContainsFunc(r.Policies, func(p snapshot.Policy) bool { return p.Name() == snapshot.ClusterAdmin && p.IsAdmin() })
	})
	if list == nil {
		p.Tail = append(p.Tail, "who else may is not known: roles and bindings could not be read")
	}
	for _, e := range merge(list) {
		if e.Subject.Name == awsauth.MastersGroup || strings.HasPrefix(e.Policy, snapshot.ClusterAdmin+" ") {
			continue
		}
		item := report.Item{Head: fmt.Sprintf("%s: %s  (%s)", subjectWords(e.Subject), strings.Join(e.Verbs, ", "), e.source())}
		if e.Policy != "" {
			item.Head = "Access policy " + e.Policy
		}
		for _, c := range e.Callers {
			item.Lines = append(item.Lines, "who is "+c)
		}
		p.Items = append(p.Items, item)
	}
	if !a.evaluation.everybodyKnown() {
		p.Tail = append(p.Tail, "which principals these are is not known: "+a.evaluation.mapUnread)
	}
	return p
}

func (a *Cluster) guard() report.Part {
	p := report.Part{Title: "guard"}
	if a.Guard == nil {
		p.Lead = []string{"not known: the webhook configurations could not be read"}
		return p
	}
	p.Lead = append([]string{guardLine(a.Guard)}, problems(a.Guard.Problems)...)
	for i := range a.Guard.Webhooks {
		p.Items = append(p.Items, webhook(&a.Guard.Webhooks[i]))
	}
	return p
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

func webhook(w *registration.WebhookState) report.Item {
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
	return report.Item{
		Head:  fmt.Sprintf("%s in %s %s: %s  (%s)", w.Name, w.Configuration, kind, w.Backend, detail),
		Lines: problems(w.Problems),
	}
}

func problems(list []registration.Problem) []string {
	lines := make([]string, 0, len(list))
	for _, p := range list {
		lines = append(lines, string(p.Kind)+": "+p.String())
	}
	return lines
}
