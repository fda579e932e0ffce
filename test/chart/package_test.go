package chart

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/v2/util"
)

// TestPackage packs the chart as a release does: with all that users need, and without its tests.
func TestPackage(t *testing.T) {
	pack := action.NewPackage()
	pack.Destination = t.TempDir()
	path, err := pack.Run(inChart(), nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(packed); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimPrefix(h.Name, "aws-auth-guard/"))
	}
	for _, wanted := range []string{
		"Chart.yaml", "README.md", "values.yaml", "values-strict.yaml", "values.schema.json", "files/companion.yaml", "files/alerts.yaml", "files/alerts-access.yaml",
		"files/dashboard.json", "templates/tests/check.yaml", "templates/NOTES.txt",
	} {
		if !slices.Contains(names, wanted) {
			t.Errorf("%s is not in the package", wanted)
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, "ci/") || strings.HasPrefix(name, "tests/") {
			t.Errorf("%s is in the package", name)
		}
	}
}

// TestMetadata holds what Artifact Hub shows to what is installed.
func TestMetadata(t *testing.T) {
	var chart struct {
		Version     string
		AppVersion  string `yaml:"appVersion"`
		KubeVersion string `yaml:"kubeVersion"`
		Annotations map[string]string
	}
	if err := yaml.Unmarshal([]byte(readFile(t, inChart("Chart.yaml"))), &chart); err != nil {
		t.Fatal(err)
	}
	if chart.AppVersion != "v"+chart.Version {
		t.Errorf("the chart %s installs %s", chart.Version, chart.AppVersion)
	}
	for version, wanted := range map[string]bool{"v1.29.14-eks-abcdef0": false, "v1.30.0": true, "v1.30.9-eks-abcdef0": true, "v1.37.2": true} {
		if util.IsCompatibleRange(chart.KubeVersion, version) != wanted {
			t.Errorf("kubeVersion %s: Kubernetes %s is taken: %v", chart.KubeVersion, version, !wanted)
		}
	}
	var images []struct {
		Name, Image string
		Platforms   []string
	}
	if err := yaml.Unmarshal([]byte(chart.Annotations["artifacthub.io/images"]), &images); err != nil {
		t.Fatal(err)
	}
	if len(images) != 1 || images[0].Image != "ghcr.io/aws-auth-guard/aws-auth-guard:"+chart.AppVersion || len(images[0].Platforms) != 2 {
		t.Errorf("Artifact Hub gets %+v", images)
	}
	for name, text := range chart.Annotations {
		var content any
		if err := yaml.Unmarshal([]byte(text), &content); err != nil || !strings.HasPrefix(name, "artifacthub.io/") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
