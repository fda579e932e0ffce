package proof

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

const (
	roleARN = "arn:aws:iam::111122223333:role/"
	userARN = "arn:aws:iam::111122223333:user/"
	// account is the one that mapAccounts lets in.
	account = "444455556666"
)

// The callers that the maps speak of.
const (
	node    = "node"
	fargate = "fargate" // a node that is no EC2 instance
	admin   = "admin"
	abroad  = "abroad"  // somebody in the role admin of another partition, whom this cluster never meets
	robot   = "robot"   // an EC2 instance in the role of jane
	machine = "machine" // an EC2 instance in the role of admin
	jane    = "jane"    // a person: the author of edits with kubectl
	masters = "masters" // somebody else in the role of jane, who has chosen that name for the session
	sso     = "sso"
	ops     = "ops"
	china   = "china"
	behind  = "behind" // whom entries behind the end of the list mean
	ci      = "ci"     // a pipeline: the author of edits with Terraform
	twin    = "twin"
	pathed  = "pathed"
	eve     = "eve" // a user of another account
)

const ssoRole = "AWSReservedSSO_Dev_0123456789abcdef"

// callers are all principals that a map of the universe could let in, as STS names them.
func callers() map[string]cases.Caller {
	session := func(role, name string) cases.Caller {
		return cases.Caller{ARN: "arn:aws:sts::111122223333:assumed-role/" + role + "/" + name, SessionName: name}
	}
	return map[string]cases.Caller{
		node: session("nodes", "i-0123456789abcdef0"), admin: session("admin", "ann"),
		robot: session("dev", "i-0123456789abcdef0"), abroad: {ARN: "arn:aws-cn:sts::111122223333:assumed-role/admin/chen", SessionName: "chen"}, machine: session("admin", "i-0123456789abcdef0"),
		fargate: session("fargate", "fargate-ip-10-0-0-8.ec2.internal"),
		jane:    session("dev", "jane"), masters: session("dev", "masters"), sso: session(ssoRole, "jane@example.com"),
		ops: session("ops", "olga"), behind: session("behind", "bea"),
		china: {ARN: "arn:aws-cn:sts::111122223333:assumed-role/dev/chen", SessionName: "chen"},
		ci:    {ARN: userARN + "ci"}, twin: {ARN: userARN + "twin"}, pathed: {ARN: userARN + "team/ci"},
		eve: {ARN: "arn:aws:iam::" + account + ":user/eve"},
	}
}

// meant is what the writer of an entry wants: that a caller gets in as somebody.
type meant struct {
	caller   string
	username string
	groups   []string
}

func (m meant) same(o meant) bool {
	return m.caller == o.caller && m.username == o.username && slices.Equal(m.groups, o.groups)
}

// value is one value of a feature of a map: a piece of text, and what each of its items means.
type value struct {
	name, text string
	// before goes to the head of the section.
	before string
	// items are the list's items, hidden what is where the list has ended.
	items, hidden []meant
	// breaks is set where the whole list is lost.
	breaks bool
}

// feature is a part of a map and the values that the rules tell apart; the first is that of the plain map.
type feature struct {
	name, key string
	values    []value
}

// entry is an entry as people write it.
func entry(field, arn, username string, groups ...string) string {
	text := "- " + field + ": " + arn + "\n  username: " + username + "\n"
	if len(groups) > 0 {
		text += "  groups:\n  - " + strings.Join(groups, "\n  - ") + "\n"
	}
	return text
}

func role(name, username string, groups ...string) string {
	return entry("rolearn", roleARN+name, username, groups...)
}

func user(name, username string, groups ...string) string {
	return entry("userarn", userARN+name, username, groups...)
}

// one is a value of one entry.
func one(name, text string, m meant) value { return value{name: name, text: text, items: []meant{m}} }

// breaking is a value by which the whole list is lost.
func breaking(v value) value {
	v.breaks = true
	return v
}

// two is a value of two entries.
func two(name, text string, a, b meant) value {
	return value{name: name, text: text, items: []meant{a, b}}
}

