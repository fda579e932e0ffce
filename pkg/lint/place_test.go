package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// minExact is the share of faults whose finding must stand on the line, and in the column, where somebody has to type.
const minExact = 0.95

const head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\n"

// layouts are manifests as tools and people write them.
var layouts = map[string]string{
	"items indented": head + `data:
  mapRoles: |
    - rolearn: arn:aws:iam::111122223333:role/nodes
      username: system:node:{{EC2PrivateDNSName}}
      groups:
        - system:bootstrappers
        - system:nodes
    - rolearn: arn:aws:iam::111122223333:role/ops
      username: ops:{{SessionName}}
      groups:
        - ops
        - viewers
    - rolearn: arn:aws:iam::111122223333:role/ci
      username: ci
      groups:
        - deployers
`,
	"groups first": `apiVersion: v1
data:
  mapRoles: |
    - groups:
      - system:bootstrappers
      - system:nodes
      rolearn: arn:aws:iam::111122223333:role/nodes
      username: system:node:{{EC2PrivateDNSName}}
    - groups:
      - admins
      - viewers
      rolearn: arn:aws:iam::111122223333:role/admin
      username: admin
  mapUsers: |
    - groups:
      - viewers
      - builders
      userarn: arn:aws:iam::111122223333:user/erin
      username: erin
    - groups:
      - builders
      userarn: arn:aws:iam::111122223333:user/frank
      username: frank
kind: ConfigMap
metadata:
  creationTimestamp: "2024-06-27T12:48:43Z"
  name: aws-auth
  namespace: kube-system
  resourceVersion: "1292877"
`,
	"wide, with comments": `# managed by the platform team
apiVersion: v1
kind: ConfigMap
metadata:
    name: aws-auth
    namespace: kube-system
    labels:
        team: platform
data:
    mapRoles: |-
        # nodes
        - rolearn: "arn:aws:iam::111122223333:role/nodes"
          username: "system:node:{{EC2PrivateDNSName}}"
          groups:
              - "system:bootstrappers"
              - "system:nodes"

        # people
        - rolearn: "arn:aws:iam::111122223333:role/dev"
          username: "dev:{{SessionName}}"
          groups:
              - "devs"
              - "viewers"
    mapAccounts: |
        - "111122223333"
        - "444455556666"
`,
	"flow": head + `data:
  mapRoles: |
    - {rolearn: "arn:aws:iam::111122223333:role/nodes", username: "system:node:{{EC2PrivateDNSName}}", groups: ["system:bootstrappers", "system:nodes"]}
    - {rolearn: "arn:aws:iam::111122223333:role/dev", username: dev, groups: [devs]}
    - rolearn: arn:aws:iam::111122223333:role/ops
      username: ops
      groups: [ops, viewers]
`,
	"a List": `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: aws-auth
    namespace: kube-system
  data:
    mapRoles: |
      - rolearn: arn:aws:iam::111122223333:role/nodes
        username: system:node:{{EC2PrivateDNSName}}
        groups:
        - system:bootstrappers
        - system:nodes
      - rolearn: arn:aws:iam::111122223333:role/dev
        username: dev
        groups:
        - devs
    mapUsers: |
      - userarn: arn:aws:iam::111122223333:user/gina
        username: gina
        groups:
        - viewers
`,
	"after another manifest": "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ops\n---\n" + head + `data:
  mapUsers: |
    - userarn: arn:aws:iam::111122223333:user/ben
      username: ben
      groups:
      - builders
      - viewers
    - userarn: arn:aws:iam::111122223333:user/ann
      username: ann
      groups:
      - viewers
  mapRoles: |
    - rolearn: arn:aws:iam::111122223333:role/nodes
      username: system:node:{{EC2PrivateDNSName}}
      groups:
      - system:bootstrappers
      - system:nodes
`,
	"blank lines, quoted keys": head + `data:
  mapRoles: |

    - "rolearn": "arn:aws:iam::111122223333:role/nodes"
      "username": "system:node:{{EC2PrivateDNSName}}"
      "groups":
      - "system:bootstrappers"
      - "system:nodes"

    - "rolearn": "arn:aws:iam::111122223333:role/dev"
      "username": "dev"
      "groups":
      - "devs"
`,
	"the data alone": `mapRoles: |
  - rolearn: arn:aws:iam::111122223333:role/nodes
    username: system:node:{{EC2PrivateDNSName}}
    groups:
      - system:bootstrappers
      - system:nodes
  - rolearn: arn:aws:iam::111122223333:role/dev
    username: dev
    groups:
      - devs
mapUsers: |
  - userarn: arn:aws:iam::111122223333:user/hal
    username: hal
    groups:
      - viewers
`,
}

