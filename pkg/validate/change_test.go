package validate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const (
	jane = "arn:aws:sts::111122223333:assumed-role/dev/jane"
	devs = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{SessionName}}\n  groups: [devs, viewers]\n"
)

// TestEditRules holds the findings of the rules about edits, as "rule: part of the message", against edits of
// mapRoles.
func TestEditRules(t *testing.T) {
	janes := &Requester{Username: "dev:jane", Groups: []string{"devs", "viewers", "system:authenticated"}, ARN: jane}
	const byKey = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{AccessKeyID}}\n  groups: [devs]\n"
	keys := func(id string) *Requester {
		return &Requester{Username: "dev:ASIA1", Groups: []string{"devs"}, ARN: jane, AccessKeyID: id}
	}
	asNode := "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups: [system:bootstrappers, system:nodes, system:masters]\n"
	three := Facts{Nodes: &NodeFacts{Total: 5, Ready: 3, ByRole: map[string][]string{"arn:aws:iam::111122223333:role/nodes": {"ip-3", "ip-1", "ip-2", "ip-4"}}}}
	for name, tt := range map[string]struct {
		old, new     map[string]string
		deleted      bool
		requester    *Requester
		facts        Facts
		want         []string
		inconclusive bool
	}{
		"nodes, counted": {old: mapRoles(nodes + devs), new: mapRoles(devs), facts: three, want: []string{
			`node-access-lost: removes the mapping of the node role "arn:aws:iam::111122223333:role/nodes": the cluster has 5 nodes, 3 of them Ready, and those that use it turn NotReady (ip-1, ip-2, ip-3 and 1 more joined with it)`}},
		"nodes, none of them Ready": {old: mapRoles(nodes + devs), new: mapRoles(devs), facts: Facts{Nodes: &NodeFacts{Total: 2}}, want: []string{"node-access-lost: the cluster has 2 nodes, 0 of them Ready"}},
		"nodes, another template": {old: mapRoles(nodes), new: mapRoles(strings.Replace(nodes, "EC2PrivateDNSName", "SessionName", 1)), facts: three,
			want: []string{`node-access-lost: changes the username of the node role "arn:aws:iam::111122223333:role/nodes" from "system:node:{{EC2PrivateDNSName}}" to "system:node:{{SessionName}}"`}},
		"nodes, and back":                        {old: mapRoles(strings.Replace(nodes, "EC2PrivateDNSName", "SessionName", 1)), new: mapRoles(nodes), facts: three, want: []string{"node-access-lost: changes the username"}},
		"nodes, the misspelt template corrected": {old: mapRoles(strings.Replace(nodes, "EC2Private", "ec2private", 1)), new: mapRoles(nodes), facts: three},
		"nodes, kube-proxy on Windows": {old: mapRoles(nodes + "  - eks:kube-proxy-windows\n"), new: mapRoles(nodes), facts: three,
			want: []string{`node-access-lost: removes the group eks:kube-proxy-windows from the node role`}},
		"nodes, kube-proxy on Fargate": {old: mapRoles(nodes + "  - system:node-proxier\n"), new: mapRoles(nodes), facts: three,
			want: []string{`node-access-lost: removes the group system:node-proxier from the node role`}},
		"nodes, one twin without the group": {old: mapRoles(nodes + "  - eks:kube-proxy-windows\n"), new: mapRoles(nodes + "  - eks:kube-proxy-windows\n" + nodes), facts: three,
			want: []string{"conflicting-arn:", "node-access-lost: removes the group eks:kube-proxy-windows"}},
		"nodes, a group more":                      {old: mapRoles(nodes), new: mapRoles(nodes + "  - eks:kube-proxy-windows\n"), facts: three},
		"nodes, one group less":                    {old: mapRoles(nodes), new: mapRoles(strings.Replace(nodes, "  - system:nodes\n", "", 1)), facts: three, want: []string{"node-entry:", "node-access-lost:"}},
		"nodes, overruled":                         {old: mapRoles(nodes), new: mapRoles(nodes + "- rolearn: arn:aws:iam::111122223333:role/NODES\n  username: xx\n"), facts: three, want: []string{"conflicting-arn:", "node-access-lost:"}},
		"nodes, none there":                        {old: mapRoles(nodes + devs), new: mapRoles(devs), facts: Facts{Nodes: &NodeFacts{}}},
		"nodes, no answer":                         {old: mapRoles(nodes + devs), new: mapRoles(devs), facts: Facts{Unavailable: Unavailable{Nodes: "the API server did not answer in time"}}, want: []string{"node-access-lost: could not be checked (the API server did not answer in time)"}, inconclusive: true},
		"nodes, text broken":                       {old: mapRoles(nodes), new: mapRoles(nodes + " x: y\n"), facts: three, want: []string{"yaml-syntax:"}},
		"deleted":                                  {old: mapRoles(nodes + devs), deleted: true, requester: janes, facts: three, want: []string{"map-deleted: deleting aws-auth removes 2 mappings at once"}},
		"emptied by a comment":                     {old: mapRoles(nodes), new: mapRoles("# Existing roles...\n"), facts: three, want: []string{"map-deleted: its only mapping goes"}},
		"mapRoles emptied":                         {old: map[string]string{"mapRoles": nodes, "mapUsers": "- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n"}, new: map[string]string{"mapRoles": "[]", "mapUsers": "- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n"}, facts: three, want: []string{"map-deleted: drops mapRoles with 1 mapping"}},
		"empty before and after":                   {old: map[string]string{}, new: mapRoles("[]\n")},
		"self, removed":                            {old: mapRoles(nodes + devs), new: mapRoles(nodes), requester: janes, want: []string{"self-lockout: no entry lets you in"}},
		"self, shrunk":                             {old: mapRoles(devs), new: mapRoles(strings.Replace(devs, ", viewers", "", 1)), requester: janes, want: []string{"self-lockout: you would no longer be in viewers"}},
		"self, renamed":                            {old: mapRoles(devs), new: mapRoles(strings.Replace(devs, "dev:{{", "devs:{{", 1)), requester: janes, want: []string{`self-lockout: you would be "devs:jane" instead of "dev:jane"`}},
		"self, given more":                         {old: mapRoles(devs), new: mapRoles(strings.Replace(devs, "viewers", "viewers, more", 1)), requester: janes},
		"self, by an account":                      {old: map[string]string{"mapRoles": devs, "mapAccounts": "- 111122223333\n"}, new: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n", "mapAccounts": "- 111122223333\n"}, requester: janes, want: []string{"map-accounts:", `self-lockout: you would be "arn:aws:iam::111122223333:role/dev"`}},
		"self, by an access key":                   {old: mapRoles(byKey), new: mapRoles(nodes), requester: keys("ASIA1"), want: []string{"self-lockout: no entry lets you in"}},
		"self, by an access key that is not known": {old: mapRoles(byKey), new: mapRoles(nodes), requester: keys(""), want: []string{"self-lockout: no entry lets you in"}},
		"self, by another access key":              {old: mapRoles(byKey), new: mapRoles(nodes), requester: keys("ASIA2")},
		"self, no longer by the access key":        {old: mapRoles(byKey), new: mapRoles(strings.Replace(byKey, "{{AccessKeyID}}", "{{SessionName}}", 1)), requester: keys("ASIA1"), want: []string{`self-lockout: you would be "dev:jane" instead of "dev:ASIA1"`}},
		"self, without a group of the entry": {
			old: mapRoles(devs), new: mapRoles(nodes), requester: &Requester{Username: "dev:jane", Groups: []string{"devs", "system:authenticated"}, ARN: jane}, inconclusive: true,
			want: []string{"self-lockout: mapRoles[0] maps you (\"arn:aws:sts::111122223333:assumed-role/dev/jane\"), but you are not in viewers: you may have authenticated another way, or before the entry changed. If not, after this edit no entry lets you in"},
		},
		"self, without a group, and nothing lost": {old: mapRoles(devs), new: mapRoles(devs + nodes), requester: &Requester{Username: "dev:jane", ARN: jane}},
		"self, loses very many groups": {
			old: mapRoles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{SessionName}}\n  groups: [a1, a2, a3, a4, a5, a6, devs]\n"), new: mapRoles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{SessionName}}\n"),
			requester: &Requester{Username: "dev:jane", Groups: []string{"a1", "a2", "a3", "a4", "a5", "a6", "devs"}, ARN: jane}, want: []string{"self-lockout: you would no longer be in a1, a2, a3, a4 and 3 more"},
		},
		"self, came in otherwise": {old: mapRoles(nodes + devs), new: mapRoles(nodes), requester: &Requester{Username: "jane", ARN: jane}},
		"nodes by session, denied by a group": {old: mapRoles(exampleFargate), new: mapRoles(exampleFargate + "  - x-{{EC2PrivateDNSName}}\n"), facts: three, want: []string{
			"template-mismatch:", `node-access-lost: writes {{EC2PrivateDNSName}} into a group of the node role "arn:aws:iam::111122223333:role/fargate", whose nodes are named by their session: EKS denies them`}},
		"nodes by instance, a group by instance":    {old: mapRoles(nodes), new: mapRoles(nodes + "  - x-{{EC2PrivateDNSName}}\n"), facts: three},
		"admin, as a node":                          {old: mapRoles(devs + admin), new: mapRoles(devs + asNode), facts: three, want: []string{"system-masters:", "admin-access-lost:"}},
		"admin, only nodes left":                    {old: mapRoles(admin + asNode), new: mapRoles(asNode), facts: three, want: []string{"system-masters:", "admin-access-lost:"}},
		"admin, a node that was one":                {old: mapRoles(devs + asNode), new: mapRoles(devs), facts: Facts{Nodes: &NodeFacts{}}},
		"admin, in another partition":               {old: mapRoles(nodes + admin), new: mapRoles(nodes + strings.Replace(admin, "arn:aws:", "arn:aws-cn:", 1)), facts: three, want: []string{"arn-partition:", "system-masters:", "admin-access-lost:"}},
		"admin, from another partition":             {old: mapRoles(nodes + strings.Replace(admin, "arn:aws:", "arn:aws-cn:", 1)), new: mapRoles(nodes), facts: three},
		"admin, the whole map in another partition": {old: mapRoles(admin), new: mapRoles(strings.Replace(admin, "arn:aws:", "arn:aws-cn:", 1)), want: []string{"system-masters:"}},
		"admin, the last":                           {old: mapRoles(nodes + admin), new: mapRoles(nodes), want: []string{"admin-access-lost:"}},
		"admin, another left":                       {old: mapRoles(admin + "- rolearn: arn:aws:iam::111122223333:role/two\n  username: two\n  groups: [system:masters]\n"), new: mapRoles(admin), want: []string{"system-masters:"}},
		"grants, denied": {old: mapRoles(devs), new: mapRoles(devs + admin), requester: janes, facts: Facts{MayImpersonate: map[Grant]bool{{GrantGroup, "system:masters"}: false, {GrantUser, "admin"}: true}},
			want: []string{"system-masters:", `privilege-escalation: "dev:jane" grants more than it has; it may not impersonate: group "system:masters"`}},
		"grants, to people of what instances had": {old: mapRoles("- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups: [operators, '{{EC2PrivateDNSName}}']\n" + devs),
			new:       mapRoles("- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups: [operators]\n" + devs),
			requester: janes, facts: Facts{MayImpersonate: map[Grant]bool{{GrantGroup, "operators"}: false, {GrantUser, "ops"}: false}},
			want: []string{`privilege-escalation: "dev:jane" grants more than it has; it may not impersonate: group "operators", user "ops"`}},
		"grants, by a master":       {old: mapRoles(devs), new: mapRoles(devs + admin), requester: &Requester{Username: "a", Groups: []string{"system:masters"}}, want: []string{"system-masters:"}},
		"grants, no answer":         {old: mapRoles(devs), new: mapRoles(devs + admin), requester: janes, facts: Facts{Unavailable: Unavailable{Grants: "no permission"}}, want: []string{"system-masters:", "privilege-escalation: could not be checked (no permission)"}, inconclusive: true},
		"grants, all of both kinds": {old: mapRoles(devs), new: mapRoles(devs + admin), requester: janes, facts: Facts{MayImpersonate: map[Grant]bool{{Kind: GrantUser}: true, {Kind: GrantGroup}: true}}, want: []string{"system-masters:"}},
		"grants, the account's number": {old: mapRoles(devs), new: mapRoles(devs + "- rolearn: arn:aws:iam::111122223333:role/evil\n  username: arn:aws:iam::{{AccountID}}:user/alice\n  groups: [\"team-{{AccountID}}\"]\n"), requester: janes,
			facts: Facts{MayImpersonate: map[Grant]bool{{GrantUser, "arn:aws:iam::111122223333:user/alice"}: false, {GrantGroup, "team-111122223333"}: false}},
			want:  []string{"username-shared: ARN of another principal", `privilege-escalation: group "team-111122223333", user "arn:aws:iam::111122223333:user/alice"`}},
		"grants, the caller chooses": {old: mapRoles(devs), new: mapRoles(devs + "- rolearn: arn:aws:iam::111122223333:role/evil\n  username: j{{SessionNameRaw}}\n"), requester: janes,
			facts: Facts{MayImpersonate: map[Grant]bool{{Kind: GrantUser}: false}},
			want:  []string{"template-unsafe:", `privilege-escalation: every user of the form "j{{SessionNameRaw}}"`}},
		"group in other letters": {old: mapRoles(nodes), new: mapRoles(nodes + devs), facts: Facts{Bindings: &BindingFacts{Groups: map[string]string{"Devs": "ClusterRoleBinding d", "viewers": "RoleBinding a/v"}}},
			want: []string{`group-unbound: names the group "devs" (ClusterRoleBinding d names "Devs")`}},
		"an old group": {old: mapRoles(devs), new: mapRoles(nodes + devs), facts: Facts{Bindings: &BindingFacts{}}},
		"upper case, bound": {old: mapRoles(nodes), new: mapRoles(nodes + upper), facts: Facts{Bindings: &BindingFacts{Users: map[string]string{"Ops": "RoleBinding prod/ops"}}},
			want: []string{"username-uppercase: not repaired: RoleBinding prod/ops names it so"}, inconclusive: true},
		"upper case, bound by template": {old: mapRoles(nodes), new: mapRoles(nodes + "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: Ops:{{SessionName}}\n"), facts: Facts{Bindings: &BindingFacts{Users: map[string]string{"Ops:jane": "RoleBinding prod/ops"}}},
			want: []string{"username-uppercase: not repaired: RoleBinding prod/ops names it so"}, inconclusive: true},
		"upper case, not bound": {old: mapRoles(nodes), new: mapRoles(nodes + upper), facts: Facts{Bindings: &BindingFacts{Users: map[string]string{"oPS": "x"}}}, want: []string{"username-uppercase: write \"ops\""}},
		"upper case, lower bound": {old: mapRoles(nodes), new: mapRoles(nodes + upper), facts: Facts{Bindings: &BindingFacts{Users: map[string]string{"ops": "RoleBinding prod/ops"}}},
			want: []string{`username-uppercase: RoleBinding prod/ops names "ops", and "Ops" gets nothing by it: write "ops" only if this entry should have what it gives, or else another name; not repaired: in lower case it would get rights that this text does not give`}},
		"upper case, lower bound, only a group is new": {old: mapRoles(nodes + upper), new: mapRoles(nodes + upper + "  groups: [system:masters]\n"), facts: Facts{Bindings: &BindingFacts{Users: map[string]string{"ops": "RoleBinding prod/ops"}}},
			want: []string{"username-uppercase: not repaired: in lower case it would get rights", "system-masters:"}},
		"upper case, lower bound by template": {old: mapRoles(nodes), new: mapRoles(nodes + "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: Ops:{{SessionName}}\n"), facts: Facts{Bindings: &BindingFacts{Users: map[string]string{"ops:jane": "RoleBinding prod/ops"}}},
			want: []string{`username-uppercase: RoleBinding prod/ops names "ops:jane", and "Ops:{{SessionName}}" gets nothing by it`}},
		"upper case, both bound": {old: mapRoles(nodes), new: mapRoles(nodes + upper), facts: Facts{Bindings: &BindingFacts{Users: map[string]string{"ops": "x", "Ops": "RoleBinding prod/ops"}}},
			want: []string{"username-uppercase: not repaired: RoleBinding prod/ops names it so"}, inconclusive: true},
		"upper case, nobody asked": {old: mapRoles(nodes), new: mapRoles(nodes + upper), want: []string{"username-uppercase: not repaired: the bindings are not known"}},
		"upper case, no answer":    {old: mapRoles(nodes), new: mapRoles(nodes + upper), facts: Facts{Unavailable: Unavailable{Bindings: "slow"}}, want: []string{"username-uppercase: could not be read (slow)"}, inconclusive: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Change{Old: awsauth.Read(tt.old), New: awsauth.Read(tt.new), Deleted: tt.deleted, Requester: tt.requester, Facts: tt.facts}
			findings := CheckChange(c, Options{})
			if len(findings) != len(tt.want) {
				t.Fatalf("%d findings, want %d:%s", len(findings), len(tt.want), describe(c.New, findings))
			}
			inconclusive := false
			for i, f := range findings {
				rule, part, _ := strings.Cut(tt.want[i], ":")
				if f.Rule != rule || !strings.Contains(f.Sentence().Text, strings.TrimSpace(part)) {
					t.Errorf("finding %d is %s: %s; want %s", i, f.Rule, f.Sentence().Text, tt.want[i])
				}
				inconclusive = inconclusive || f.Inconclusive
			}
			if inconclusive != tt.inconclusive {
				t.Errorf("inconclusive is %v, want %v", inconclusive, tt.inconclusive)
			}
		})
	}
}

