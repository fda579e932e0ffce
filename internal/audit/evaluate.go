package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/lint"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Input is what is known of a cluster at one moment.
type Input struct {
	// Map is the live one, nil where there is none, and MapUnread says why it could not be read.
	Map       *corev1.ConfigMap
	MapUnread string
	// Index of the bindings; nil where they could not be read.
	Index *rbac.Index
	// Guard is nil where it could not be read.
	Guard  *registration.State
	Policy *policy.Policy
	// Nodes and Classes are nil where they are not known.
	Nodes   *validate.NodeFacts
	Classes validate.NodeClasses
	// IAM is nil where it is not known what IAM says.
	IAM *iam.Accounts
	// Since says since when the map is known to have had a principal, nil where nothing is known of its past (validate.Options).
	Since map[string]time.Time
	// AccessEntries are nil where there is no snapshot of them, and Unreadable says why there is one that can't be read.
	AccessEntries *snapshot.View
	Unreadable    string
}

// Evaluation is what is true of a cluster at one moment.
type Evaluation struct {
	// Lint is the map as lint sees it, and Report what it gives.
	Lint *report.Report
	*rights.Report
	// Guard is nil where it could not be read.
	Guard *registration.State
	// Map that was judged, nil where there was none.
	Map *corev1.ConfigMap
	// Content identifies what the authenticator can read of the map (history.Content.Name).
	Content string
	// Entries counts the items of each section, whether they let somebody in or not.
	Entries map[awsauth.Key]int
	// All are all administrators that are known. Editors may change the map, Removers take the guard away; both are nil where
	// RBAC could not be read.
	All               []Admin
	Editors, Removers []Editor
	// AccessEntries are nil where there is no snapshot of them.
	AccessEntries *snapshot.View
	Results       []Result

	policy *policy.Policy
	// unreadable says why a snapshot can't be read, mapUnread why the map can't.
	unreadable, mapUnread string
	// mapped are those whom the map lets in where EKS asks it.
	mapped []access.Principal
	// rbac is set if the bindings could be read, roles if the roles could as well.
	rbac, roles bool
	// classes is set if the node classes could be read, nodeRoles if no node and no class has an unknown role.
	classes, nodeRoles bool
	// iam is set if it is known what IAM says, and untold is what it does not say of the map.
	iam bool
	// past is set if something is known of the map's past.
	past   bool
	untold []string
}

// Evaluate judges a live map as lint does, with what the bindings tell besides. It is a pure function. The error says that
// the map's object can't be written as text.
func Evaluate(in *Input) (*Evaluation, error) {
	e := &Evaluation{
		Guard: in.Guard, Map: in.Map, Content: history.ContentOf(in.Map).Name(), Entries: map[awsauth.Key]int{},
		AccessEntries: in.AccessEntries, unreadable: in.Unreadable, mapUnread: in.MapUnread, policy: in.Policy, rbac: in.Index != nil, roles: in.Index != nil && in.Index.RolesKnown(),
		classes: in.Classes != nil, iam: in.IAM != nil, past: in.Since != nil, nodeRoles: validate.NodeRolesKnown(in.Nodes, in.Classes),
	}
	doc := awsauth.Read(nil)
	j := judge{Evaluation: e, builder: &report.Builder{Action: in.Policy.Action}}
	if in.Map != nil {
		f, d, err := live.AsFile(live.Name, in.Map)
		if err != nil {
			return nil, err
		}
		c := lint.New(in.Policy)
		c.Bindings, c.Entries, c.Nodes, c.Classes, c.IAM = bindingFacts(in.Index), in.AccessEntries, in.Nodes, in.Classes, in.IAM
		c.Since = in.Since
		c.Add(j.builder, f)
		e.untold = c.UntoldByIAM(d)
		doc = awsauth.ReadAll(d.Data, d.BinaryData)
		j.file, j.document, j.doc = f, d, doc
	}
	e.mapped = access.Table(doc)
	e.Report = rights.Join(access.Entrants(doc, in.AccessEntries), in.Index)
	e.weigh(in.Index)
	j.cluster()
	e.Lint = j.builder.Report()
	e.addMissing(doc)
	if len(e.Lint.Checked) == 0 {
		// What is found of the cluster around a map that is not there stands under its name all the same.
		e.Lint.Checked = []string{live.Name}
	}
	for _, s := range doc.Sections() {
		e.Entries[s.Key] = len(s.Entries) + len(s.Accounts)
	}
	e.Results = e.results(doc)
	return e, nil
}

