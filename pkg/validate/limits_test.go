package validate

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const (
	ofRole  = "- rolearn: arn:aws:iam::111122223333:role/"
	breakG  = ofRole + "BreakGlass\n  username: emergency\n  groups:\n  - system:masters\n  - extra\n"
	teamA   = ofRole + "team-a-dev\n  username: team-a:dev\n  groups:\n  - team-a:devs\n"
	teamB   = ofRole + "team-b-dev\n  username: team-b:dev\n  groups:\n  - team-b:devs\n"
	account = "- \"444455556666\"\n"
)

// judged gives what one rule says of an edit: the messages of its findings that refuse, and of those that only advise.
func judged(rule string, old, data map[string]string, r *Requester, facts Facts, o Options) (refuses, advises []string) {
	c := &Change{New: awsauth.Read(data), Requester: r, Facts: facts, Deleted: data == nil}
	if old != nil {
		c.Old = awsauth.Read(old)
	}
	for _, f := range CheckChange(c, o) {
		switch {
		case f.Rule != rule:
		case f.Advisory || f.Inconclusive:
			advises = append(advises, f.Sentence().Text)
		default:
			refuses = append(refuses, f.Sentence().Text)
		}
	}
	return refuses, advises
}

func said(messages []string, want string) bool {
	return want == "" && len(messages) == 0 || want != "" && strings.Contains(strings.Join(messages, "\n"), want)
}

func TestProtectedEntries(t *testing.T) {
	roles := func(s string) map[string]string { return map[string]string{"mapRoles": s} }
	exact := Protected{ARN: "arn:aws:iam::111122223333:role/breakglass", Groups: []string{"system:masters"}}
	for _, tt := range []struct {
		name             string
		protected        Protected
		old, data        map[string]string
		refuses, advises string
	}{
		{name: "left alone", protected: exact, old: roles(breakG + teamA), data: roles(teamA + "# c\n" + breakG)},
		{name: "removed", protected: exact, old: roles(breakG + teamA), data: roles(teamA), refuses: "takes it away"},
		{name: "deleted with the map", protected: exact, old: roles(breakG + teamA), refuses: "takes it away"},
		{name: "its list broken", protected: exact, old: roles(breakG + teamA), data: roles(breakG + " x"), refuses: "takes it away"},
		{name: "cut off by a marker", protected: exact, old: roles(teamA + breakG), data: roles(teamA + "---\n" + breakG), refuses: "takes it away"},
		{name: "given a path", protected: exact, old: roles(breakG), data: roles(strings.Replace(breakG, "role/", "role/team/", 1)), refuses: "takes it away"},
		{name: "a protected group removed", protected: exact, old: roles(breakG), data: roles(strings.Replace(breakG, "  - system:masters\n", "", 1)), refuses: "takes the group system:masters from it"},
		{name: "another group removed", protected: exact, old: roles(breakG), data: roles(strings.Replace(breakG, "  - extra\n", "", 1))},
		{name: "overruled by a later entry", protected: exact, old: roles(breakG), data: roles(breakG + ofRole + "BreakGlass\n  username: emergency\n"), refuses: "takes the group system:masters from it"},
		{name: "another username, which does not count", protected: exact, old: roles(breakG), data: roles(strings.Replace(breakG, "emergency", "other", 1))},
		{
			name: "another username", protected: Protected{ARN: exact.ARN, Username: "emerg*"}, old: roles(breakG),
			data: roles(strings.Replace(breakG, "emergency", "other", 1)), refuses: `changes its username from "emergency" to "other"`,
		},
		{name: "a pattern: one of those that were there", protected: Protected{ARN: "arn:aws:iam::111122223333:role/team-*"}, old: roles(teamA + teamB), data: roles(teamB), refuses: "role/team-a-dev"},
		{name: "a pattern: one that comes and goes", protected: Protected{ARN: "arn:aws:iam::111122223333:role/team-*"}, old: roles(teamB), data: roles(teamB + teamA)},
		{name: "missing before", protected: exact, old: roles(teamA), data: roles(teamA + teamB)},
		{name: "missing in a new map", protected: exact, data: roles(teamA), advises: "the map has none that lets it in"},
		{name: "without its group in a new map", protected: exact, data: roles(strings.Replace(breakG, "  - system:masters\n", "", 1)), advises: "does not have it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refuses, advises := judged("protected-entry", tt.old, tt.data, nil, Facts{}, Options{Protected: []Protected{tt.protected}})
			if !said(refuses, tt.refuses) || !said(advises, tt.advises) {
				t.Errorf("refuses %q, want %q; advises %q, want %q", refuses, tt.refuses, advises, tt.advises)
			}
			if refuses, _ := judged("protected-entry", tt.old, tt.data, nil, Facts{}, Options{}); len(refuses) > 0 {
				t.Errorf("refuses although nothing is protected: %q", refuses)
			}
		})
	}
}

