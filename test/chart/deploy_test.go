package chart

import (
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/deploy"
	"github.com/aws-auth-guard/aws-auth-guard/test/chart/render"
)

// TestOverlays builds each overlay with kustomize and finds the objects of the file that is to be applied as it is.
func TestOverlays(t *testing.T) {
	for _, mode := range deploy.Modes() {
		t.Run(mode, func(t *testing.T) {
			built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(root, "deploy", "overlays", mode))
			if err != nil {
				t.Fatal(err)
			}
			text, err := built.AsYaml()
			if err != nil {
				t.Fatal(err)
			}
			same(t, objects(t, string(text)), objects(t, readFile(t, filepath.Join(root, "deploy", "install-"+mode+".yaml"))))
		})
	}
}

// TestPlainManifests finds in the file to apply what the chart renders, and of Helm nothing.
func TestPlainManifests(t *testing.T) {
	for _, mode := range deploy.Modes() {
		t.Run(mode, func(t *testing.T) {
			text := readFile(t, filepath.Join(root, "deploy", "install-"+mode+".yaml"))
			for _, word := range []string{"helm.sh", "Helm"} {
				if strings.Contains(text, word) {
					t.Errorf("%q is in a manifest that is applied without Helm", word)
				}
			}
			installed := objects(t, text)
			name := "v1 Namespace <nil>/" + render.Namespace
			labels, _ := installed[name].metadata()["labels"].(map[string]any)
			if labels["pod-security.kubernetes.io/enforce"] != "restricted" {
				t.Errorf("%s does not enforce Pod Security restricted: %v", name, labels)
			}
			delete(installed, name)
			wanted := objects(t, rendered(t, render.Options{Set: []string{"certificates.mode=" + mode}}).Manifest)
			for _, o := range wanted {
				labels, _ := o.metadata()["labels"].(map[string]any)
				delete(labels, "helm.sh/chart")
				delete(labels, "app.kubernetes.io/managed-by")
			}
			same(t, installed, wanted)
		})
	}
}

func same(t *testing.T, found, wanted map[string]object) {
	t.Helper()
	if f, w := slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(wanted)); !slices.Equal(f, w) {
		t.Fatalf("the objects are\n%s\nwanted\n%s", strings.Join(f, "\n"), strings.Join(w, "\n"))
	}
	for name, o := range found {
		if !reflect.DeepEqual(o, wanted[name]) {
			t.Errorf("%s is\n%v\nwanted\n%v", name, map[string]any(o), map[string]any(wanted[name]))
		}
	}
}
