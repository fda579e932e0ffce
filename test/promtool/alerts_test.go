package promtool

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

var (
	root      = filepath.Join("..", "..")
	alerts    = []string{filepath.Join(root, "charts", "aws-auth-guard", "files", "alerts.yaml"), filepath.Join(root, "charts", "aws-auth-guard", "files", "alerts-access.yaml")}
	dashboard = filepath.Join(root, "charts", "aws-auth-guard", "files", "dashboard.json")
)

// rule is what the tests read of an alert.
type rule struct {
	Alert, Expr         string
	Labels, Annotations map[string]string
}

func rules(t *testing.T) []rule {
	t.Helper()
	var all []rule
	for _, path := range alerts {
		var file struct {
			Groups []struct{ Rules []rule }
		}
		read(t, path, &file)
		for _, g := range file.Groups {
			all = append(all, g.Rules...)
		}
	}
	if len(all) == 0 {
		t.Fatal("there are no alerts")
	}
	return all
}

func read(t *testing.T, path string, to any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, to); err != nil {
		t.Fatal(err)
	}
}

// promtool builds Prometheus' program, without the clients of all the clouds that it could look for targets in.
func promtool(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "promtool")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "remove_all_sd", "-o", program, "github.com/prometheus/prometheus/cmd/promtool").CombinedOutput()
	if err != nil {
		t.Fatalf("building promtool: %v\n%s", err, output)
	}
	return program
}

func TestAlertsFireAndStayQuiet(t *testing.T) {
	program := promtool(t)
	for _, arguments := range [][]string{
		append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, alerts...),
		{"test", "rules", filepath.Join("testdata", "alerts.yaml")},
	} {
		if output, err := exec.CommandContext(t.Context(), program, arguments...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(arguments, " "), err, output)
		}
	}
}

// TestEveryAlertIsTestedBothWays holds that each alert has a case in which it fires and one in which it does not.
func TestEveryAlertIsTestedBothWays(t *testing.T) {
	var file struct {
		Tests []struct {
			Cases []struct {
				Alert    string `yaml:"alertname"`
				Expected []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	read(t, filepath.Join("testdata", "alerts.yaml"), &file)
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, test := range file.Tests {
		for _, c := range test.Cases {
			if len(c.Expected) > 0 {
				fires[c.Alert] = true
			} else {
				quiet[c.Alert] = true
			}
		}
	}
	for _, r := range rules(t) {
		if !fires[r.Alert] || !quiet[r.Alert] {
			t.Errorf("%s: fires in a test: %t, is quiet in one: %t", r.Alert, fires[r.Alert], quiet[r.Alert])
		}
	}
}

func TestEveryAlertHasItsPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "alerts.md"))
	if err != nil {
		t.Fatal(err)
	}
	var documented, inTable []string
	for _, m := range regexp.MustCompile(`(?m)^## (\w+)$`).FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^\| \[(\w+)\]\(#(\w+)\) \| (\w+) \| (.+) \|$`).FindAllStringSubmatch(string(page), -1) {
		inTable = append(inTable, m[1]+" "+m[2]+" "+m[3]+" "+m[4])
	}
	var names, rows []string
	for _, r := range rules(t) {
		names = append(names, r.Alert)
		rows = append(rows, strings.Join([]string{r.Alert, strings.ToLower(r.Alert), r.Labels["severity"], r.Annotations["summary"]}, " "))
		if r.Annotations["description"] == "" || r.Annotations["summary"] == "" {
			t.Errorf("%s has no summary or no description", r.Alert)
		}
		if want := "https://github.com/aws-auth-guard/aws-auth-guard/blob/main/docs/alerts.md#" + strings.ToLower(r.Alert); r.Annotations["runbook_url"] != want {
			t.Errorf("%s leads to %q, not to %q", r.Alert, r.Annotations["runbook_url"], want)
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
			t.Errorf("%s has the severity %q", r.Alert, r.Labels["severity"])
		}
	}
	if !slices.Equal(names, documented) {
		t.Errorf("the alerts are\n%q, their sections\n%q", names, documented)
	}
	if !slices.Equal(rows, inTable) {
		t.Errorf("the alerts are\n%s\nthe table has\n%s", strings.Join(rows, "\n"), strings.Join(inTable, "\n"))
	}
	for section := range strings.SplitSeq(string(page), "\n## ") {
		if name, _, _ := strings.Cut(section, "\n"); slices.Contains(names, name) && !strings.Contains(section, "```sh\nkubectl ") {
			t.Errorf("%s names no first command", name)
		}
	}
}

func TestTheDashboardAsksWhatPrometheusUnderstands(t *testing.T) {
	text, err := os.ReadFile(dashboard)
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		UID    string
		Panels []struct {
			ID          int
			Title       string
			Description string
			Targets     []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	// What Grafana puts in before it asks.
	grafana := strings.NewReplacer("$__range", "24h", "$__rate_interval", "5m")
	p := parser.NewParser(parser.Options{})
	ids := map[int]bool{}
	for _, panel := range board.Panels {
		if ids[panel.ID] || panel.Description == "" || len(panel.Targets) == 0 {
			t.Errorf("the panel %q has no id of its own, no description or no query", panel.Title)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			expr, err := p.ParseExpr(grafana.Replace(target.Expr))
			if err != nil {
				t.Errorf("the panel %q: %v", panel.Title, err)
				continue
			}
			kept := grouping(expr)
			for _, m := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				if !slices.Contains(kept, m[1]) {
					t.Errorf("the panel %q names its lines by %s, which %s does not keep", panel.Title, m[1], target.Expr)
				}
			}
		}
	}
	if len(ids) < 10 {
		t.Errorf("there are %d panels", len(ids))
	}
}

// grouping are the labels that aggregations keep.
func grouping(expr parser.Expr) (labels []string) {
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if a, ok := n.(*parser.AggregateExpr); ok {
			labels = append(labels, a.Grouping...)
		}
		return nil
	})
	return labels
}
