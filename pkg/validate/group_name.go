package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/unseen"
)

func groupName() *Rule {
	return &Rule{
		Name:  "group-name",
		Title: "a misspelled group",
		Rationale: "RBAC compares groups exactly, including case. An empty group, one with blanks around it or with an " +
			"invisible character, or a misspelled built-in group (System:Masters, system:master) is just another name " +
			"that no binding has. So is an item that holds several groups, as in \"system:masters,developers\" or in a " +
			"list that a template engine has printed: make each group an item of its own. The rule accepts a group if " +
			"a binding names it exactly.",
		Severity: High,
		Standard: Deny,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - System:Masters\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - \"devs \"\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - \"dev\\u200bs\"\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - system:master\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - systern:masters\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - \"system:masters,developers\"\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - \"\"\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - Devs\n  - alice smith\n  - \"dev - c\"\n  - system:developers\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				for i := range e.Groups {
					if what, remedy := p.groupTrouble(e, i); what != "" && !p.Suppressed(e, fmt.Sprintf("groups[%d]", i)) {
						p.Suppress(e, awsauth.FieldGroups)
						reportGroup(p, e, i, what, remedy)
					}
				}
			}
		},
	}
}

// groupTrouble says what is wrong with the i-th group of an entry and what to write, or returns "".
func (p *Pass) groupTrouble(e *awsauth.Entry, i int) (what, remedy string) {
	g := e.Groups[i]
	if g == "" {
		if n := e.GroupNode(i); n != nil && awsauth.ShapeOf(n) != awsauth.String {
			return "", "" // wrong-type speaks of it
		}
		return "this group is empty", "remove it or write a name"
	}
	if slices.Contains(builtInGroups, g) || p.bound(g) {
		return "", ""
	}
	_, _, hidden := unseen.Find(g)
	// An invisible character in the name of a namespace parts nothing.
	ofNamespace := hidden && strings.HasPrefix(strings.ToLower(plain(g)), serviceAccountsOf)
	if parts := gluedGroups(g); len(parts) > 1 && !(ofNamespace && !isGlued(unseen.Without(g))) {
		return fmt.Sprintf("EKS takes %s as the name of one group", quote(g)), "make each group an item of its own: " + quoteAll(parts)
	}
	if hidden {
		return unseenIn("group", g, builtInMeant(unseen.Without(g)))
	}
	if meant := nearBuiltIn(g); meant != "" {
		return fmt.Sprintf("the group %s is not %s: RBAC compares groups exactly", quote(g), meant), meantRemedy(g, meant)
	}
	if bare, found := strayQuote(g); found {
		return quotedName("group", g, bare)
	}
	return "", ""
}

// meantRemedy says what to write for a group that is near a built-in one. A name that holds it may be one of its own.
func meantRemedy(group, meant string) string {
	if meantGroup(group) == "" && builtInBeside(group) == meant {
		return fmt.Sprintf("write %s if you mean that, else a name that does not hold it", meant)
	}
	return "write " + meant
}

// bound reports whether a binding is known that names the group exactly so.
func (p *Pass) bound(group string) bool {
	b, _ := p.knownBindings()
	return b != nil && b.Groups[group] != ""
}
