package oracle

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// composer writes aws-auth maps in every style that people, tools and accidents give them. Each decision takes one byte
// of its script, so that the fuzzer can turn any of them; a script that has run out chooses the first option.
type composer struct {
	script  []byte
	anchors []string
	// calm texts are what careful people write: they parse, mostly.
	calm bool
}

// compose writes the three texts that a script describes.
func compose(script []byte) (roles, users, accounts string) {
	c := &composer{script: script}
	c.calm = c.pick(3) > 0
	roles = c.text("rolearn")
	c.anchors = nil
	users = c.text("userarn")
	c.anchors = nil
	return roles, users, c.accountsText()
}

func (c *composer) pick(n int) int {
	if len(c.script) == 0 {
		return 0
	}
	b := int(c.script[0])
	c.script = c.script[1:]
	return b % n
}

func (c *composer) oneOf(options ...string) string { return options[c.pick(len(options))] }

// from takes from a pool, of which the first half is plain.
func (c *composer) from(pool []string) string {
	if c.calm {
		pool = pool[:len(pool)/2]
	}
	return c.oneOf(pool...)
}

// rarely is true for one value in sixteen, and never in a calm text.
func (c *composer) rarely() bool { return !c.calm && c.pick(16) == 15 }

// text is one mapRoles or mapUsers.
func (c *composer) text(arnField string) string {
	var body strings.Builder
	flow := c.pick(4) == 3
	count := 1 + c.pick(4)
	indent := c.oneOf("", "", "", "  ", "    ", "      ")
	if flow {
		items := make([]string, count)
		for i := range items {
			items[i] = c.flowEntry(arnField)
		}
		body.WriteString("[" + strings.Join(items, c.oneOf(",", ", ", ",\n  ")) + c.oneOf("", "", ",") + "]\n")
	} else {
		for range count {
			body.WriteString(c.blockEntry(arnField, indent))
			between := []string{"", "", "", "", "\n", indent + "# more\n", "# out-dented\n", indent + "\t\n"}
			body.WriteString(c.from(between))
			if c.rarely() {
				indent = c.oneOf("", " ", "  ", "   ")
			}
		}
	}
	return c.finish(body.String())
}

// finish puts the text between what may stand around it, and hurts a byte now and then.
func (c *composer) finish(body string) string {
	before := []string{"", "", "", "", "---\n", "# comment\n", "\n\n", "\ufeff", "%YAML 1.1\n---\n", "--- !!seq\n", "|\n", "mapRoles:\n", "--- &doc\n", "\t"}
	after := []string{"", "", "", "", "\n\n", "# end", "---\n", "...\n", "---\n- rolearn: arn:aws:iam::111122223333:role/later\n", "...\ngarbage: [\n", "garbage\n", "\x00", "  ", "\r"}
	text := c.from(before) + body + c.from(after)
	switch c.pick(12) {
	case 8, 9:
		text = strings.ReplaceAll(text, "\n", "\r\n")
	case 10:
		text = strings.ReplaceAll(text, "\n", "\r")
	case 11:
		if !c.calm {
			text = c.hurt(text)
		}
	}
	return text
}

// hurt cuts, doubles or replaces a piece of the text.
func (c *composer) hurt(text string) string {
	if text == "" {
		return text
	}
	at := (c.pick(256)*256 + c.pick(256)) % len(text)
	end := min(len(text), at+1+c.pick(4))
	switch c.pick(4) {
	case 0:
		return text[:at] + text[end:]
	case 1:
		return text[:end] + text[at:]
	case 2:
		return text[:at] + c.oneOf(" ", "\t", "\n", ":", "-", "'", `"`, "{", "}", "[", "]", "#", "&a ", "*a ", "!", "\u00a0", "\u0085", "\u2028", "\xff", "\\", ",", "|", "? ") + text[at:]
	default:
		return text[:at] + c.oneOf(" ", "\n", "x", "-", "\t") + text[end:]
	}
}

// blockEntry is one entry in block style: a mapping mostly.
func (c *composer) blockEntry(arnField, indent string) string {
	if c.rarely() {
		return indent + c.oneOf("- null", "-", "- dev", "- 42", "- [a, b]", "- - a", "- {}", "- *"+c.anchor(), "-x", "a: b") + "\n"
	}
	lines := c.fields(arnField, false)
	dash := c.oneOf("- ", "- ", "- ", "-   ", "-\n"+indent+"  ")
	if c.rarely() {
		name := fmt.Sprintf("e%d", len(c.anchors))
		c.anchors = append(c.anchors, name)
		dash = "- &" + name + "\n" + indent + "  "
	}
	inner := indent + strings.Repeat(" ", len(dash))
	if strings.Contains(dash, "\n") {
		inner = indent + "  "
	}
	var b strings.Builder
	for i, line := range lines {
		prefix := inner
		if i == 0 {
			prefix = indent + dash
		}
		if c.rarely() {
			prefix += c.oneOf(" ", "\t", "  ")
		}
		b.WriteString(prefix + strings.ReplaceAll(line, "\n", "\n"+inner) + c.from([]string{"", "", " ", " # why", "\t", "  ", " #", "\u00a0"}) + "\n")
	}
	return b.String()
}

