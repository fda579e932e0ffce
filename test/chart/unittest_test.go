package chart

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helm-unittest/helm-unittest/pkg/unittest"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/formatter"
	"github.com/helm-unittest/helm-unittest/pkg/unittest/printer"
	"go.yaml.in/yaml/v3"
)

// TestSuites runs the suites of the chart with helm-unittest, as `helm unittest --strict charts/aws-auth-guard` does.
func TestSuites(t *testing.T) {
	var output bytes.Buffer
	plain := false
	runner := unittest.TestRunner{
		Printer: printer.NewPrinter(&output, &plain), Formatter: formatter.NewFormatter("", ""),
		Strict: true, TestFiles: []string{filepath.Join("tests", "*_test.yaml")},
	}
	// The runner makes a folder for snapshots, of which there are none.
	t.Cleanup(func() { _ = os.Remove(inChart("tests", "__snapshot__")) })
	if !runner.RunV3([]string{inChart()}) {
		t.Error(output.String())
	}
	if !strings.Contains(output.String(), "Test Suites:") || strings.Contains(output.String(), "skipped") {
		t.Errorf("the suites did not run:\n%s", output.String())
	}
}

// TestSuitesCoverValues wants every value to be set in some test of the suites, and every guard of the chart to be set off.
func TestSuitesCoverValues(t *testing.T) {
	paths, err := filepath.Glob(inChart("tests", "*_test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	type job struct {
		Set     map[string]any
		Asserts []map[string]any
	}
	set := map[string]bool{}
	failures := 0
	for _, path := range paths {
		var suite struct {
			Set   map[string]any
			Tests []job
		}
		if err := yaml.Unmarshal([]byte(readFile(t, path)), &suite); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, j := range append(suite.Tests, job{Set: suite.Set}) {
			for key, value := range j.Set {
				flatten(key, value, set)
			}
			for _, assert := range j.Asserts {
				if assert["failedTemplate"] != nil {
					failures++
				}
			}
		}
	}
	for _, leaf := range readValues(t).Leaves() {
		if !set[leaf.Path] {
			t.Errorf("no suite sets %s", leaf.Path)
		}
	}
	if guards := strings.Count(readFile(t, inChart("templates", "validate.yaml")), "{{- fail "); failures < guards {
		t.Errorf("%d guards, but only %d tests that expect a failure", guards, failures)
	}
}

// flatten notes the path of a value and of everything that it holds.
func flatten(path string, value any, set map[string]bool) {
	set[path] = true
	if fields, ok := value.(map[string]any); ok {
		for key, field := range fields {
			flatten(path+"."+key, field, set)
		}
	}
}
