package accessentry

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Action is what carrying out a plan does about a mapping.
type Action string

// The actions. None changes or deletes an access entry that is there.
const (
	// Create the access entry, and associate its policy.
	Create Action = "create"
	// Associate the policy with the access entry, which is as planned but for that.
	Associate Action = "associate"
	// Keep what is there.
	Keep Action = "keep"
	// Decide: a person has to.
	Decide Action = "decide"
)

// Step is what carrying out a plan does about one mapping.
type Step struct {
	Item   *Item
	Action Action
	// Because says why nothing is made; Todo what a person has to do, where they have to, and Command by which command of the AWS
	// CLI, if there is one.
	Because, Todo, Command string
}

// Makes reports whether the step sends something to EKS.
func (s *Step) Makes() bool { return s.Action == Create || s.Action == Associate }

// Steps hold a plan for a map against the access entries that are there: what is missing is made, and nothing else.
func (p *Plan) Steps(doc *awsauth.Document, view *snapshot.View) []Step {
	rows := rowsByPlace(doc)
	var steps []Step
	for i := range p.Items {
		it := &p.Items[i]
		switch {
		case it.Status == Attention:
			steps = append(steps, Step{Item: it, Action: Decide, Because: strings.Join(it.Notes, "; "), Todo: strings.Join(it.Todo, "; ")})
		case it.Status == Ready && it.Entry != nil:
			steps = append(steps, p.step(it, rows[it.Name()], view))
		}
	}
	return steps
}

func (p *Plan) step(it *Item, row *access.Principal, view *snapshot.View) Step {
	principal, err := arn.ParsePrincipal(it.Entry.PrincipalARN)
	if err != nil || row == nil {
		return Step{Item: it, Action: Decide, Because: "the mapping lets nobody in", Todo: fixFirst}
	}
	there := view.Find(principal)
	switch {
	case there == nil && it.Entry.Lookup != "":
		return Step{Item: it, Action: Decide, Because: "the role has a path, which the map does not tell", Todo: "find its ARN, and create the access entry by hand", Command: "aws iam get-role --role-name " + quote(it.Entry.Lookup)}
	case there == nil && it.Entry.Type != snapshot.Standard && principal.Account != view.Cluster.Account():
		return Step{Item: it, Action: Decide, Because: "access entries of nodes are for roles of the cluster's own account, " + view.Cluster.Account(),
			Todo: "let the nodes use a role of that account"}
	case there == nil:
		return Step{Item: it, Action: Create}
	}
	c := access.Compare(row, view)
	as, lacks := it.Entry.Is(there)
	switch {
	case c.Verdict == access.Stale:
		return Step{it, Decide, c.Because, "delete the access entry, then run this again", p.about("delete-access-entry", there.PrincipalARN)}
	case as && lacks:
		return Step{Item: it, Action: Associate}
	case c.Covered() || as || c.Verdict == access.Unknown:
		return Step{Item: it, Action: Keep, Because: c.Because}
	case there.Type != it.Entry.Type:
		return Step{it, Decide, c.Because, "the type of an access entry can't change: delete it, if nothing else needs it, then run this again", p.about("delete-access-entry", there.PrincipalARN)}
	}
	return Step{it, Decide, c.Because, "give the access entry what it lacks, or take that from the mapping", p.about("update-access-entry", there.PrincipalARN) + identity(it.Entry)}
}

// about is a command of the AWS CLI about an access entry.
func (p *Plan) about(command, principal string) string {
	return "aws eks " + command + " --cluster-name " + p.Cluster + p.region() + " --principal-arn " + quote(principal)
}

// identity are the flags for username and groups: an update replaces both, so it must name both.
func identity(e *Entry) string {
	s := ""
	if e.Username != "" {
		s += " --username " + quote(e.Username)
	}
	if len(e.Groups) > 0 {
		s += " --kubernetes-groups"
		for _, g := range e.Groups {
			s += " " + quote(g)
		}
	}
	return s
}

// Is reports whether an access entry that is there is the planned one, and whether it still lacks the planned policy.
func (e *Entry) Is(there *snapshot.Entry) (same, lacks bool) {
	if e.Type != there.Type {
		return false, false
	}
	if e.Type != snapshot.Standard {
		return true, false // EKS sets the rest.
	}
	sorted := func(groups []string) []string { return slices.Compact(slices.Sorted(slices.Values(groups))) }
	same = (e.Username == "" || e.Username == there.Username) && slices.Equal(sorted(e.Groups), sorted(there.Groups))
	lacks = e.Policy != "" && !slices.ContainsFunc(there.Policies, func(p snapshot.Policy) bool { return p.ARN == e.Policy && p.Scope.Type == snapshot.ScopeCluster })
	return same, lacks
}

// ErrNotTold says that whether there is a principal, and under which path, can't be found out.
var ErrNotTold = errors.New("not told")

// Resolve is the plan with the ARNs that IAM has for its roles and users: aws-auth leaves the paths of roles out. find gives the
// ARN of a principal, "" where there is none, and ErrNotTold where that can't be known; any other error ends it.
func (p *Plan) Resolve(find func(arn.Principal) (string, error)) (*Plan, error) {
	var failed error
	resolved := p.limited(func(it *Item) {
		principal, err := arn.ParsePrincipal(it.Entry.PrincipalARN)
		if err != nil || failed != nil {
			return
		}
		found, err := find(principal)
		switch {
		case errors.Is(err, ErrNotTold):
		case err != nil:
			failed = err
		case found == "":
			it.attend("remove the mapping, unless the "+principal.Kind.String()+" is to be created", "IAM knows no %s %s in the account %s", principal.Kind, text.Name(principal.Name), principal.Account)
		default:
			e := *it.Entry
			e.PrincipalARN, e.Lookup = found, ""
			it.Entry = &e
		}
	})
	if failed != nil {
		return nil, failed
	}
	return resolved, nil
}

// what says in one line what the step is about.
func (s *Step) what() string {
	who := s.Item.Name() + " " + text.Name(s.Item.ARN) + ": "
	if s.Makes() {
		return who + s.Item.Entry.String()
	}
	return who + s.Because
}

// Explain writes the step for people.
func (s *Step) Explain() string {
	const indent = "           "
	b := wrapped(fmt.Sprintf("%-*s", len(indent), s.Action), indent, s.what())
	if s.Todo != "" {
		b += wrapped(indent+"to do: ", indent+"       ", s.Todo)
	}
	if s.Command != "" { // In one piece, to be copied.
		b += indent + "  " + text.Visible(s.Command) + "\n"
	}
	return b
}
