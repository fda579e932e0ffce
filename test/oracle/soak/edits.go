package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// verdict is what must become of an edit.
type verdict int

const (
	// store: it is stored exactly as it was sent.
	store verdict = iota
	// refuse: it is refused, with 422.
	refuse
	// repair: it is stored repaired for people, and refused for pipelines.
	repair
)

// edit changes a map. A nil result deletes the object; ok is false where the map gives the edit nothing to do.
type edit struct {
	name    string
	verdict verdict
	change  func(e *editor, data map[string]string) (changed map[string]string, ok bool)
}

// editor is who makes an edit: its number, and how many entries it has named so far.
type editor struct {
	id, named int
	random    *rand.Rand
}

// mine is how the ARNs of the editor's entries begin.
func (e *editor) mine() string { return fmt.Sprintf("%srole/team-%d-", account, e.id) }

func (e *editor) team() string { return fmt.Sprintf("team-%d", e.random.IntN(teams)) }

// fresh is a new entry of this editor.
func (e *editor) fresh() string {
	e.named++
	return item(fmt.Sprintf("%s%d", e.mine(), e.named), fmt.Sprintf("team-%d-%d:{{SessionName}}", e.id, e.named), e.team())
}

// own are the places of the editor's entries in the list.
func (e *editor) own(list []string) []int {
	var at []int
	for i, text := range list {
		if strings.Contains(text, e.mine()) {
			at = append(at, i)
		}
	}
	return at
}

// enough is how many entries an editor keeps.
const enough = 3

// onList makes an edit of mapRoles out of one of its list.
func onList(change func(e *editor, list []string) ([]string, bool)) func(*editor, map[string]string) (map[string]string, bool) {
	return func(e *editor, data map[string]string) (map[string]string, bool) {
		head, list := split(data["mapRoles"])
		changed, ok := change(e, slices.Clone(list))
		if !ok {
			return nil, false
		}
		return with(data, "mapRoles", join(head, changed)), true
	}
}

func with(data map[string]string, key, text string) map[string]string {
	changed := maps.Clone(data)
	changed[key] = text
	return changed
}

// adding makes an edit that puts one more item into the list, made from a fresh entry.
func adding(name string, v verdict, spoil func(e *editor, entry string) string) edit {
	return edit{name, v, onList(func(e *editor, list []string) ([]string, bool) {
		return slices.Insert(list, 1+admins+e.random.IntN(len(list)-admins), spoil(e, e.fresh())), true
	})}
}

// replacing is adding, with one text in the fresh entry replaced by another.
func replacing(name string, v verdict, old, text string) edit {
	return adding(name, v, func(_ *editor, entry string) string {
		if !strings.Contains(entry, old) {
			panic(fmt.Sprintf("the edit %s finds no %q in %q", name, old, entry))
		}
		return strings.Replace(entry, old, text, 1)
	})
}

// edits are all of them; the good ones keep the map small.
func edits() []edit { return slices.Concat(goodEdits(), repairableEdits(), badEdits()) }

func goodEdits() []edit {
	return []edit{
		{"add an entry", store, onList(func(e *editor, list []string) ([]string, bool) {
			return append(list, e.fresh()), len(e.own(list)) < enough
		})},
		{"drop an entry", store, onList(func(e *editor, list []string) ([]string, bool) {
			own := e.own(list)
			if len(own) < enough {
				return nil, false
			}
			at := own[e.random.IntN(len(own))]
			return slices.Delete(list, at, at+1), true
		})},
		{"change a group", store, onList(func(e *editor, list []string) ([]string, bool) {
			own := e.own(list)
			if len(own) == 0 {
				return nil, false
			}
			at := own[e.random.IntN(len(own))]
			fields, _, _ := strings.Cut(list[at], "  groups:\n")
			list[at] = fields + "  groups:\n  - " + e.team() + "\n"
			return list, true
		})},
		{"write a comment", store, onList(func(e *editor, list []string) ([]string, bool) {
			own := e.own(list)
			if len(own) == 0 {
				return nil, false
			}
			at := own[0]
			text, _, _ := strings.Cut(list[at], "#")
			list[at] = text + fmt.Sprintf("# seen for the %dth time\n", e.random.IntN(1e6))
			return list, true
		})},
		{"reorder", store, onList(func(e *editor, list []string) ([]string, bool) {
			own := e.own(list)
			if len(own) < 2 {
				return nil, false
			}
			list[own[0]], list[own[1]] = list[own[1]], list[own[0]]
			return list, true
		})},
		{"add or change a user", store, func(e *editor, data map[string]string) (map[string]string, bool) {
			return with(data, "mapUsers", fmt.Sprintf("- userarn: %suser/ops/user-%d\n  username: user-%d\n  groups: [%s]\n", account, e.id, e.id, e.team())), true
		}},
	}
}

