package chart

import (
	"testing"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/cli/values"
	"helm.sh/helm/v4/pkg/getter"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/render"
)

// TestLint runs `helm lint --strict` over the matrix.
func TestLint(t *testing.T) {
	for name, o := range matrix(t) {
		t.Run(name, func(t *testing.T) {
			given, err := (&values.Options{ValueFiles: o.ValueFiles, Values: o.Set}).MergeValues(getter.Providers{})
			if err != nil {
				t.Fatal(err)
			}
			lint := action.NewLint()
			lint.Strict, lint.Namespace = true, render.Namespace
			result := lint.Run([]string{inChart()}, given)
			for _, m := range result.Messages {
				if m.Severity > support.InfoSev {
					t.Error(m)
				}
			}
			for _, err := range result.Errors {
				t.Error(err)
			}
			if result.TotalChartsLinted != 1 {
				t.Errorf("%d charts were looked at", result.TotalChartsLinted)
			}
		})
	}
}