// features are the parts of a map, those of one data key in the order of its text.
func features() []feature {
	return []feature{
		{"nodes", "mapRoles", nodeValues()}, {"admin", "mapRoles", adminValues()}, {"author", "mapRoles", authorValues()},
		{"other", "mapRoles", otherValues()}, {"tail", "mapRoles", tailValues()}, {"users", "mapUsers", userValues()},
		{"accounts", "mapAccounts", accountValues()}, {"keys", "maproles", keyValues()},
	}
}

func nodeValues() []value {
	const name = "system:node:{{EC2PrivateDNSName}}"
	both := []string{"system:bootstrappers", "system:nodes"}
	is := meant{node, "system:node:ip-10-0-0-7.ec2.internal", both}
	windows := append(slices.Clone(both), "eks:kube-proxy-windows")
	plain := role("nodes", name, both...)
	return []value{
		one("plain", plain, is),
		{name: "absent"},
		two("twice", plain+plain, is, is),
		two("overruled", plain+role("Nodes", "someone"), is, meant{node, "someone", nil}),
		one("with a path", role("team/nodes", name, both...), is),
		one("in another case", role("NODES", name, both...), is),
		one("and a template in a group", role("nodes", name, append(slices.Clone(both), "{{EC2PrivateDNSName}}")...),
			meant{node, is.username, append(slices.Clone(both), "ip-10-0-0-7.ec2.internal")}),
		one("by session name", role("nodes", "system:node:{{SessionName}}", both...),
			meant{node, "system:node:i-0123456789abcdef0", both}),
		one("one group", role("nodes", name, "system:nodes"), is),
		one("glued groups", role("nodes", name, "system:bootstrappers\n    - system:nodes"), is),
		one("Windows", role("nodes", name, windows...), meant{node, is.username, windows}),
		one("misspelt template", role("nodes", "system:node:{{EC2PrivateDnsName}}", both...), is),
		one("instance profile", entry("rolearn", "arn:aws:iam::111122223333:instance-profile/nodes", name, both...), is),
	}
}

func adminValues() []value {
	is := meant{admin, "admin:ann", []string{"system:masters"}}
	const name = "admin:{{SessionName}}"
	return []value{
		one("plain", role("admin", name, "system:masters"), is),
		{name: "absent"},
		one("with a path", role("team/admin", name, "system:masters"), is),
		one("group in another case", role("admin", name, "System:Masters"), is),
		one("group in the singular", role("admin", name, "system:master"), is),
		one("group without a list", role("admin", name)+"  groups: system:masters\n", is),
		one("unknown field", role("admin", name)+"  group:\n  - system:masters\n", is),
		one("no groups", role("admin", name), meant{admin, "admin:ann", nil}),
		one("field twice", role("admin", name, "system:masters")+"  groups:\n  - viewers\n", is),
		one("as a node", role("admin", "system:node:{{EC2PrivateDNSName}}", "system:bootstrappers", "system:nodes", "system:masters"),
			meant{machine, "system:node:ip-10-0-0-7.ec2.internal", []string{"system:bootstrappers", "system:nodes", "system:masters"}}),
		one("in another partition", entry("rolearn", "arn:aws-cn:iam::111122223333:role/admin", name, "system:masters"), meant{abroad, "admin:chen", []string{"system:masters"}}),
		two("overruled", role("admin", name, "system:masters")+role("admin", name, "viewers"), is, meant{admin, "admin:ann", []string{"viewers"}}),
	}
}

