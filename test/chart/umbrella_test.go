package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/kube"
	release "helm.sh/helm/v4/pkg/release/v1"
)

// umbrella is a chart that has this one as a dependency, by a condition, and values that all its charts share.
const umbrella = `apiVersion: v2
name: platform
version: 1.0.0
dependencies:
  - name: aws-auth-guard
    version: ">=0.0.0-0"
    condition: aws-auth-guard.enabled
`

// TestUmbrella wants the schema to let an umbrella chart share values and switch this chart off.
func TestUmbrella(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "charts", "aws-auth-guard"), os.DirFS(inChart())); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "Chart.yaml"), []byte(umbrella), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, enabled := range []bool{true, false} {
		chart, err := loader.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		install := action.NewInstall(&action.Configuration{Capabilities: common.DefaultCapabilities})
		install.DryRunStrategy, install.WaitStrategy = action.DryRunClient, kube.HookOnlyStrategy
		install.ReleaseName, install.Namespace = "platform", "platform"
		result, err := install.Run(chart, map[string]any{
			"global":         map[string]any{"region": "eu-west-1"},
			"aws-auth-guard": map[string]any{"enabled": enabled, "webhook": map[string]any{"replicas": 3}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if made := strings.Contains(result.(*release.Release).Manifest, "replicas: 3"); made != enabled {
			t.Errorf("enabled is %v, and the guard is made: %v", enabled, made)
		}
	}
}
