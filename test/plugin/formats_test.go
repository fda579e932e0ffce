package plugin

import (
	"encoding/json"
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// liveName is what audit calls the map.
const liveName = "kube-system/aws-auth"

// formats are all but text and JSON.
var formats = []string{"sarif", "junit", "markdown", "github", "html"}

// TestEveryFormatFailsAsTheOthersDo holds that the exit code rests on the findings and not on the format.
func TestEveryFormatFailsAsTheOthersDo(t *testing.T) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			plugin(t, "", "", "audit", "-o", format).expect(t, 1, liveName)
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
	for i := range want {
		// What is about no line stands at the first one.
		want[i].Line, want[i].Column = max(want[i].Line, 1), max(want[i].Column, 1)
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
	if len(suites.Suites) < 2 || suites.Suites[0].Name != liveName {
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

// TestAuditHTML wants a page with the cluster's address and, among those who get in, each principal of the map.
func TestAuditHTML(t *testing.T) {
	_, want := auditJSON(t)
	page := plugin(t, "", "", "audit", "-o", "html").out
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var heads []string
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "bdi" && slices.Contains(n.Attr, html.Attribute{Key: "class", Val: "arn"}) {
			heads = append(heads, text(n))
		}
	}
	for _, arn := range want {
		if !slices.ContainsFunc(heads, func(head string) bool { return strings.HasPrefix(head, arn) }) {
			t.Errorf("nothing of %s in %q", arn, heads)
		}
	}
	if !strings.HasPrefix(page, "<!DOCTYPE html>") || !strings.Contains(text(root), "cluster"+cluster.AdminConfig.Host) {
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

// TestNoFormatTakesAMapThatCouldNotBeReadForAGoodOne wants nothing that could pass for a clean map, and nowhere "nobody".
func TestNoFormatTakesAMapThatCouldNotBeReadForAGoodOne(t *testing.T) {
	_, stranger, err := cluster.User("format-stranger")
	if err != nil {
		t.Fatal(err)
	}
	signs := map[string]string{
		"text": "not known: the map could not be read (403)", "json": `"access": null`, "sarif": `"executionSuccessful": false`,
		"junit": `<error message="not known: the map could not be read (403)"`, "markdown": "**not known: the map could not be read (403)**",
		"github": "::error title=aws-auth: not read::not known: the map could not be read (403)",
		"html":   "<strong>not known: the map could not be read (403)</strong>",
	}
	for format, sign := range signs {
		r := plugin(t, stranger, "", "audit", "-o", format)
		r.expect(t, 3, sign, "you may not read the map")
		if strings.Contains(r.out, "nobody ") {
			t.Errorf("-o %s says \"nobody\" of what could not be read:\n%s", format, r.out)
		}
	}
	takeMapAway(t)
	for format := range signs {
		plugin(t, "", "", "audit", "-o", format).expect(t, 3, "the cluster has no ConfigMap", "map-deleted")
	}
}