func mapRoles(text string) map[string]string { return map[string]string{"mapRoles": text} }

func TestAskOnlyWhatTheEditNeeds(t *testing.T) {
	janes := &Requester{Username: "dev:jane", ARN: jane}
	for name, tt := range map[string]struct {
		old, new string
		off      map[string]bool
		want     Questions
	}{
		"a comment":                   {nodes + devs, "# c\n" + nodes + devs, nil, Questions{}},
		"a node role gone":            {nodes + devs, devs, nil, Questions{Nodes: true}},
		"an entry more":               {nodes, nodes + devs, nil, Questions{Bindings: true, Grants: []Grant{{Kind: GrantUser}, {GrantGroup, "devs"}, {GrantGroup, "viewers"}}}},
		"rules that are off":          {nodes, devs, map[string]bool{"node-access-lost": true, "group-unbound": true, "privilege-escalation": true}, Questions{}},
		"upper case":                  {nodes, nodes + upper, nil, Questions{Bindings: true, Grants: []Grant{{GrantUser, "Ops"}}}},
		"a repair":                    {upper, strings.ToLower(upper), nil, Questions{Grants: []Grant{{GrantUser, "ops"}}}},
		"upper case in a broken text": {nodes, nodes + upper + "- rolearn: arn:aws:iam::111122223333:role/x\n  username: {{SessionName}}\n", map[string]bool{"privilege-escalation": true, "node-access-lost": true}, Questions{Bindings: true}},
		"upper case before":           {upper, upper + nodes, map[string]bool{"privilege-escalation": true}, Questions{}},
	} {
		c := &Change{Old: awsauth.Read(mapRoles(tt.old)), New: awsauth.Read(mapRoles(tt.new)), Requester: janes}
		got := Ask(c, Options{Off: tt.off})
		if got.Nodes != tt.want.Nodes || got.Bindings != tt.want.Bindings || len(got.Grants) != len(tt.want.Grants) {
			t.Errorf("%s: asks %+v, want %+v", name, got, tt.want)
			continue
		}
		for i := range got.Grants {
			if got.Grants[i] != tt.want.Grants[i] {
				t.Errorf("%s: asks %+v, want %+v", name, got, tt.want)
			}
		}
	}
}