func authorValues() []value {
	const name = "dev:{{SessionName}}"
	is := meant{jane, "dev:jane", []string{"editors"}}
	as := func(username string, groups ...string) meant { return meant{jane, username, groups} }
	return []value{
		one("plain", role("dev", name, "editors"), is),
		{name: "absent"},
		one("static name", role("dev", "dev", "editors"), as("dev", "editors")),
		one("access key", role("dev", "dev:{{AccessKeyID}}", "editors"), as("dev:"+cases.AccessKeyID, "editors")),
		one("session name alone", role("dev", `"{{SessionName}}"`, "editors"), as("jane", "editors")),
		one("upper case", role("dev", "Dev:{{SessionName}}", "editors"), as("Dev:jane", "editors")),
		one("with a path", role("team/dev", name, "editors"), is),
		one("SSO with a path", role("aws-reserved/sso.amazonaws.com/eu-west-1/"+ssoRole, name, "editors"),
			meant{sso, "dev:jane-example.com", []string{"editors"}}),
		one("another group", role("dev", name, "viewers"), as("dev:jane", "viewers")),
		one("more groups", role("dev", name, "editors", "system:masters"), as("dev:jane", "editors", "system:masters")),
		breaking(one("template without quotes", role("dev", "{{SessionName}}", "editors"), as("jane", "editors"))),
		two("overruled", role("dev", name, "editors")+role("dev", "other", "viewers"), is, as("other", "viewers")),
		breaking(one("out of line", "- rolearn: "+roleARN+"dev\n username: "+name+"\n", is)),
		breaking(one("a tab", "- rolearn: "+roleARN+"dev\n\tusername: "+name+"\n", is)),
		one("no ARN", entry("arn", roleARN+"dev", name, "editors"), is),
		one("a number", role("dev", "123", "editors"), as("123", "editors")),
		one("a blank at the end", role("dev", `"dev:{{SessionName}} "`, "editors"), is),
		one("template in a group", role("dev", name, "editors", "system:{{SessionName}}"),
			as("dev:jane", "editors", "system:jane")),
		one("for instances alone", role("dev", name, "editors", "x-{{EC2PrivateDNSName}}"),
			meant{robot, "dev:i-0123456789abcdef0", []string{"editors", "x-ip-10-0-0-7.ec2.internal"}}),
		one("misspelt template", role("dev", "dev:{{sessionName}}", "editors"), is),
		one("ends with a slash", role("dev/", name, "editors"), is),
	}
}

func otherValues() []value {
	is := meant{ops, "ops:olga", []string{"editors"}}
	const name = "ops:{{SessionName}}"
	serverless := meant{fargate, "system:node:fargate-ip-10-0-0-8.ec2.internal", []string{"system:bootstrappers", "system:nodes", "system:node-proxier"}}
	return []value{
		{name: "absent"},
		one("plain", role("ops", name, "editors"), is),
		one("administrator", role("ops", name, "system:masters"), meant{ops, "ops:olga", []string{"system:masters"}}),
		one("a shared name", role("ops", "dev", "editors"), meant{ops, "dev", []string{"editors"}}),
		one("a reserved name", role("ops", "system:kube-scheduler"), meant{ops, "system:kube-scheduler", nil}),
		one("a name of EKS", role("ops", "eks:node-manager"), meant{ops, "eks:node-manager", nil}),
		one("chooses its name", role("ops", "j{{SessionNameRaw}}"), meant{ops, "jolga", nil}),
		one("Fargate", role("fargate", "system:node:{{SessionName}}", serverless.groups...), serverless),
		one("Fargate for instances alone", role("fargate", "system:node:{{SessionName}}", append(slices.Clone(serverless.groups), "x-{{EC2PrivateDNSName}}")...), serverless),
		one("placeholder", entry("rolearn", "<ARN of the role>", name, "editors"), is),
		one("null", "-\n", is),
		one("a text", "- ops\n", is),
		one("a user", entry("rolearn", userARN+"twin", "twin", "editors"), meant{twin, "twin", []string{"editors"}}),
		one("userarn", user("twin", "twin", "editors"), meant{twin, "twin", []string{"editors"}}),
		one("another partition", entry("rolearn", "arn:aws-cn:iam::111122223333:role/dev", "china", "editors"),
			meant{china, "china", []string{"editors"}}),
		one("an unbound group", role("ops", name, "nobody"), meant{ops, "ops:olga", []string{"nobody"}}),
		one("wildcard", role("*", name, "editors"), is),
		one("a session", entry("rolearn", "arn:aws:sts::111122223333:assumed-role/ops/olga", name, "editors"), is),
		one("no name", "- rolearn: "+roleARN+"ops\n  groups:\n  - editors\n", is),
	}
}

func tailValues() []value {
	more := role("behind", "behind", "editors")
	hidden := []meant{{behind, "behind", []string{"editors"}}}
	return []value{
		{name: "none"},
		{name: "second document", text: "---\n" + more, hidden: hidden},
		{
			name: "second document on one line", hidden: hidden,
			text: "--- - rolearn: " + roleARN + "behind\n    username: behind\n",
		},
		{name: "after an end", text: "...\n" + more, hidden: hidden},
		{name: "second document with a tab", text: "---\n\t" + more, hidden: hidden},
		{name: "second document that is none", text: "---\n@" + more, hidden: hidden},
		{name: "marker", text: "---\n"},
		{name: "comment", text: "# the end\n"},
		{name: "not a list", before: "mapRoles:\n", breaks: true},
	}
}

