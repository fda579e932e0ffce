package chart

import (
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/getter"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/render"
)

// TestHelm3 renders the matrix with Helm 3 as well and finds the objects and the notes of Helm 4.
func TestHelm3(t *testing.T) {
	for name, o := range matrix(t) {
		t.Run(name, func(t *testing.T) {
			given, err := (&values.Options{ValueFiles: o.ValueFiles, Values: o.Set}).MergeValues(getter.Providers{})
			if err != nil {
				t.Fatal(err)
			}
			chart, err := loader.Load(inChart())
			if err != nil {
				t.Fatal(err)
			}
			install := action.NewInstall(&action.Configuration{})
			install.DryRun, install.ClientOnly = true, true
			install.KubeVersion = &chartutil.KubeVersion{Version: "v1.30.0", Major: "1", Minor: "30"}
			install.ReleaseName, install.Namespace = render.Release, render.Namespace
			release, err := install.Run(chart, given)
			if err != nil {
				t.Fatal(err)
			}
			documents := []string{release.Manifest}
			for _, hook := range release.Hooks {
				documents = append(documents, hook.Manifest)
			}
			by4 := rendered(t, o)
			same(t, objects(t, strings.Join(documents, "\n---\n")), objects(t, by4.Documents()))
			if release.Info.Notes != by4.Notes {
				t.Errorf("the notes are\n%s\nwanted\n%s", release.Info.Notes, by4.Notes)
			}
		})
	}
}