// fault is a text with one mistake, and where somebody has to type to fix it. Column 0 stands for any.
type fault struct {
	kind, text   string
	line, column int
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// faults makes each mistake at each line of a manifest.
func faults(text string) []fault {
	lines := strings.SplitAfter(text, "\n")
	var all []fault
	with := func(kind string, i int, now []string, column int) {
		text := strings.Join(slices.Concat(lines[:i], now, lines[i+len(now):]), "")
		all = append(all, fault{kind: kind, text: text, line: i + 1, column: column})
	}
	for i, line := range lines {
		body := strings.TrimSpace(line)
		if body == "" || body[0] == '#' || strings.HasPrefix(body, "---") {
			continue
		}
		indent, end := indentOf(line), i+1
		for end < len(lines) && indentOf(lines[end]) > indent && strings.TrimSpace(lines[end]) != "" {
			end++
		}
		for by := -3; by <= 3; by++ {
			if by == 0 || indent+by < 0 {
				continue
			}
			for kind, n := range map[string]int{"moved": end - i, "moved alone": 1} {
				if kind == "moved alone" && end == i+1 {
					continue
				}
				with(kind, i, shifted(lines[i:i+n], by), indent+by+1)
			}
		}
		if indent > 0 {
			with("tab", i, []string{strings.Repeat("\t", max(1, indent/4)) + strings.TrimLeft(line, " ")}, 1)
			tabs := make([]string, 0, end-i)
			for _, l := range lines[i:end] {
				tabs = append(tabs, strings.Repeat("\t", max(1, indentOf(l)/2))+strings.TrimLeft(l, " "))
			}
			with("tabs", i, tabs, 1)
		}
		if rest, ok := strings.CutPrefix(line[indent:], "- "); ok {
			with("dash missing", i, []string{line[:indent] + rest}, indent+1)
			with("dash a blank", i, []string{line[:indent] + "  " + rest}, 0)
			with("dash without blank", i, []string{line[:indent] + "-" + rest}, 0)
			with("en dash", i, []string{line[:indent] + "\u2013 " + rest}, indent+1)
		}
		if at := key.FindStringIndex(line); at != nil {
			with("colon missing", i, []string{line[:at[1]-1] + line[at[1]:]}, 0)
			if rest, ok := strings.CutPrefix(line[at[1]:], " "); ok {
				with("blank missing", i, []string{line[:at[1]] + rest}, 0)
				with("no-break space", i, []string{line[:at[1]] + "\u00a0" + rest}, 0)
			}
		}
		if at := strings.LastIndex(line, `"`); at >= 0 {
			first := strings.Index(line, `"`)
			with("quote not closed", i, []string{line[:at] + line[at+1:]}, 0)
			with("quote not opened", i, []string{line[:first] + line[first+1:]}, 0)
		}
		if at := strings.LastIndex(line, `]`); at >= 0 {
			with("bracket not closed", i, []string{line[:at] + line[at+1:]}, 0)
		}
	}
	return all
}

var key = regexp.MustCompile(`^[ ]*(?:- )?"?[A-Za-z]+"?:`)

func shifted(lines []string, by int) []string {
	var moved []string
	for _, l := range lines {
		if by < 0 {
			moved = append(moved, l[min(-by, indentOf(l)):])
		} else {
			moved = append(moved, strings.Repeat(" ", by)+l)
		}
	}
	return moved
}

// place is where a finding stands.
type place struct {
	rule         string
	line, column int
	message      string
}

// findings are those of a text as they would be reported, first to last.
func findings(t *testing.T, text string) []place {
	t.Helper()
	f := manifest.Read("x.yaml", text)
	var found []place
	for _, p := range f.Problems {
		at := f.Position(p.Span.Start)
		found = append(found, place{rule: p.Rule, line: at.Line, column: at.Column, message: p.Message()})
	}
	c := New(policy.Default())
	for _, d := range f.Documents {
		_, all := c.Check(d)
		for _, p := range all {
			at := f.Position(d.Span(string(p.Section), p.Span).Start)
			found = append(found, place{rule: p.Rule, line: at.Line, column: at.Column, message: p.Sentence().Text})
		}
	}
	return found
}

var namedLine = regexp.MustCompile(`line (\d+)`)

// kubectlLine is the line of the file that kubectl names, 0 where it reads the file.
func kubectlLine(text string) int {
	before := 0
	for _, part := range strings.SplitAfter(text, "---\n") {
		var v any
		if err := yaml.Unmarshal([]byte(part), &v); err != nil {
			m := namedLine.FindStringSubmatch(err.Error())
			if m == nil {
				return 0
			}
			n, _ := strconv.Atoi(m[1])
			return before + n
		}
		before += strings.Count(part, "\n")
	}
	return 0
}

func away(a, b int) int { return max(a-b, b-a) }

// TestPlaceOfFaults makes mistakes at each line of real-looking manifests: what is not YAML is reported where somebody has to
// type, and never farther from there than kubectl says. Some mistakes leave YAML: those other rules report, or nobody does.
func TestPlaceOfFaults(t *testing.T) {
	type count struct{ syntax, exact, other, near, silent int }
	counts := map[string]*count{}
	total := count{}
	shown := 0
	for name, layout := range layouts {
		if found := findings(t, layout); slices.ContainsFunc(found, func(p place) bool { return strings.HasSuffix(p.rule, "syntax") }) {
			t.Fatalf("%s: %v", name, found)
		}
		before := len(findings(t, layout))
		for _, tt := range faults(layout) {
			c := counts[tt.kind]
			if c == nil {
				c = &count{}
				counts[tt.kind] = c
			}
			found := findings(t, tt.text)
			syntax := slices.IndexFunc(found, func(p place) bool { return p.rule == manifest.RuleSyntax || p.rule == "yaml-syntax" })
			switch {
			case syntax < 0 && len(found) <= before:
				c.silent++
			case syntax < 0:
				c.other++
				if slices.ContainsFunc(found, func(p place) bool { return away(p.line, tt.line) <= 1 }) {
					c.near++
				}
			default:
				c.syntax++
				p := found[syntax]
				if p.line == tt.line && (tt.column == 0 || p.column == tt.column) {
					c.exact++
				} else if shown++; shown <= 40 {
					t.Logf("%s, %s on %d:%d is reported at %d:%d: %s\n%s", name, tt.kind, tt.line, tt.column, p.line, p.column, p.message, tt.text)
				}
				if k := kubectlLine(tt.text); p.rule == manifest.RuleSyntax && k > 0 && away(p.line, tt.line) > away(k, tt.line) {
					t.Errorf("%s, %s on line %d: kubectl says line %d, and we say %d: %s\n%s", name, tt.kind, tt.line, k, p.line, p.message, tt.text)
				}
			}
		}
	}
	for kind, c := range counts {
		total = count{total.syntax + c.syntax, total.exact + c.exact, total.other + c.other, total.near + c.near, total.silent + c.silent}
		t.Log(fmt.Sprintf("%-20s no YAML: %4d, exact %5.1f %%; still YAML: %d reported by other rules, %d of them within a line; %d not reported",
			kind, c.syntax, 100*float64(c.exact)/float64(max(1, c.syntax)), c.other, c.near, c.silent))
	}
	share := float64(total.exact) / float64(total.syntax)
	t.Logf("%d of %d faults, %.1f %%, are reported exactly where they are; %d more leave YAML: %d of them other rules report",
		total.exact, total.syntax, 100*share, total.other+total.silent, total.other)
	if share < minExact {
		t.Errorf("%.1f %% exact, want %.0f %%", 100*share, 100*minExact)
	}
}