// flowEntry is one entry in flow style or JSON.
func (c *composer) flowEntry(arnField string) string {
	if c.rarely() {
		return c.oneOf("null", "dev", "42", "[]", "{}", `"x"`, "*"+c.anchor())
	}
	return "{" + strings.Join(c.fields(arnField, true), c.oneOf(", ", ",", ",\n   ")) + c.oneOf("", "", "", ",") + "}"
}

// fields are an entry's lines in some order, with odd ones between.
func (c *composer) fields(arnField string, flow bool) []string {
	arn := c.key(arnField) + c.scalar(c.from(arnPool), flow)
	username := c.key("username") + c.scalar(c.from(usernamePool), flow)
	groups := c.key("groups") + c.groups(flow)
	var lines []string
	switch c.pick(6) {
	case 0:
		lines = []string{arn, username, groups}
	case 1:
		lines = []string{groups, arn, username}
	case 2:
		lines = []string{username, groups, arn}
	case 3:
		lines = []string{arn, username}
	case 4:
		lines = []string{arn, groups}
	default:
		lines = []string{username, arn, groups}
	}
	for !c.calm && c.pick(5) == 4 && len(lines) < 8 {
		at := c.pick(len(lines) + 1)
		lines = append(lines[:at], append([]string{c.oddField(arnField, flow)}, lines[at:]...)...)
	}
	return lines
}

func (c *composer) oddField(arnField string, flow bool) string {
	switch c.pick(8) {
	case 0:
		return c.key("userid") + "AROAEXAMPLE"
	case 1:
		return c.key(arnField) + c.scalar(c.from(arnPool), flow)
	case 2:
		return c.key("username") + c.scalar(c.from(usernamePool), flow)
	case 3:
		return c.key("groups") + c.groups(flow)
	case 4:
		return "<<: " + c.oneOf("*"+c.anchor(), "[*"+c.anchor()+"]", "{username: merged}", "[{username: first}, {username: second, groups: [m]}]")
	case 5:
		return c.oneOf("1: x", "true: y", "~: z", "1.5: f", "[a]: b", "{a: b}: c", "? k\n: v", "\"\": empty", "2020-01-01: d", ".inf: i")
	case 6:
		return c.key("sso") + c.oneOf(`{permissionSetName: Admin, accountID: "123456789012"}`, `{permissionSetName: Admin, accountID: "123456789012", partition: aws}`,
			"null", "{}", "Admin", `{permissionSetName: View, accountID: 123456789012}`)
	default:
		return c.oneOf("role_arn", "group", "env", "arn", "userarn", "rolearn") + ": " + c.oneOf("x", "null", "[a]", "{b: c}")
	}
}

// key is a field's name in one of the ways that people write it.
func (c *composer) key(name string) string {
	form := c.pick(16)
	if c.calm && form > 13 {
		form = 0
	}
	switch form {
	case 10:
		name = strings.ToUpper(name)
	case 11:
		name = strings.ToUpper(name[:1]) + name[1:]
	case 12:
		return `"` + name + `": `
	case 13:
		return "'" + name + "':  "
	case 14:
		return "? " + name + "\n: "
	case 15:
		name = strings.Replace(name, "s", "\u017f", 1)
	}
	return name + ": "
}

// scalar writes a value in one of YAML's styles.
func (c *composer) scalar(value string, flow bool) string {
	style := c.pick(20)
	if flow && (style == 3 || style == 4 || style == 5) {
		style = 2
	}
	if c.calm && (style > 6 || strings.HasPrefix(value, "{")) {
		style = c.pick(8) % 3
	}
	switch style {
	case 1:
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	case 2:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
	case 3:
		return c.oneOf(">-", ">", "|", "|-", "|+", ">2-", "|2") + "\n  " + value
	case 4:
		return "\n  " + value
	case 5:
		half := len(value) / 2
		for half > 0 && !utf8.RuneStart(value[half]) {
			half--
		}
		return value[:half] + "\n  " + value[half:]
	case 6:
		name := fmt.Sprintf("v%d", len(c.anchors))
		c.anchors = append(c.anchors, name)
		return "&" + name + " " + value
	case 7:
		return "*" + c.anchor()
	case 8:
		return c.oneOf("!!str ", "!Sub ", "!", "!!binary ", "!!int ", "!!null ", "!<tag:yaml.org,2002:str> ") + value
	case 9:
		return strings.ReplaceAll(`"`+value+`"`, "/", `\/`)
	case 10:
		return `"` + strings.ReplaceAll(value, "r", `\x72`) + `"`
	default:
		return value
	}
}