// TestTheDangerousGrantsAreAskedFirst: of many grants the dangerous ones are asked about, wherever they stand, and those
// that are not asked about are reported, which is no matter of a missing answer.
func TestTheDangerousGrantsAreAskedFirst(t *testing.T) {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "- rolearn: arn:aws:iam::111122223333:role/a%02d\n  username: u%02d\n  groups: [g%02d]\n", i, i, i)
	}
	b.WriteString("- rolearn: arn:aws:iam::111122223333:role/z\n  username: z{{SessionName}}\n  groups: [g39, \"eks:{{AccountID}}\", system:masters]\n")
	c := &Change{Old: awsauth.Read(mapRoles(devs)), New: awsauth.Read(mapRoles(devs + b.String())), Requester: &Requester{Username: "dev:jane"}}
	q := Ask(c, Options{})
	ask, rest := q.Named(nil)
	if len(ask) != 16 || len(rest) != 40+40+2-16 || ask[0] != (Grant{GrantGroup, awsauth.MastersGroup}) || ask[1] != (Grant{GrantGroup, "eks:111122223333"}) || !slices.Contains(q.Grants, Grant{Kind: GrantUser}) {
		t.Errorf("asks %v and leaves %d", ask, len(rest))
	}
	c.Facts.MayImpersonate = map[Grant]bool{{Kind: GrantUser}: false, {Kind: GrantGroup}: false}
	for _, g := range ask {
		c.Facts.MayImpersonate[g] = true
	}
	told := 0
	for _, f := range CheckChange(c, Options{}) {
		if f.Rule != "privilege-escalation" {
			continue
		}
		told++
		if f.Inconclusive || !strings.Contains(f.Sentence().Text, "was not checked") && !strings.Contains(f.Sentence().Text, `every user of the form "z{{SessionName}}"`) {
			t.Errorf("inconclusive %v: %s", f.Inconclusive, f.Sentence().Text)
		}
	}
	if told != 2 {
		t.Errorf("%d findings", told)
	}
	if ask, rest := q.Named(map[Grant]bool{{Kind: GrantUser}: true, {Kind: GrantGroup}: true}); len(ask)+len(rest) != 0 {
		t.Errorf("whoever may impersonate everybody is asked %v", ask)
	}
	if ask, _ := q.Named(map[Grant]bool{{Kind: GrantGroup}: true}); slices.ContainsFunc(ask, func(g Grant) bool { return g.Kind == GrantGroup }) {
		t.Errorf("whoever may impersonate all groups is asked %v", ask)
	}
}