func repairableEdits() []edit {
	return []edit{
		replacing("a role ARN with a path", repair, ":role/", ":role/engineering/eu/"),
		adding("an Identity Center role with its path", repair, func(e *editor, entry string) string {
			return strings.Replace(entry, ":role/", fmt.Sprintf(":role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Team%d_%016x-", e.id, e.random.Uint64()), 1)
		}),
		adding("a template without quotes", repair, func(e *editor, entry string) string {
			name := fmt.Sprintf("team-%d-%d", e.id, e.named)
			return strings.Replace(entry, name+":{{SessionName}}", "{{AccountID}}-"+name, 1)
		}),
	}
}

func badEdits() []edit {
	return []edit{
		replacing("a tab as indent", refuse, "  username", "\tusername"),
		replacing("one blank too few", refuse, "  username", " username"),
		replacing("the dash forgotten", refuse, "- rolearn", "  rolearn"),
		{"a map where the list belongs", refuse, func(_ *editor, data map[string]string) (map[string]string, bool) {
			return with(data, "mapRoles", "roles:\n"+data["mapRoles"]), true
		}},
		adding("a second document", refuse, func(_ *editor, entry string) string { return "---\n" + entry }),
		replacing("role_arn", refuse, "rolearn:", "role_arn:"),
		replacing("userarn under mapRoles", refuse, "rolearn:", "userarn:"),
		adding("a session's ARN", refuse, func(_ *editor, entry string) string {
			return strings.Replace(strings.Replace(entry, ":iam:", ":sts:", 1), ":role/", ":assumed-role/session/", 1)
		}),
		replacing("an instance profile", refuse, ":role/", ":instance-profile/"),
		replacing("a placeholder", refuse, "111122223333", "<ACCOUNT>"),
		replacing("an account of 11 digits", refuse, "111122223333", "11112222333"),
		replacing("a wildcard", refuse, ":role/", ":role/*"),
		adding("groups as a text", refuse, func(e *editor, entry string) string {
			fields, _, _ := strings.Cut(entry, "  groups:\n")
			return fields + "  groups: " + e.team() + "\n"
		}),
		adding("two groups glued together", refuse, func(e *editor, entry string) string {
			return entry + "    - " + e.team() + "\n"
		}),
		replacing("a number as username", refuse, "username: team-", "username: 007 #"),
		replacing("no username", refuse, "username: team-", "# username: team-"),
		replacing("a reserved username", refuse, "username: team-", "username: system:team-"),
		replacing("a template that is none", refuse, "{{SessionName}}", "{{sessionName}}"),
		adding("a field twice", refuse, func(_ *editor, entry string) string { return entry + "  username: other\n" }),
		adding("a node by halves", refuse, func(e *editor, entry string) string {
			return strings.Replace(entry, fmt.Sprintf("team-%d-%d:{{SessionName}}", e.id, e.named), "system:node:{{EC2PrivateDNSName}}", 1)
		}),
		adding("an administrator overruled", refuse, func(e *editor, _ string) string {
			return item(adminARN(e.id%admins), "nobody", e.team())
		}),
		{"one's own entry removed", refuse, onList(func(e *editor, list []string) ([]string, bool) {
			at := slices.IndexFunc(list, func(text string) bool { return strings.Contains(text, adminARN(e.id%admins)+"\n") })
			if at < 0 {
				return nil, false
			}
			return slices.Delete(list, at, at+1), true
		})},
		{"mapRoles emptied", refuse, func(_ *editor, data map[string]string) (map[string]string, bool) {
			return with(data, "mapRoles", ""), true
		}},
		{"mapRole beside mapRoles", refuse, func(_ *editor, data map[string]string) (map[string]string, bool) {
			changed := maps.Clone(data)
			changed["mapRole"] = data["mapRoles"]
			return changed, true
		}},
		{"the object deleted", refuse, func(*editor, map[string]string) (map[string]string, bool) { return nil, true }},
	}
}