// addMissing adds what no rule about a text can say: that there is no map, or one that lets nobody in.
func (e *Evaluation) addMissing(doc *awsauth.Document) {
	rule := validate.Guarding(validate.Gone).Name
	action := e.policy.Action(rule)
	lost := slices.ContainsFunc(doc.Sections(), (*awsauth.Section).Discarded)
	if len(e.mapped) > 0 || lost || e.mapUnread != "" || action.Level() == validate.None || e.Mode() == snapshot.API {
		return
	}
	message := "the map lets nobody in: nodes can't join, and only the cluster's creator and access entries get in"
	if e.Map == nil {
		message = live.ErrNoMap.Error()
	}
	if n := len(e.by(access.ByEntry)); n > 0 {
		// A move to access entries that has come to its end.
		action = validate.Warn
		message = fmt.Sprintf("only access entries let anybody in: %s, as of %s ago", text.Count(n, "principal"), e.AccessEntries.Age())
	}
	e.Lint.Findings = append(e.Lint.Findings, report.Finding{
		Rule: rule, Level: action.Level(), Action: action, File: live.Name, Entry: -1, Message: message,
		Start: manifest.Position{Line: 1, Column: 1}, End: manifest.Position{Line: 1, Column: 1}, Docs: validate.DocsURL(rule),
	})
	e.Lint.Sort()
}

// bindingFacts are whom the bindings name; nil where they are not known.
func bindingFacts(x *rbac.Index) *validate.BindingFacts {
	if x == nil {
		return nil
	}
	facts := &validate.BindingFacts{Users: map[string]string{}, Groups: map[string]string{}}
	for kind, names := range map[string]map[string]string{rbacv1.UserKind: facts.Users, rbacv1.GroupKind: facts.Groups} {
		for _, name := range x.Names(kind) {
			if g := x.Of(kind, name); len(g) > 0 {
				names[name] = g[0].Binding
			}
		}
	}
	return facts
}

// Mode is the authentication mode of the cluster as far as it is known, else "".
func (e *Evaluation) Mode() snapshot.Mode { return e.AccessEntries.Mode() }

// Admins are the principals that the map puts into system:masters, whether or not EKS asks the map for them, folded and sorted.
func (e *Evaluation) Admins() []string {
	return e.inMap((*access.Principal).IsAdmin)
}

// Nodes are the principals of the map by which nodes come in, whether or not EKS asks the map for them, folded and sorted.
func (e *Evaluation) Nodes() []string {
	return e.inMap((*access.Principal).IsNode)
}

func (e *Evaluation) inMap(pick func(*access.Principal) bool) []string {
	list := []string{}
	for i := range e.mapped {
		if pick(&e.mapped[i]) {
			list = append(list, arn.Fold(e.mapped[i].ARN))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// by are the rows of a door.
func (e *Evaluation) by(door access.Door) []*rights.Row {
	var list []*rights.Row
	for i := range e.Access {
		if e.Access[i].Door == door {
			list = append(list, &e.Access[i])
		}
	}
	return list
}

// entriesKnown reports whether the access entries are known now.
func (e *Evaluation) entriesKnown() bool {
	return e.AccessEntries != nil && e.AccessEntries.Trouble == ""
}

// inEntries are the principals of access entries that may be in force, as Admins and Nodes.
func (e *Evaluation) inEntries(pick func(*access.Entrant) bool) []string {
	list := []string{}
	for i := range e.Access {
		if r := &e.Access[i].Entrant; r.ByAccessEntry() && pick(r) {
			list = append(list, r.Key())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// GuardProblems are the problems of the guard that are reported as Events: those by which an edit gets past it, or is refused
// without reason.
func (e *Evaluation) GuardProblems() []registration.Problem {
	if e.Guard == nil {
		return nil
	}
	var list []registration.Problem
	add := func(where string, problems []registration.Problem) {
		for _, p := range problems {
			list = append(list, registration.Problem{Kind: p.Kind, Message: where + p.Message, Remedy: p.Remedy})
		}
	}
	add("", e.Guard.Problems)
	for i := range e.Guard.Webhooks {
		w := &e.Guard.Webhooks[i]
		add(fmt.Sprintf("%s (%s): ", w.Name, w.Configuration), w.Problems)
	}
	return list
}

// sentence says who a row lets in as whom.
func sentence(r *rights.Row) string {
	if r.ByAccessEntry() {
		return entrySentence(r)
	}
	switch {
	case r.Account:
		return "every principal of account " + r.ARN + " gets in with its ARN as username, without groups"
	case r.IsAdmin():
		return fmt.Sprintf("%s gets in as %q and may do everything (%s)", r.ARN, r.Username, r.AdminBy[0].By)
	}
	return fmt.Sprintf("%s gets in as %q", r.ARN, r.Username)
}

func entrySentence(r *rights.Row) string {
	s := fmt.Sprintf("%s gets in by its access entry of type %s as %q", r.ARN, r.Type, r.Username)
	if r.IsAdmin() {
		s += " and may do everything (" + r.AdminBy[0].By + ")"
	}
	if len(r.Policies) > 0 {
		s += "; access policies " + strings.Join(policyWords(r.Policies), ", ")
	}
	if r.Door == access.ByEither {
		s += "; whether the entry is in force is not known"
	}
	return s
}

// policyWords are access policies, each with its scope.
func policyWords(policies []snapshot.Policy) []string {
	words := make([]string, len(policies))
	for i, p := range policies {
		words[i] = p.Words()
	}
	return words
}
