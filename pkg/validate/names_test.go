package validate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// nameFindings are the findings about the username and the groups of an entry, as "rule: message".
func nameFindings(username string, groups ...string) []string {
	var text strings.Builder
	fmt.Fprintf(&text, "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: %s\n", yamlQuoted(username))
	for i, g := range groups {
		if i == 0 {
			text.WriteString("  groups:\n")
		}
		fmt.Fprintf(&text, "  - %s\n", yamlQuoted(g))
	}
	doc := awsauth.Read(map[string]string{"mapRoles": text.String()})
	var found []string
	for _, f := range Check(doc, Options{Off: map[string]bool{"system-masters": true}}) {
		found = append(found, f.Rule+": "+f.Sentence().Text)
	}
	return found
}

// yamlQuoted writes any text as a YAML scalar in double quotes.
func yamlQuoted(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\U%08x`, r)
	}
	return `"` + b.String() + `"`
}

// TestGroupNames holds what is said of a group, "" where it is legal, by a part of the message.
func TestGroupNames(t *testing.T) {
	const nodeGroups = `make each group an item of its own: "system:bootstrappers", "system:nodes"`
	const masters = "is not system:masters"
	for group, want := range map[string]string{
		"developers":                  "",
		"alice smith":                 "",
		"dev - c":                     "",
		"team:viewers":                "",
		"system:developers":           "",
		"system:admins":               "",
		"system:basic-users":          "",
		"system:serviceaccounts:a":    "",
		"system:serviceaccounts:prod": "",
		"system:masters":              "",
		"system:node-proxier":         "",
		"masters":                     "",
		"nodes":                       "",
		"masters, nodes":              "",
		"solar-systems":               "",
		"ecosystem:masters":           "",
		"systematics":                 "",
		"eks-admins":                  "",
		"eks:admins":                  "",
		"eks-console-dashboard-full":  "",
		"my-system-masters":           "",
		"system:unauthenticated":      "",
		"system:monitoring":           "",
		"system:bootstrappers:kubeadm:default-node-token": "",
		"devs-{{AccountID}}":                              "",
		"arn:aws:iam::111122223333:role/":                 "",
		"system:人々":                                       "",
		"группа:мастера":                                  "",
		"ДевОпс система":                                  "",
		"система:мастера":                                 "",
		"σύστημα:διαχειριστές":                            "",
		"équipe:développeurs":                             "",
		"システム：マスター":                                       "",

		"oidc:system:masters":       masters,
		"group:system:masters":      masters,
		"team/system:masters":       masters,
		"map[system:masters:x]":     masters,
		"arn:system:masters":        masters,
		"k8s-system:masters":        masters,
		"system:masters-readonly":   masters,
		"system:masters/developers": masters,
		"system:masters:developers": masters,
		"system:masters.developers": masters,
		"system:masters_developers": masters,
		"system:masters-admins":     masters,
		"system:masters@corp":       masters,
		"system:mastersdevelopers":  masters,
		"system:nodes:eks":          "is not system:nodes",
		"system:node-proxy":         "is not system:node-proxier",
		"system:kube-proxy":         "is not system:node-proxier",

		"system:master":       masters,
		"systems:masters":     masters,
		"sytem:masters":       masters,
		"system:mastres":      masters,
		"System:Masters":      masters,
		"SYSTEM:MASTERS":      masters,
		"system-masters":      masters,
		"system.masters":      masters,
		"system_masters":      masters,
		"system: masters":     masters,
		"system : masters":    masters,
		"system::masters":     masters,
		"system:masters:":     masters,
		"system;masters":      masters,
		"system/masters":      masters,
		"systemmasters":       masters,
		"“system:masters”":    masters,
		"'system:masters'":    masters,
		`"system:masters"`:    masters,
		"`system:masters`":    masters,
		"[system:masters]":    masters,
		"{system:masters}":    masters,
		"(system:masters)":    masters,
		"system:masters,":     masters,
		"- system:masters":    masters,
		"-system:masters":     masters,
		"ѕystem:masters":      masters,
		"ѕуѕtem:maѕterѕ":      masters,
		"\u017fystem:masters": masters,
		"system：masters":      masters,
		"ｓｙｓｔｅｍ：ｍａｓｔｅｒｓ":       masters,
		"Ｓｙｓｔｅｍ：Ｍａｓｔｅｒ":        masters,
		"𝐬𝐲𝐬𝐭𝐞𝐦:𝓶𝓪𝓼𝓽𝓮𝓻𝓼":       masters,
		"ѕуѕтем:маѕтегѕ":       masters,
		"sуstеm:mаstеrs":       masters,
		"ꜱʏꜱᴛᴇᴍ:ᴍᴀꜱᴛᴇʀꜱ":       masters,
		"système:masters":      masters,
		"sys\u0301tem:masters": masters,
		"system:ma\ufb06ers":   masters,
		"ｓｙｓｔｅｍ：ｎｏｄｅｓ":         "is not system:nodes",
		"ｓｙｓｔｅｍ：ｍａｓｔｅｒｓ，ｄｅｖｅｌｏｐｅｒｓ": `make each group an item of its own: "system:masters", "developers"`,
		"équipe,system:masters":                         `make each group an item of its own: "équipe", "system:masters"`,
		"日本system:masters":                              masters,
		"system:node":                                   "is not system:nodes",
		"system:bootstrapper":                           "is not system:bootstrappers",
		"system:boostrappers":                           "is not system:bootstrappers",
		"system:authenticate":                           "is not system:authenticated",
		"system:node-proxyer":                           "is not system:node-proxier",
		"eks:kube-proxy-window":                         "is not eks:kube-proxy-windows",
		"eks-kube-proxy-windows":                        "is not eks:kube-proxy-windows",
		"system:serviceaccount":                         "is not system:serviceaccounts",
		"system:masters,developers":                     `make each group an item of its own: "system:masters", "developers"`,
		"system:masters, developers":                    `make each group an item of its own: "system:masters", "developers"`,
		"system:masters developers":                     `make each group an item of its own: "system:masters", "developers"`,
		"[system:masters developers]":                   `make each group an item of its own: "system:masters", "developers"`,
		`["system:masters", "developers"]`:              `make each group an item of its own: "system:masters", "developers"`,
		"['system:masters' 'developers']":               `make each group an item of its own: "system:masters", "developers"`,
		"developers;system:masters":                     `make each group an item of its own: "developers", "system:masters"`,
		"system:masters\ndevelopers\n":                  `make each group an item of its own: "system:masters", "developers"`,
		"developers # not System:Masters":               "as the name of one group",
		"system:masters and team-a@example.com":         "as the name of one group",
		"system:bootstrappers,system:nodes":             nodeGroups,
		"system:bootstrappers - system:nodes":           nodeGroups,
		"system:bootstrappers-system:nodes":             nodeGroups,
		"system:bootstrapperssystem:nodes":              nodeGroups,
		"system:bootstrappers/system:nodes":             nodeGroups,
		"- system:bootstrappers\n- system:nodes\n":      nodeGroups,
		"[system:bootstrappers system:nodes]":           nodeGroups,
		"map[system:bootstrappers:{} system:nodes:{}]":  "as the name of one group",
		"system:masters,{{AccountID}}":                  `"system:masters", "{{AccountID}}"`,
		"system:masters,a,b,c,d,e":                      `"system:masters", "a", "b", "c" and 2 more`,
		"devs ":                                         `has U+0020 (blank) after "devs", so no binding matches it; write "devs"`,
		"\u00a0devs":                                    `has U+00A0 (no-break space) at its beginning, so no binding matches it; write "devs"`,
		"devs\n":                                        `has U+000A (line feed) after "devs"`,
		"dev\u200bs":                                    `has U+200B (zero width space) after "dev", so no binding matches it; write "devs"`,
		"system:\u200bmasters":                          `write "system:masters"`,
		"system:masters\u200b":                          `write "system:masters"`,
		"ｓｙｓｔｅｍ\u200b：ｍａｓｔｅｒｓ":                          `write "system:masters"`,
		"system:\tmasters":                              `write "system:masters"`,
		"System:serviceaccounts:prod":                   "write system:serviceaccounts:prod",
		"ｓystem:serviceaccounts:prod":                   "write system:serviceaccounts:prod",
		"\x1b[2Kdevs":                                   `has U+001B (escape) at its beginning`,
		" ":                                             "has U+0020 (blank) at its beginning, so no binding matches it; write a name",
		strings.Repeat("system:nodes ", 500) + "devs":   "as the name of one group",
		strings.Repeat("system:nodes", 500) + "devs":    "as the name of one group",
		"system:nodes," + strings.Repeat("x", 50_000):   "",
		strings.Repeat("{{", 2000) + "system:masters,x": "as the name of one group",
	} {
		found := nameFindings("dev", group)
		switch {
		case want == "":
			for _, f := range found {
				if strings.HasPrefix(f, "group-name:") {
					t.Errorf("%q: %s", group, f)
				}
			}
		case len(found) != 1 || !strings.HasPrefix(found[0], "group-name: ") || !strings.Contains(found[0], want):
			if !strings.Contains(group, "{{{") {
				t.Errorf("%.80q: %.400q, want group-name alone with %q", group, found, want)
			}
		}
	}
}

// TestUsernameFormat holds the findings about a username, by a part of the message; "" for none.
func TestUsernameFormat(t *testing.T) {
	for username, want := range map[string]string{
		"alice smith":               "",
		"alice\u00a0smith":          "",
		"zoë":                       "",
		"山田\u3000太郎":                "",
		"dev:{{SessionName}}":       "",
		"{{AccountID}} - dev":       "username-shared: ",
		" alice":                    `username-format: the username " alice" has U+0020 (blank) at its beginning, so no binding matches it; write "alice"`,
		"alice\n":                   `U+000A (line feed) after "alice"`,
		"alice\u2029":               "U+2029 (paragraph separator)",
		"al\u200bice":               `username-format: the username "al\u200bice" has U+200B (zero width space) after "al", so no binding matches it; write "alice"`,
		"\u202ealice":               "U+202E (right-to-left override)",
		"dev:{{SessionName}} ":      `write "dev:{{SessionName}}"`,
		"dev:{{SessionName\u200b}}": `write "dev:{{SessionName}}"`,
		"\u200bsystem:admin":        `write "system:admin"`,
		" \u3000":                   "write a name",
		"a\x00b":                    "U+0000 (null)",
		"\x1b[2K\rBob":              "U+001B (escape)",
		"Alice ":                    "username-format: ",
	} {
		found := nameFindings(username)
		if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || !strings.Contains(found[0], want)) {
			t.Errorf("%q: %q, want %q", username, found, want)
		}
	}
}

// TestGluedNodeGroups: of a node entry whose groups are merged, that is what is said, and not that they are missing.
func TestGluedNodeGroups(t *testing.T) {
	for _, groups := range [][]string{
		{"system:bootstrappers,system:nodes"},
		{"[system:bootstrappers system:nodes]"},
		{"system:bootstrappers system:nodes eks:kube-proxy-windows"},
		{"system:bootstrappers", "system:nodes system:node-proxier"},
		{"system:bootstrapperssystem:nodes"},
		{"system:bootstrappers\nsystem:nodes"},
	} {
		found := nameFindings("system:node:{{EC2PrivateDNSName}}", groups...)
		if len(found) != 1 || !strings.Contains(found[0], "as the name of one group") {
			t.Errorf("%q: %q", groups, found)
		}
	}
}

// TestAGroupThatABindingNames is left alone, however near it is to a built-in one.
func TestAGroupThatABindingNames(t *testing.T) {
	for group, want := range map[string]bool{"system-masters": false, "system_masters": true, "system:masters-readonly": false, "system:masters-readers": true} {
		c := &Change{
			New:   awsauth.Read(map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [" + group + "]\n"}),
			Facts: Facts{Bindings: &BindingFacts{Groups: map[string]string{"system-masters": "ClusterRoleBinding x", "system:masters-readonly": "ClusterRoleBinding y"}}},
		}
		for where, findings := range map[string][]Finding{
			"in a cluster": CheckChange(c, Options{}), "of files": Check(c.New, Options{Bindings: c.Facts.Bindings}),
		} {
			reported := slices.ContainsFunc(findings, func(f Finding) bool { return f.Rule == "group-name" })
			if reported != want {
				t.Errorf("%s %s: reported %v, want %v", group, where, reported, want)
			}
		}
	}
}

// TestTwinsAndHalfNodesAreNamedInPlainWords: the messages fit one group and several.
func TestTwinsAndHalfNodesAreNamedInPlainWords(t *testing.T) {
	const dev = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: "
	for text, want := range map[string]string{
		dev + "a\n  groups: [x, z]\n" + dev + "a\n":                             `so the groups "x", "z" of mapRoles[0] are lost; merge them into one entry`,
		dev + "a\n  groups: [x]\n" + dev + "a\n":                                `so the group "x" of mapRoles[0] is lost; merge them into one entry`,
		dev + "a\n" + dev + "b\n":                                               `so the username "a" of mapRoles[0] is lost; merge them into one entry`,
		dev + "a\n  groups: [x, z]\n" + dev + "b\n":                             `so the username "a" and the groups "x", "z" of mapRoles[0] are lost; merge them into one entry`,
		dev + "system:node:{{SessionName}}\n":                                   "the groups system:bootstrappers and system:nodes are missing: nodes could not join; add both",
		dev + "system:node:{{SessionName}}\n  groups: [system:nodes]\n":         "the group system:bootstrappers is missing: nodes could not join; add it",
		dev + "system:node:{{SessionName}}\n  groups: [system:bootstrappers]\n": "the group system:nodes is missing: nodes could not join; add it",
	} {
		findings := Check(awsauth.Read(map[string]string{"mapRoles": text}), Options{})
		if !slices.ContainsFunc(findings, func(f Finding) bool { return strings.HasSuffix(f.Sentence().Text, want) }) {
			t.Errorf("%q: %v, want one that ends in %q", text, findings, want)
		}
	}
}
