package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// hostile is a map that tries to get out of every format.
func hostile() *Report {
	return build(validate.Standard, manifest.Read("a,b:%0A|`<b>`.yaml", strings.Join([]string{
		"mapRoles: |",
		"  - rolearn: \"arn:aws:iam::111122223333:role/x]]>\\x01``` </details> @all #1 [x](y) |\"",
		"    username: \"A\\nb::error::|</script>\"",
		"    group: x",
		"---",
		"a: \"\ufffe\uffff\u0001", "---",
		"mapUsers: |",
		"  - userarn: arn:aws:iam::111122223333:user/x|%0A::stop-commands::x",
		"    username: X`|<!--",
		"",
	}, "\n")))
}

func render(t *testing.T, write func(io.Writer, *Report) error, r *Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var rulePage = regexp.MustCompile(`"markdown": ".*"`)

func TestGoldenFormats(t *testing.T) {
	noted := build(validate.Standard, manifest.Read("t.yaml", "mapRoles: |\n  {{- range .x }}\n"), manifest.Read("clean.yaml", "mapRoles: '[]'\n"))
	for suffix, write := range map[string]func(io.Writer, *Report) error{
		"sarif": SARIF, "junit.xml": JUnit, "md": Markdown, "github": GitHub,
	} {
		for name, r := range map[string]*Report{"sample": sample(), "noted": noted, "hostile": hostile()} {
			// The pages of the rules are held to account elsewhere.
			golden(t, name+"."+suffix, rulePage.ReplaceAll([]byte(render(t, write, r)), []byte(`"markdown": "(page)"`)))
		}
	}
	golden(t, "sample.ansi", []byte(render(t, ColorText, sample())))
}

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestColor(t *testing.T) {
	for name, r := range reports(t) {
		if got, want := ansi.ReplaceAllString(render(t, ColorText, r), ""), render(t, Text, r); got != want {
			t.Errorf("%s: without its colors the text reads\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestFingerprints moves an entry and wants the fingerprints to stay, and no two to be the same.
func TestFingerprints(t *testing.T) {
	entry := "  - rolearn: arn:aws:iam::111122223333:role/team/dev\n    username: dev\n"
	prints := func(text string) []string {
		var log sarifLog
		if err := json.Unmarshal([]byte(render(t, SARIF, build(validate.Standard, manifest.Read("x.yaml", text)))), &log); err != nil {
			t.Fatal(err)
		}
		var all []string
		seen := map[string]bool{}
		for _, r := range log.Runs[0].Results {
			if r.RuleID != "role-path" {
				continue
			}
			fingerprint := r.Fingerprints[fingerprintName]
			if seen[fingerprint] {
				t.Errorf("%s twice", fingerprint)
			}
			seen[fingerprint] = true
			all = append(all, fingerprint)
		}
		return all
	}
	before := prints("mapRoles: |\n" + entry)
	after := prints("# one\n# more\n\nmapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/ops\n    username: ops\n" + entry + entry)
	if len(before) != 1 || len(after) != 2 || before[0] != after[0] {
		t.Errorf("before %q, after %q", before, after)
	}
}

// TestSARIFRules wants every result to point at its rule.
func TestSARIFRules(t *testing.T) {
	for name, r := range reports(t) {
		var log sarifLog
		if err := json.Unmarshal([]byte(render(t, SARIF, r)), &log); err != nil {
			t.Fatal(err)
		}
		for _, result := range log.Runs[0].Results {
			rule := log.Runs[0].Tool.Driver.Rules[result.RuleIndex]
			if rule.ID != result.RuleID || rule.Help.Markdown == "" || rule.Short.Text == "" {
				t.Errorf("%s: %s points to %+v", name, result.RuleID, rule)
			}
		}
	}
}

func TestJUnitCounts(t *testing.T) {
	for name, r := range reports(t) {
		var suites junitSuites
		if err := xml.Unmarshal([]byte(render(t, JUnit, r)), &suites); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tests, failures, skipped := 0, 0, 0
		for _, suite := range suites.Suites {
			for _, c := range suite.Cases {
				tests++
				if c.Failure != nil {
					failures++
				}
				if c.Skipped != nil {
					skipped++
				}
			}
		}
		if tests != suites.Tests || failures != suites.Failures || skipped != suites.Skipped {
			t.Errorf("%s: %d tests, %d failures, %d skipped, but it says %d, %d, %d", name, tests, failures, skipped, suites.Tests, suites.Failures, suites.Skipped)
		}
		if (failures > 0) != (r.Count(validate.Error) > 0) || (skipped > 0) != (r.Count(validate.Warning)+len(r.Notes) > 0) {
			t.Errorf("%s: %d failures and %d skipped for %d errors and %d warnings", name, failures, skipped, r.Count(validate.Error), r.Count(validate.Warning))
		}
	}
}

// TestGitHubLines wants one line a finding, whatever the map holds: else a map could give commands to the runner.
func TestGitHubLines(t *testing.T) {
	for name, r := range map[string]*Report{"hostile": hostile(), "sample": sample()} {
		lines := strings.Split(strings.TrimSuffix(render(t, GitHub, r), "\n"), "\n")
		if len(lines) != len(r.Findings)+len(r.Notes) {
			t.Errorf("%s: %d lines for %d findings", name, len(lines), len(r.Findings))
		}
		for _, line := range lines {
			if !regexp.MustCompile(`^::(error|warning|notice) file=[^,:]+,line=\d+,endLine=\d+,col=\d+,title=[^,:]+::.`).MatchString(line) {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}

func TestRelative(t *testing.T) {
	for _, tt := range []struct {
		root, name, want string
		inside           bool
	}{
		{"/repo", "a/b.yaml", "a/b.yaml", true},
		{"/repo", "./a/../b.yaml", "b.yaml", true},
		{"/repo", "/repo/a b.yaml", "a%20b.yaml", true},
		{"/repo", "/repository/a.yaml", "file:///repository/a.yaml", false},
		{"/repo", "/a.yaml", "file:///a.yaml", false},
		{"", "/a.yaml", "file:///a.yaml", false},
		{"/repo", "a:b.yaml", "./a:b.yaml", true},
		{"/repo", manifest.StdinName, "%3Cstdin%3E", true},
	} {
		path, inside := relative(tt.root, tt.name)
		if got := uri(path, inside); got != tt.want || inside != tt.inside {
			t.Errorf("%s in %s: %s (%v), want %s", tt.name, tt.root, got, inside, tt.want)
		}
	}
}
