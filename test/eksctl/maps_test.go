package eksctl

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The principals of the maps. There are few, so that edits often meet one that is there.
func roleARN(n int) string { return fmt.Sprintf("arn:aws:iam::111122223333:role/role-%d", n) }
func userARN(n int) string { return fmt.Sprintf("arn:aws:iam::111122223333:user/user-%d", n) }
func accountID(n int) string {
	return fmt.Sprintf("99998888%04d", n)
}

const principals = 6

// style is how somebody writes a list.
type style struct {
	indent, quote        string
	flowGroups, arnFirst bool
	comments, unknown    bool
}

func anyOf(r *rand.Rand, texts ...string) string { return texts[r.IntN(len(texts))] }

func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

func newStyle(r *rand.Rand) style {
	return style{
		indent: anyOf(r, "", "", "  "), quote: anyOf(r, "", "", `"`, "'"), flowGroups: chance(r, 30), arnFirst: chance(r, 70),
		comments: chance(r, 40), unknown: chance(r, 15),
	}
}

// randomMap writes a map as people and tools do, with what goes wrong at times.
func randomMap(r *rand.Rand) map[string]string {
	data := map[string]string{}
	for _, key := range []string{"mapRoles", "mapUsers", "mapAccounts"} {
		if text, ok := randomList(r, key); ok {
			data[key] = text
		}
	}
	return data
}

func randomList(r *rand.Rand, key string) (text string, present bool) {
	switch n := r.IntN(100); {
	case n < 15 && key != "mapRoles" || n < 3:
		return "", false
	case n < 20:
		return anyOf(r, "", "[]", "[]\n", "# nobody\n", "[ ]  # nobody\n"), true
	case n < 22:
		return anyOf(r, "- a: [\n", "a: b\n", "-\n  - x\n"), true
	case n < 27:
		return randomJSON(r, key), true
	}
	s := newStyle(r)
	var b strings.Builder
	if s.comments {
		b.WriteString("# who may come in\n")
	}
	for range 1 + r.IntN(4) {
		switch key {
		case "mapRoles":
			b.WriteString(s.entry(r, "rolearn", roleARN))
		case "mapUsers":
			b.WriteString(s.entry(r, "userarn", userARN))
		default:
			b.WriteString(s.account(r))
		}
	}
	if s.comments && chance(r, 30) {
		b.WriteString("# the end\n")
	}
	return b.String(), true
}

func randomJSON(r *rand.Rand, key string) string {
	if key == "mapAccounts" {
		return fmt.Sprintf("[%q]", accountID(r.IntN(principals)))
	}
	field, name := "rolearn", roleARN
	if key == "mapUsers" {
		field, name = "userarn", userARN
	}
	n := r.IntN(principals)
	return fmt.Sprintf(`[{%q: %q, "username": "name-%d", "groups": ["group-%d"]}]`, field, name(n), n, r.IntN(4))
}

func (s style) remark(r *rand.Rand) string {
	if s.comments && chance(r, 30) {
		return "  # ticket 4711"
	}
	return ""
}

func (s style) account(r *rand.Rand) string {
	quote := s.quote
	if quote == "" && chance(r, 80) {
		quote = `"`
	}
	return s.indent + "- " + quote + accountID(r.IntN(principals)) + quote + s.remark(r) + "\n"
}

func (s style) entry(r *rand.Rand, field string, name func(int) string) string {
	n := r.IntN(principals)
	principal := name(n)
	if chance(r, 4) {
		principal = strings.Replace(principal, "/", "/Team-", 1)
	}
	username := fmt.Sprintf("name-%d", n)
	switch {
	case field == "rolearn" && chance(r, 15):
		username = "name:{{SessionName}}"
	case chance(r, 2):
		username = "4711"
	}
	fields := []string{field + ": " + s.quoted(principal), "username: " + s.username(username)}
	if !s.arnFirst {
		fields[0], fields[1] = fields[1], fields[0]
	}
	var groups []string
	for range r.IntN(3) {
		groups = append(groups, fmt.Sprintf("group-%d", r.IntN(4)))
	}
	switch {
	case len(groups) == 0:
	case s.flowGroups:
		fields = append(fields, "groups: ["+strings.Join(groups, ", ")+"]")
	default:
		fields = append(fields, "groups:\n"+s.indent+"  - "+strings.Join(groups, "\n"+s.indent+"  - "))
	}
	if s.unknown && chance(r, 50) {
		fields = append(fields, "note: kept by the platform team")
	}
	var b strings.Builder
	if s.comments && chance(r, 40) {
		fmt.Fprintf(&b, "%s# for %s\n", s.indent, principal[strings.LastIndex(principal, "/")+1:])
	}
	b.WriteString(s.indent + "- " + strings.Join(fields, s.remark(r)+"\n"+s.indent+"  ") + "\n")
	return b.String()
}

func (s style) quoted(text string) string { return s.quote + text + s.quote }

// username is quoted where a template asks for it.
func (s style) username(text string) string {
	if s.quote == "" && strings.HasPrefix(text, "{{") {
		return `"` + text + `"`
	}
	return s.quoted(text)
}