// groups writes the groups field's value.
func (c *composer) groups(flow bool) string {
	if c.rarely() {
		return c.oneOf("system:masters", "null", "", "[]", "{a: b}", `""`, "*"+c.anchor(), "42", "'[\"devs\"]'", "a,b")
	}
	count := 1 + c.pick(3)
	items := make([]string, count)
	for i := range items {
		items[i] = c.scalar(c.from(groupPool), true)
	}
	anchor := ""
	if c.rarely() {
		name := fmt.Sprintf("g%d", len(c.anchors))
		c.anchors = append(c.anchors, name)
		anchor = "&" + name + " "
	}
	if flow || c.pick(3) == 2 {
		return anchor + "[" + strings.Join(items, ", ") + "]"
	}
	lead := "\n" + c.oneOf("", "", "  ", "    ") + c.from([]string{"- ", "-  ", "-", "-\t"})
	return strings.TrimSuffix(anchor, " ") + lead + strings.Join(items, lead)
}

// anchor names an anchor that stands earlier in the text, or one that does not.
func (c *composer) anchor() string {
	if len(c.anchors) == 0 || c.rarely() {
		return "nobody"
	}
	return c.anchors[c.pick(len(c.anchors))]
}

func (c *composer) accountsText() string {
	count := 1 + c.pick(3)
	items := make([]string, count)
	for i := range items {
		items[i] = c.scalar(c.from(accountPool), true)
	}
	if c.pick(3) == 2 {
		return c.finish("[" + strings.Join(items, ", ") + "]\n")
	}
	return c.finish("- " + strings.Join(items, "\n- ") + "\n")
}

// What entries are filled with. The first half of each is plain, and its first the plainest.
var (
	arnPool = []string{
		"arn:aws:iam::123456789012:role/dev", "arn:aws:iam::123456789012:role/team/dev", "arn:aws:iam::123456789012:role/Dev",
		"arn:aws:iam::123456789012:user/bob", "arn:aws:iam::123456789012:user/Bob", "arn:aws:iam::123456789012:user/team/bob",
		"arn:aws:iam::123456789012:role/node-role", "arn:aws:iam::123456789012:root", "arn:aws:sts::123456789012:federated-user/fed",
		"arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef",
		"arn:aws:iam::123456789012:role/AWSReservedSSO_Admin_0123456789abcdef", "arn:aws-cn:iam::123456789012:role/dev",
		"arn:aws:iam::123456789012:role/a/b/ops", "arn:aws:iam::123456789012:role/Team/Ops", "arn:aws:iam::210987654321:role/x/dev",
		"arn:aws:iam::123456789012:role/service-role/build", "arn:aws-us-gov:iam::123456789012:role/p/gov",

		"arn:aws:sts::123456789012:assumed-role/dev/alice", "ARN:AWS:IAM::123456789012:ROLE/DEV", "arn:aws:iam::123456789012:role/a/b/dev",
		"arn:aws:iam::123456789012:role/dev ", "arn:aws:iam::123456789012:role/ro\u212aet", "arn:aw\u017f:iam::123456789012:role/dev",
		"arn:aws:iam::{{AccountID}}:role/dev", "<ARN>", "", "123", "~", "arn:aws:iam::123456789012:role/dev/", "arn:aws:iam::210987654321:role/dev",
		"ARN:aws:IAM::123456789012:ROLE/Team/roKet", "arn:aws:iam::123456789012:role/p/ro\u212aet", "arn:aws:iam::123456789012:role//dev",
		"arn:aws:iam::123456789012:role/a\\u002fdev", "arn:aws:iam::123456789012:role/{{SessionName}}/dev",
	}
	usernamePool = []string{
		"dev", "dev:{{SessionName}}", "system:node:{{EC2PrivateDNSName}}", "Alice.Admin", "Bob", "bob", "DEV", "admin:{{sessionname}}",
		"a:{{AccountID}}:{{AccessKeyID}}", "Team-{{SessionName}}", "arn:aws:iam::123456789012:role/Dev-Role", "{{SessionName}}", "{{AccountID}}-Ops",
		"Ops:{{SessionNameRaw}}:X", "alice smith", "{{SessionNameRaw}}",

		"yes", "123", "~", "1e3", ".inf", "alice: x", "alice #x", "@alice", "2020-01-01", "=", "\u00c9mile", "a\\b", "YWxpY2U=", "0o17", "0x1F", "1_000", "<<",
		"{{Foo}}", "null", "{{Session{{AccountID}}Name}}", "\u0130stanbul", "System:Node:X", "It's", "say \"Hi\"", "Stra\u1e9ee", "\u01c5x", "eks:X", "NO",
	}
	groupPool = []string{
		"devs", "system:masters", "system:nodes", "system:bootstrappers", "team-{{SessionName}}", "ops", "{{AccountID}}-x", "System:Masters", "Devs",

		"{{EC2PrivateDNSName}}", "{{AccountID}}", "42", "yes", "null", "", "system: masters", "[nested]", "{a: b}", "~", "-x", "a - b",
	}
	accountPool = []string{
		"123456789012", "012345678901", "012345670123", "210987654321", "1234-5678-9012", "null", "~", "123_456_789_012", "0123456789012",

		"1.23456789012e11", "", "[x]", "{a: b}", "0x1cbe991a14", "yes", "2020-01-01", "!!binary MTIzNDU2Nzg5MDEy", "!!float 1", "!!int x", "<<", "=", "YWxpY2U=", "1e3",
		".inf", "- x",
	}
)
