package edit

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
)

const (
	role = "arn:aws:iam::111122223333:role/"
	user = "arn:aws:iam::111122223333:user/"
)

func edited(t *testing.T, before string, r *Result, err error) string {
	t.Helper()
	if err != nil {
		return "error: " + err.Error()
	}
	after, err := splice.Apply(before, r.Edits)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// roleTexts are lists in the styles that people and tools write, each with one more entry, without the entry a, and with
// other groups and another username of a.
func roleTexts() []struct{ name, text, added, removed, set string } {
	return []struct{ name, text, added, removed, set string }{
		{
			name:    "block",
			text:    "- rolearn: " + role + "a\n  username: a\n  groups:\n  - g\n- rolearn: " + role + "b\n  username: b\n  groups:\n  - h\n",
			added:   "- rolearn: " + role + "a\n  username: a\n  groups:\n  - g\n- rolearn: " + role + "b\n  username: b\n  groups:\n  - h\n- rolearn: " + role + "new\n  username: new:{{SessionName}}\n  groups:\n  - x\n  - w\n",
			removed: "- rolearn: " + role + "b\n  username: b\n  groups:\n  - h\n",
			set:     "- rolearn: " + role + "a\n  username: z\n  groups:\n  - x\n- rolearn: " + role + "b\n  username: b\n  groups:\n  - h\n",
		},
		{
			name:    "groups first, indented, quoted, comments",
			text:    "# who gets in\n\n  # the team of a\n  -   groups: # all\n        - \"g\"  # why\n      rolearn: \"" + role + "a\"\n      username: 'a'\n\n  # b\n  -   groups:\n        - \"h\"\n      rolearn: \"" + role + "b\"\n      username: 'b'\n# the end\n",
			added:   "# who gets in\n\n  # the team of a\n  -   groups: # all\n        - \"g\"  # why\n      rolearn: \"" + role + "a\"\n      username: 'a'\n\n  # b\n  -   groups:\n        - \"h\"\n      rolearn: \"" + role + "b\"\n      username: 'b'\n  -   groups:\n        - \"x\"\n        - \"w\"\n      rolearn: \"" + role + "new\"\n      username: 'new:{{SessionName}}'\n# the end\n",
			removed: "# who gets in\n\n\n  # b\n  -   groups:\n        - \"h\"\n      rolearn: \"" + role + "b\"\n      username: 'b'\n# the end\n",
			set:     "# who gets in\n\n  # the team of a\n  -   groups: # all\n        - \"x\"\n      rolearn: \"" + role + "a\"\n      username: 'z'\n\n  # b\n  -   groups:\n        - \"h\"\n      rolearn: \"" + role + "b\"\n      username: 'b'\n# the end\n",
		},
		{
			name:    "no line end, CRLF",
			text:    "- rolearn: " + role + "a\r\n  username: a\r\n  groups: [g]\r\n- rolearn: " + role + "b\r\n  username: b\r\n  groups: [h]",
			added:   "- rolearn: " + role + "a\r\n  username: a\r\n  groups: [g]\r\n- rolearn: " + role + "b\r\n  username: b\r\n  groups: [h]\r\n- rolearn: " + role + "new\r\n  username: new:{{SessionName}}\r\n  groups: [x, w]",
			removed: "- rolearn: " + role + "b\r\n  username: b\r\n  groups: [h]",
			set:     "- rolearn: " + role + "a\r\n  username: z\r\n  groups: [x]\r\n- rolearn: " + role + "b\r\n  username: b\r\n  groups: [h]",
		},
		{
			name:    "flow",
			text:    "[{rolearn: " + role + "a, username: a, groups: [g]}, {rolearn: " + role + "b, username: b}]\n",
			added:   "[{rolearn: " + role + "a, username: a, groups: [g]}, {rolearn: " + role + "b, username: b}, {rolearn: " + role + "new, username: \"new:{{SessionName}}\", groups: [x, w]}]\n",
			removed: "[{rolearn: " + role + "b, username: b}]\n",
			set:     "[{rolearn: " + role + "a, username: z, groups: [x]}, {rolearn: " + role + "b, username: b}]\n",
		},
		{
			name:    "JSON",
			text:    `[{"rolearn":"` + role + `a","username":"a","groups":["g"]},{"rolearn":"` + role + `b","username":"b","groups":["h"]}]`,
			added:   `[{"rolearn":"` + role + `a","username":"a","groups":["g"]},{"rolearn":"` + role + `b","username":"b","groups":["h"]},{"rolearn":"` + role + `new","username":"new:{{SessionName}}","groups":["x","w"]}]`,
			removed: `[{"rolearn":"` + role + `b","username":"b","groups":["h"]}]`,
			set:     `[{"rolearn":"` + role + `a","username":"z","groups":["x"]},{"rolearn":"` + role + `b","username":"b","groups":["h"]}]`,
		},
		{
			name:    "JSON over lines",
			text:    "[\n  {\n    \"groups\": [\n      \"g\"\n    ],\n    \"rolearn\": \"" + role + "a\",\n    \"username\": \"a\"\n  }\n]\n",
			added:   "[\n  {\n    \"groups\": [\n      \"g\"\n    ],\n    \"rolearn\": \"" + role + "a\",\n    \"username\": \"a\"\n  },\n  {\n    \"groups\": [\n      \"x\",\n      \"w\"\n    ],\n    \"rolearn\": \"" + role + "new\",\n    \"username\": \"new:{{SessionName}}\"\n  }\n]\n",
			removed: "[]\n",
			set:     "[\n  {\n    \"groups\": [\n      \"x\"\n    ],\n    \"rolearn\": \"" + role + "a\",\n    \"username\": \"z\"\n  }\n]\n",
		},
		{
			name:    "flow entries in a block list",
			text:    "- {rolearn: " + role + "a, username: a, groups: [g]}\n- {rolearn: " + role + "b, username: b, groups: [h]}\n",
			added:   "- {rolearn: " + role + "a, username: a, groups: [g]}\n- {rolearn: " + role + "b, username: b, groups: [h]}\n- {rolearn: " + role + "new, username: \"new:{{SessionName}}\", groups: [x, w]}\n",
			removed: "- {rolearn: " + role + "b, username: b, groups: [h]}\n",
			set:     "- {rolearn: " + role + "a, username: z, groups: [x]}\n- {rolearn: " + role + "b, username: b, groups: [h]}\n",
		},
		{
			name:    "the dash on its own line, the end of the document",
			text:    "---\n-\n  rolearn: " + role + "a\n  username: a\n  groups:\n    - g\n...\n",
			added:   "---\n-\n  rolearn: " + role + "a\n  username: a\n  groups:\n    - g\n- rolearn: " + role + "new\n  username: new:{{SessionName}}\n  groups:\n    - x\n    - w\n...\n",
			removed: "---\n[]\n...\n",
			set:     "---\n-\n  rolearn: " + role + "a\n  username: z\n  groups:\n    - x\n...\n",
		},
		{
			name:    "# in texts of brackets",
			text:    "- {rolearn: " + role + "a, username: a#1, groups: [g, \"a #b\", 'c #''d', e#f]}\n- {rolearn: " + role + "b, username: b, groups: [h]}\n",
			added:   "- {rolearn: " + role + "a, username: a#1, groups: [g, \"a #b\", 'c #''d', e#f]}\n- {rolearn: " + role + "b, username: b, groups: [h]}\n- {rolearn: " + role + "new, username: \"new:{{SessionName}}\", groups: [x, w]}\n",
			removed: "- {rolearn: " + role + "b, username: b, groups: [h]}\n",
			set:     "- {rolearn: " + role + "a, username: z, groups: [\"a #b\", 'c #''d', e#f, x]}\n- {rolearn: " + role + "b, username: b, groups: [h]}\n",
		},
		{
			name:    "# in texts of brackets, all in one line",
			text:    "[{rolearn: " + role + "b, username: \"b #1\", groups: [h]}, {rolearn: " + role + "a, username: \"a #1\", groups: [\"g\", \"a #b\"]}]\n",
			added:   "[{rolearn: " + role + "b, username: \"b #1\", groups: [h]}, {rolearn: " + role + "a, username: \"a #1\", groups: [\"g\", \"a #b\"]}, {rolearn: " + role + "new, username: \"new:{{SessionName}}\", groups: [\"x\", \"w\"]}]\n",
			removed: "[{rolearn: " + role + "b, username: \"b #1\", groups: [h]}]\n",
			set:     "[{rolearn: " + role + "b, username: \"b #1\", groups: [h]}, {rolearn: " + role + "a, username: \"z\", groups: [\"a #b\", \"x\"]}]\n",
		},
		{
			name:    "# in texts of brackets, all over lines",
			text:    "[\n  {rolearn: " + role + "a, username: \"a #1\", groups: [\n    \"g\",\n    \"a #b\"]}\n]\n",
			added:   "[\n  {rolearn: " + role + "a, username: \"a #1\", groups: [\n    \"g\",\n    \"a #b\"]},\n  {rolearn: " + role + "new, username: \"new:{{SessionName}}\", groups: [\n    \"x\",\n    \"w\"\n    ]}\n]\n",
			removed: "[]\n",
			set:     "[\n  {rolearn: " + role + "a, username: \"z\", groups: [\n    \"a #b\",\n    \"x\"]}\n]\n",
		},
		{
			name:    "no groups",
			text:    "- rolearn: " + role + "a\n  username: a # who\n",
			added:   "- rolearn: " + role + "a\n  username: a # who\n- rolearn: " + role + "new\n  username: new:{{SessionName}}\n  groups:\n  - x\n  - w\n",
			removed: "[]\n",
			set:     "- rolearn: " + role + "a\n  username: z # who\n  groups:\n  - x\n",
		},
		{
			name:    "an entry that is commented out stays",
			text:    "- rolearn: " + role + "b\n  username: b\n# - rolearn: " + role + "old\n#   username: old\n- rolearn: " + role + "a\n  username: a\n  groups: []\n  # of a\n",
			added:   "- rolearn: " + role + "b\n  username: b\n# - rolearn: " + role + "old\n#   username: old\n- rolearn: " + role + "a\n  username: a\n  groups: []\n  # of a\n- rolearn: " + role + "new\n  username: new:{{SessionName}}\n  groups: [x, w]\n",
			removed: "- rolearn: " + role + "b\n  username: b\n# - rolearn: " + role + "old\n#   username: old\n",
			set:     "- rolearn: " + role + "b\n  username: b\n# - rolearn: " + role + "old\n#   username: old\n- rolearn: " + role + "a\n  username: z\n  groups: [x]\n  # of a\n",
		},
	}
}

func TestStyles(t *testing.T) {
	for _, tt := range roleTexts() {
		t.Run(tt.name, func(t *testing.T) {
			doc := awsauth.Read(map[string]string{"mapRoles": tt.text})
			r, err := Add(doc, awsauth.MapRoles, Entry{ARN: role + "new", Username: "new:{{SessionName}}", Groups: []string{"x", "w"}})
			if got := edited(t, tt.text, r, err); got != tt.added {
				t.Errorf("added:\n%s\nwant:\n%s", got, tt.added)
			}
			a := Find(doc, role+"A", "")
			if len(a) != 1 {
				t.Fatalf("found %d", len(a))
			}
			r, err = Remove(doc, a[0])
			if got := edited(t, tt.text, r, err); got != tt.removed {
				t.Errorf("removed:\n%s\nwant:\n%s", got, tt.removed)
			}
			z := "z"
			r, err = Set(doc, a[0], Update{Username: &z, AddGroups: []string{"x"}, RemoveGroups: []string{"g"}})
			if got := edited(t, tt.text, r, err); got != tt.set {
				t.Errorf("set:\n%s\nwant:\n%s", got, tt.set)
			}
		})
	}
}

func TestBeginnings(t *testing.T) {
	item := "- rolearn: " + role + "new\n  username: new\n  groups:\n  - g\n"
	for _, tt := range []struct{ name, text, want string }{
		{name: "missing", want: item},
		{name: "blank", text: " \n", want: item},
		{name: "empty quotes", text: `""`, want: item},
		{name: "null", text: "null\n", want: item},
		{name: "an empty list", text: "[]\n", want: item},
		{name: "an empty list with a comment", text: "[] # nobody\n", want: "[{rolearn: " + role + "new, username: new, groups: [g]}] # nobody\n"},
		{name: "comments alone", text: "# - rolearn: x\n#   username: y\n", want: "# - rolearn: x\n#   username: y\n" + item},
		{name: "the start of a document", text: "---\n", want: "---\n" + item},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := map[string]string{"mapRoles": tt.text}
			if tt.text == "" {
				delete(data, "mapRoles")
			}
			r, err := Add(awsauth.Read(data), awsauth.MapRoles, Entry{ARN: role + "new", Username: "new", Groups: []string{"g"}})
			if got := edited(t, tt.text, r, err); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestAccounts(t *testing.T) {
	for _, tt := range []struct{ name, text, added, removed string }{
		{name: "missing", added: "- \"444455556666\"\n", removed: "error: mapAccounts does not have 111122223333"},
		{name: "plain", text: "- 111122223333\n", added: "- 111122223333\n- 444455556666\n", removed: "[]\n"},
		{name: "quoted", text: "- '111122223333'\n- \"222222222222\" # b\n", added: "- '111122223333'\n- \"222222222222\" # b\n- \"444455556666\"\n", removed: "- \"222222222222\" # b\n"},
		{name: "flow", text: `["111122223333", "222222222222"]`, added: `["111122223333", "222222222222", "444455556666"]`, removed: `["222222222222"]`},
		{name: "there already", text: "- \"444455556666\"\n", added: "- \"444455556666\"\n", removed: "error: mapAccounts does not have 111122223333"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := map[string]string{}
			if tt.text != "" {
				data["mapAccounts"] = tt.text
			}
			doc := awsauth.Read(data)
			r, err := AddAccount(doc, "444455556666")
			if got := edited(t, tt.text, r, err); got != tt.added {
				t.Errorf("added:\n%s\nwant:\n%s", got, tt.added)
			}
			r, err = RemoveAccount(doc, "111122223333")
			if got := edited(t, tt.text, r, err); got != tt.removed {
				t.Errorf("removed:\n%s\nwant:\n%s", got, tt.removed)
			}
		})
	}
}

// TestComments: only those that clearly belong to an entry go with it.
func TestComments(t *testing.T) {
	const other = "- rolearn: " + role + "other\n  username: other\n"
	entry := func(name string) string { return "- rolearn: " + role + name + "\n  username: " + name + "\n" }
	for _, tt := range []struct{ name, role, text, want string }{
		{name: "an article", role: "a", text: "# a list of ours\n" + entry("a") + other, want: "# a list of ours\n" + other},
		{name: "a part of a word", role: "dev", text: "# Owned by the developers\n" + entry("dev") + other, want: "# Owned by the developers\n" + other},
		{name: "a longer name", role: "dev", text: "# dev-ops, then dev_2\n" + entry("dev") + other, want: "# dev-ops, then dev_2\n" + other},
		{name: "the name", role: "dev", text: "# for Dev: all of them\n" + entry("dev") + other, want: other},
		{name: "a heading", role: "dev", text: other + "# ---- team A ----\n" + entry("dev"), want: other + "# ---- team A ----\n"},
		{name: "right above", role: "dev", text: other + "# who asked for it\n" + entry("dev"), want: other},
		{name: "an entry that is commented out", role: "dev", text: other + "# - rolearn: x\n#   username: y\n" + entry("dev"), want: other + "# - rolearn: x\n#   username: y\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := awsauth.Read(map[string]string{"mapRoles": tt.text})
			r, err := Remove(doc, Find(doc, role+tt.role, "")[0])
			if got := edited(t, tt.text, r, err); got != tt.want {
				t.Errorf("left:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

// TestRefusals: what can't be edited without changing more than was asked for stays as it is.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct{ name, text, wants string }{
		{name: "broken", text: "- rolearn: " + role + "a\n username: a\n", wants: "EKS can't read mapRoles"},
		{name: "not a list", text: "rolearn: " + role + "a\n", wants: "EKS can't read mapRoles"},
		{name: "a second document", text: "- rolearn: " + role + "a\n  username: a\n---\n- rolearn: " + role + "b\n", wants: "EKS reads nothing of mapRoles from line 3"},
		{name: "an anchor that another entry needs", text: "- rolearn: " + role + "a\n  username: a\n  groups: &g\n  - g\n- rolearn: " + role + "b\n  username: b\n  groups: *g\n", wants: ErrStyle.Error()},
		{name: "a merge key", text: "- &a\n  rolearn: " + role + "a\n  username: a\n  groups: [g]\n- <<: *a\n  rolearn: " + role + "b\n", wants: ErrStyle.Error()},
		{name: "a comment between groups", text: "- rolearn: " + role + "a\n  username: a\n  groups: [\"g #1\", # why\n    h]\n", wants: ErrStyle.Error()},
		{name: "a comment before groups", text: "- rolearn: " + role + "a\n  username: a\n  groups: [ # \"why\"\n    g, h]\n", wants: ErrStyle.Error()},
		{name: "an alias", text: "- rolearn: " + role + "b\n  username: b\n  groups: &g [g]\n- rolearn: " + role + "a\n  username: a\n  groups: *g\n", wants: ErrStyle.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := awsauth.Read(map[string]string{"mapRoles": tt.text})
			entries := doc.Roles.Entries
			if tt.wants != ErrStyle.Error() {
				_, err := Add(doc, awsauth.MapRoles, Entry{ARN: role + "new", Username: "new"})
				if err == nil || !strings.Contains(err.Error(), tt.wants) {
					t.Errorf("added: %v", err)
				}
				return
			}
			a := Find(doc, role+"a", "")[0]
			if _, err := Set(doc, a, Update{AddGroups: []string{"x"}}); !errors.Is(err, ErrStyle) {
				t.Errorf("set: %v", err)
			}
			if len(entries) == 0 {
				t.Error("no entries")
			}
		})
	}
	doc := awsauth.Read(map[string]string{"mapRoles": "- rolearn: " + role + "A\n  username: a\n", "mapUsers": "- userarn: " + user + "u\n  username: u\n"})
	for _, arn := range []string{role + "a", user + "u"} {
		if _, err := Add(doc, awsauth.MapRoles, Entry{ARN: arn, Username: "x"}); err == nil || !strings.Contains(err.Error(), "is there already") {
			t.Errorf("%s: %v", arn, err)
		}
	}
}