func TestWritersWithLimits(t *testing.T) {
	roles := func(s string) map[string]string { return map[string]string{"mapRoles": s} }
	scope := Scope{ARNs: []string{"arn:aws:iam::111122223333:role/team-a-*"}, Usernames: []string{"team-a:*"}, Groups: []string{"team-a:*"}}
	unnamed := scope
	unnamed.Usernames = nil
	ci := &Requester{Username: "ci", Groups: []string{"team-a-ci"}}
	bound := Facts{Bindings: &BindingFacts{Users: map[string]string{"team-a:dev": "RoleBinding a/dev"}}}
	more := strings.ReplaceAll(teamA, "team-a-dev", "team-a-ops")
	for _, tt := range []struct {
		name             string
		may              Scope
		only             bool
		by               *Requester
		facts            Facts
		old, data        map[string]string
		refuses, advises string
	}{
		{name: "adds", old: roles(teamB), data: roles(teamB + teamA)},
		{name: "changes", old: roles(teamB + teamA), data: roles(teamB + strings.ReplaceAll(teamA, "team-a:devs", "team-a:ops"))},
		{name: "removes", old: roles(teamB + teamA), data: roles(teamB)},
		{name: "reformats", old: roles(teamB + teamA), data: roles("# by team a\n" + teamA + teamB)},
		{name: "creates the map", data: roles(teamA)},
		{name: "adds another team's", old: roles(teamA), data: roles(teamA + teamB), refuses: "adds or changes mapRoles[1]"},
		{name: "removes another team's", old: roles(teamA + teamB), data: roles(teamA), refuses: "removes or changes mapRoles[1]"},
		{name: "changes another team's", old: roles(teamB), data: roles(strings.ReplaceAll(teamB, "team-b:devs", "team-a:devs")), refuses: "team-b-dev"},
		{name: "takes over a name", old: roles(""), data: roles(strings.ReplaceAll(teamA, "team-a:dev", "team-b:dev")), refuses: `you may not write the group team-b:devs`},
		{name: "another username", data: roles(strings.Replace(teamA, "username: team-a:dev", "username: admin", 1)), refuses: `you may not write the username "admin"`},
		{name: "an admin group", old: roles(teamA), data: roles(teamA + strings.Replace(more, "team-a:devs", "system:masters", 1)), refuses: "you may not write the group system:masters"},
		{name: "another account", data: roles(strings.ReplaceAll(teamA, "111122223333", "999988887777")), refuses: "the ARN is not among them"},
		{name: "a path that hides another role", data: roles(strings.Replace(teamA, "role/team-a-dev", "role/team-a-x/Admin", 1)), refuses: "the ARN is not among them"},
		{name: "the letter case of an ARN", data: roles(strings.Replace(teamA, "role/team-a-dev", "role/Team-A-dev", 1))},
		{name: "mapAccounts", old: roles(teamA), data: map[string]string{"mapRoles": teamA, "mapAccounts": account}, refuses: "you may not change mapAccounts"},
		{name: "deletes the map", old: roles(teamA), refuses: "you may not delete the map"},
		{name: "leaves a broken text", old: roles(teamA), data: roles(teamA + " x"), refuses: "EKS can't read all of mapRoles"},
		{name: "leaves a second document", old: roles(teamA), data: roles(teamA + "---\n" + more), refuses: "EKS can't read all of mapRoles"},
		{name: "an old broken text elsewhere", old: map[string]string{"mapRoles": teamB, "mapUsers": "x: ["}, data: map[string]string{"mapRoles": teamB + teamA, "mapUsers": "x: ["}},
		{
			name: "an order that decides", old: roles(teamB + ofRole + "team-b-dev\n  username: x\n"), data: roles(ofRole + "team-b-dev\n  username: x\n" + teamB),
			refuses: "changes what \"arn:aws:iam::111122223333:role/team-b-dev\" gets",
		},
		{name: "a username that a binding names", may: unnamed, facts: bound, data: roles(teamA), refuses: "because RoleBinding a/dev names it"},
		{name: "a template that can become one", may: unnamed, facts: bound, data: roles(strings.Replace(teamA, "username: team-a:dev", "username: team-a:{{SessionName}}", 1)), refuses: "because RoleBinding a/dev names it"},
		{name: "a username that none names", may: unnamed, facts: Facts{Bindings: &BindingFacts{}}, data: roles(teamA)},
		{name: "nobody knows the bindings", may: unnamed, data: roles(teamA), advises: "could not be checked"},
		{name: "no limits for others", by: &Requester{Username: "jane"}, old: roles(teamA), data: roles(teamB)},
		{name: "limits for all others", only: true, by: &Requester{Username: "jane"}, old: roles(teamA), data: roles(teamA + teamB), refuses: "the policy lets you write no entries"},
		{name: "comments for all others", only: true, by: &Requester{Username: "jane"}, old: roles(teamA), data: roles(teamA + "# c\n")},
		{name: "an administrator", only: true, by: &Requester{Username: "ci", Groups: []string{"team-a-ci", "system:masters"}}, old: roles(teamA), data: roles(teamB)},
		{name: "an exempt user, the guard", only: true, by: &Requester{Username: "ci", Groups: []string{"team-a-ci"}, Outside: true}, old: roles(teamA), data: roles(teamB)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			may, by, facts := tt.may, tt.by, tt.facts
			if len(may.ARNs) == 0 {
				may = scope
			}
			if by == nil {
				by = ci
			}
			o := Options{Limits: Limits{Only: tt.only, Writers: []Writer{{Groups: []string{"team-a-*"}, May: may}}}}
			refuses, advises := judged("writer-scope", tt.old, tt.data, by, facts, o)
			if !said(refuses, tt.refuses) || !said(advises, tt.advises) {
				t.Errorf("refuses %q, want %q; advises %q, want %q", refuses, tt.refuses, advises, tt.advises)
			}
			if refuses, _ := judged("writer-scope", tt.old, tt.data, by, facts, Options{}); len(refuses) > 0 {
				t.Errorf("refuses although nobody has limits: %q", refuses)
			}
		})
	}
	// Several rows add up.
	o := Options{Limits: Limits{Writers: []Writer{{Users: []string{"ci"}, May: scope}, {Groups: []string{"team-a-ci"}, May: Scope{
		ARNs: []string{"arn:aws:iam::111122223333:role/team-b-*"}, Usernames: []string{"*"}, Groups: []string{"*"},
	}}}}}
	if refuses, _ := judged("writer-scope", roles(""), roles(teamA+teamB), ci, Facts{}, o); len(refuses) > 0 {
		t.Errorf("two rows: %q", refuses)
	}
}