func userValues() []value {
	is := meant{ci, "ci", []string{"editors"}}
	return []value{
		one("plain", user("ci", "ci", "editors"), is),
		{name: "absent"},
		one("upper case", user("ci", "CI", "editors"), meant{ci, "CI", []string{"editors"}}),
		two("in two cases", user("ci", "ci", "editors")+user("CI", "ci", "viewers"),
			is, meant{ci, "ci", []string{"viewers"}}),
		one("template of roles", user("ci", "ci:{{SessionName}}", "editors"), is),
		breaking(one("out of line", "- userarn: "+userARN+"ci\n username: ci\n", is)),
		two("and a role", user("ci", "ci", "editors")+entry("userarn", roleARN+"ops", "ops", "viewers"),
			is, meant{ops, "ops", []string{"viewers"}}),
		one("with a path", user("team/ci", "ci", "editors"), meant{pathed, "ci", []string{"editors"}}),
		{name: "an empty list", text: "[]\n"},
	}
}

func accountValues() []value {
	is := meant{eve, "arn:aws:iam::" + account + ":user/eve", nil}
	return []value{
		{name: "absent"},
		one("an account", "- \""+account+"\"\n", is),
		one("with dashes", "- 4444-5555-6666\n", is),
		one("out of line", "- \""+account+"\n", is),
	}
}

func keyValues() []value {
	return []value{
		{name: "absent"},
		{
			name: "misspelt key", text: role("behind", "behind", "editors"),
			hidden: []meant{{behind, "behind", []string{"editors"}}},
		},
	}
}

// small is a map of the universe.
type small struct {
	name string
	data map[string]string
	// items are what the items of each data key mean, hidden what is written where nobody reads it.
	items  map[string][]meant
	hidden []meant
	// rest is the data without the values by which a list is lost: what the author grants all the same.
	rest map[string]string
}

// all gives what is meant by everything that is written.
func (m *small) all() iter.Seq[meant] {
	return func(yield func(meant) bool) {
		for _, key := range slices.Sorted(maps.Keys(m.items)) {
			for _, item := range m.items[key] {
				if !yield(item) {
					return
				}
			}
		}
		for _, item := range m.hidden {
			if !yield(item) {
				return
			}
		}
	}
}

// universe is the plain map and every map that differs from it in one feature or in two.
func universe() []*small {
	all := features()
	choice := make([]int, len(all))
	list := []*small{compose(all, choice)}
	for i := range all {
		for v := 1; v < len(all[i].values); v++ {
			choice[i] = v
			list = append(list, compose(all, choice))
			for j := i + 1; j < len(all); j++ {
				for w := 1; w < len(all[j].values); w++ {
					choice[j] = w
					list = append(list, compose(all, choice))
				}
				choice[j] = 0
			}
		}
		choice[i] = 0
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(m *small) bool {
		text := textOf(m.data)
		was := seen[text]
		seen[text] = true
		return was
	})
}

// compose writes the map of a choice of values.
func compose(all []feature, choice []int) *small {
	m := &small{data: map[string]string{}, items: map[string][]meant{}, rest: map[string]string{}}
	var names []string
	for i, f := range all {
		v := &f.values[choice[i]]
		if choice[i] > 0 {
			names = append(names, f.name+" "+v.name)
		}
		if text := v.before + m.data[f.key] + v.text; text != "" || f.key == "mapRoles" {
			m.data[f.key] = text
		}
		if !v.breaks {
			m.rest[f.key] = v.before + m.rest[f.key] + v.text
		}
		m.items[f.key] = append(m.items[f.key], v.items...)
		m.hidden = append(m.hidden, v.hidden...)
	}
	if m.name = strings.Join(names, ", "); m.name == "" {
		m.name = "plain"
	}
	return m
}

// textOf tells maps apart.
func textOf(data map[string]string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(data)) {
		b.WriteString(key + "\x00" + data[key] + "\x00")
	}
	return b.String()
}
