package chart

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/render"
	"github.com/aws-auth-guard/aws-auth-guard/test/chart/values"
)

// root is the repository.
var root = filepath.Join("..", "..")

func inChart(path ...string) string {
	return filepath.Join(append([]string{root, filepath.FromSlash(render.ChartPath)}, path...)...)
}

// matrix are the values that renderings are tested with: the files of ci/, and values-strict.yaml as it is to be used.
func matrix(t *testing.T) map[string]render.Options {
	t.Helper()
	const end = "-values.yaml"
	paths, err := filepath.Glob(inChart("ci", "*"+end))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("the chart has no ci/ files")
	}
	all := map[string]render.Options{
		"values-strict": {ValueFiles: []string{inChart("values-strict.yaml")}, Set: []string{"webhook.breakGlass.groups={break-glass}"}},
	}
	for _, path := range paths {
		all[strings.TrimSuffix(filepath.Base(path), end)] = render.Options{ValueFiles: []string{path}}
	}
	return all
}

func rendered(t *testing.T, o render.Options) *render.Rendered {
	t.Helper()
	r, err := render.Chart(root, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readValues(t *testing.T) *values.Value {
	t.Helper()
	v, err := values.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// object is one that a manifest holds.
type object map[string]any

func (o object) metadata() object {
	m, _ := o["metadata"].(map[string]any)
	return m
}

func (o object) String() string {
	return fmt.Sprint(o["apiVersion"], " ", o["kind"], " ", o.metadata()["namespace"], "/", o.metadata()["name"])
}

// objects reads the documents of a manifest, by what they are called. None may be there twice.
func objects(t *testing.T, manifest string) map[string]object {
	t.Helper()
	all := map[string]object{}
	decoder := yaml.NewDecoder(strings.NewReader(manifest))
	for {
		var content map[string]any
		err := decoder.Decode(&content)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if content == nil {
			continue
		}
		o := object(content)
		if all[o.String()] != nil {
			t.Fatalf("%s is there twice", o)
		}
		all[o.String()] = o
	}
}
