package validate

import "slices"

// Topic is something that rules have to know of the cluster.
type Topic string

// The topics.
const (
	// TopicNodes: how many nodes there are, and which role each joined with.
	TopicNodes Topic = "nodes"
	// TopicClasses: the node classes of a cluster as it stands. TopicNodeRoles: by which role each node joined, and which role
	// each class names. No edit asks for them.
	TopicClasses   Topic = "node classes"
	TopicNodeRoles Topic = "node roles"
	// TopicBindings: which users and groups the bindings name.
	TopicBindings Topic = "bindings"
	// TopicGrants: whether the writer may act as what it grants.
	TopicGrants Topic = "grants"
	// TopicEntries: the access entries and the authentication mode. No question to the cluster tells them.
	TopicEntries Topic = "access entries"
	// TopicIAM: what IAM says of roles and users. Only a person can tell it, or ask: no edit does, and no cluster knows.
	TopicIAM Topic = "IAM"
	// TopicHistory: since when the map has had its entries. It goes with TopicIAM, so no edit asks.
	TopicHistory Topic = "history"
)

// Needing are the names of the rules that have to know of a topic.
func Needing(t Topic) []string {
	return namesOf(func(r *Rule) bool { return slices.Contains(r.Needs, t) })
}

// NeedingAny are the names of all rules that have to know something of the cluster.
func NeedingAny() []string {
	return namesOf(func(r *Rule) bool { return len(r.Needs) > 0 && !r.FromIAM() })
}

// Unanswered are the names of the rules that refuse under strict what they can't find out.
func Unanswered() []string { return namesOf(func(r *Rule) bool { return r.NeedsAnswer }) }

func namesOf(is func(*Rule) bool) []string {
	var names []string
	for _, r := range registry {
		if is(r) {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Harm is what can become of access that the cluster can't do without.
type Harm string

// The harms.
const (
	// Gone: there is no map, or one that lets nobody in.
	Gone Harm = "gone"
	// Unreadable: a list does not parse, and all of it is lost.
	Unreadable Harm = "unreadable"
	// NodesOut: nodes can't join any more.
	NodesOut Harm = "nodes out"
	// ProtectedOut: an entry that the policy protects is gone or weaker.
	ProtectedOut Harm = "protected entry out"
)

// Guarding is the rule that keeps off a harm. There is one for each.
func Guarding(h Harm) *Rule {
	i := slices.IndexFunc(registry, func(r *Rule) bool { return r.Guards == h })
	return registry[i]
}

// Matter is what a rule judges that no map holds: the cluster around it. An audit finds it, and no admission request shows it.
type Matter string

// The matters.
const (
	// AdminByBinding: a binding makes somebody an administrator, AdminByPolicy: an access policy does.
	AdminByBinding Matter = "admin by a binding"
	AdminByPolicy  Matter = "admin by an access policy"
	// MapEditor: somebody who is no administrator may change the map, GuardRemover: may turn the guard off.
	MapEditor    Matter = "map editor"
	GuardRemover Matter = "guard remover"
	// GuardMissing: there is no guard, GuardBypassed: there is one that edits get past, or that can't work.
	GuardMissing  Matter = "guard missing"
	GuardBypassed Matter = "guard bypassed"
)

// Judging is the rule about a matter. There is one for each.
func Judging(m Matter) *Rule {
	i := slices.IndexFunc(registry, func(r *Rule) bool { return r.Matter == m })
	return registry[i]
}

// AtAdmission reports whether the rule can speak of an edit: not one about the manifest around the data, nor one about the
// cluster around the map, nor one about IAM.
func (r *Rule) AtAdmission() bool { return !r.LintOnly && r.Matter == "" && !r.FromIAM() }

// FromHistory reports whether the rule judges a map by what is known of its past.
func (r *Rule) FromHistory() bool { return slices.Contains(r.Needs, TopicHistory) }

// FromIAM reports whether the rule judges a map by what IAM says: it is silent where nobody gives that.
func (r *Rule) FromIAM() bool { return slices.Contains(r.Needs, TopicIAM) }

// Params are lists that a policy sets for a rule besides its action, by the name of the parameter.
type Params map[string][]string

// Param is one of them.
type Param struct {
	// Name is the field of the policy, and About says what the list is for.
	Name, About string
	// Pattern is a regular expression that every good item fits, for the schema of the chart.
	Pattern string
	// Check says what is wrong with an item, "" for nothing.
	Check func(item string) string
	// Needed is set where the rule does nothing without the list; then it is off unless the policy gives it an action.
	Needed bool
	// NeededFor says what to add where the rule has an action and no list.
	NeededFor string
}
