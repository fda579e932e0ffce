package plugin

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

// liveName is what audit calls the map.
const liveName = "kube-system/aws-auth"

// of a page, what tells one run from another: the date, and the cluster, which lint does not know.
var ofTheRun = regexp.MustCompile(`(?s)<div><dt>Date</dt>.*?</div>|\n<div><dt>Cluster</dt>.*?</div>`)

// TestAuditReportsAsLintDoes lints what the real kubectl prints, in a file by the name that audit gives to the map: both
// must write the same report, byte for byte.
func TestAuditReportsAsLintDoes(t *testing.T) {
	shown, err := cluster.Kubectl(t.Context(), controlplane.Call{Arguments: []string{"get", "configmap", "aws-auth", "-n", "kube-system", "-o", "yaml"}})
	if err != nil || shown.ExitCode != 0 {
		t.Fatal(err, shown.Errors)
	}
	t.Chdir(t.TempDir())
	if err := os.Mkdir(filepath.Dir(liveName), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(liveName, []byte(shown.Output), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"sarif", "junit", "markdown", "github", "html"} {
		t.Run(format, func(t *testing.T) {
			live, file := plugin(t, "", "", "audit", "-o", format), plugin(t, "", "", "lint", "-o", format, liveName)
			live.expect(t, 1, liveName)
			file.expect(t, 1)
			if ofTheRun.ReplaceAllString(live.out, "") != ofTheRun.ReplaceAllString(file.out, "") || live.err != "" {
				t.Errorf("audit writes\n%s\n%s\nlint of the same map\n%s", live.out, live.err, file.out)
			}
			plugin(t, "", "", "audit", "-o", format, "--fail-on", "never").expect(t, 0)
			plugin(t, "", "", "audit", "-o", format, "--profile", "audit").expect(t, 0)
			plugin(t, "", "", "audit", "-o", format, "--profile", "audit", "--fail-on", "warning").expect(t, 1)
		})
	}
}

// finding is what the JSON of audit says, by which the other formats are judged.
type finding struct {
	Rule, Severity string
	Line, Column   int
}

func auditJSON(t *testing.T) (findings []finding, principals []string) {
	t.Helper()
	var a struct {
		Findings []finding
		Access   []struct{ ARN string }
	}
	r := plugin(t, "", "", "audit", "-o", "json")
	if err := json.Unmarshal([]byte(r.out), &a); err != nil {
		t.Fatal(err)
	}
	for _, row := range a.Access {
		principals = append(principals, row.ARN)
	}
	if len(a.Findings) == 0 || len(principals) == 0 {
		t.Fatalf("nothing to compare with:\n%s", r.out)
	}
	return a.Findings, principals
}

func TestAuditSARIF(t *testing.T) {
	want, _ := auditJSON(t)
	var log struct {
		Version string
		Runs    []struct {
			Results []struct {
				RuleID, Level string
				Locations     []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(plugin(t, "", "", "audit", "-o", "sarif").out), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("%+v", log)
	}
	var got []finding
	for _, r := range log.Runs[0].Results {
		at := r.Locations[0].PhysicalLocation
		got = append(got, finding{r.RuleID, r.Level, at.Region.StartLine, at.Region.StartColumn})
		if at.ArtifactLocation.URI != liveName {
			t.Errorf("%s is in %q", r.RuleID, at.ArtifactLocation.URI)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("SARIF says %v, JSON %v", got, want)
	}
}

func TestAuditJUnit(t *testing.T) {
	want := map[string]string{}
	findings, _ := auditJSON(t)
	for _, f := range findings {
		want[f.Rule] = f.Severity
	}
	var suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(plugin(t, "", "", "audit", "-o", "junit").out), &suites); err != nil {
		t.Fatal(err)
	}
	if len(suites.Suites) != 1 || suites.Suites[0].Name != liveName {
		t.Fatalf("%+v", suites)
	}
	cases := suites.Suites[0].Cases
	if len(cases) <= len(want) {
		t.Errorf("%d cases: want one for each rule, those that found nothing as well", len(cases))
	}
	for _, c := range cases {
		if severity := want[c.Name]; (c.Failure != nil) != (severity == "error") || (c.Skipped != nil) != (severity == "warning") {
			t.Errorf("%s: failure %v, skipped %v, but JSON says %q", c.Name, c.Failure != nil, c.Skipped != nil, severity)
		}
		delete(want, c.Name)
	}
	if len(want) > 0 {
		t.Errorf("no cases for %v", want)
	}
}

// TestAuditHTML wants a page with the cluster's address and, in its table, each principal of the map.
func TestAuditHTML(t *testing.T) {
	_, want := auditJSON(t)
	page := plugin(t, "", "", "audit", "-o", "html").out
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "tr" && n.Parent.Data == "tbody" {
			rows = append(rows, text(n))
		}
	}
	if !strings.HasPrefix(page, "<!DOCTYPE html>") || len(rows) != len(want) {
		t.Errorf("%d rows, want %d:\n%s", len(rows), len(want), page)
	}
	for _, arn := range want {
		if !slices.ContainsFunc(rows, func(row string) bool { return strings.Contains(row, arn) }) {
			t.Errorf("no row for %s in %q", arn, rows)
		}
	}
	if !strings.Contains(text(root), "Cluster"+cluster.AdminConfig.Host) {
		t.Error("the page does not say which cluster it is of")
	}
}

// text is all text below a node.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// TestAuditWritesNoReportOfAMapItCouldNotRead wants nothing that could pass for a clean map.
func TestAuditWritesNoReportOfAMapItCouldNotRead(t *testing.T) {
	_, stranger, err := cluster.User("format-stranger")
	if err != nil {
		t.Fatal(err)
	}
	takeMapAway(t)
	for _, format := range []string{"sarif", "junit", "markdown", "github", "html"} {
		for who, why := range map[string]string{"": "the cluster has no ConfigMap", stranger: "you may not read the map"} {
			r := plugin(t, who, "", "audit", "-o", format)
			r.expect(t, 3, why)
			if r.out != "" {
				t.Errorf("-o %s: %s", format, r.out)
			}
		}
	}
}
