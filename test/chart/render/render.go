package render

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/cli/values"
	"helm.sh/helm/v4/pkg/getter"
	"helm.sh/helm/v4/pkg/kube"
	release "helm.sh/helm/v4/pkg/release/v1"
)

// ChartPath is the folder of the chart, from the root of the repository.
const ChartPath = "charts/aws-auth-guard"

// kubeVersion is what the chart is rendered for.
const kubeVersion = "v1.37.2"

// The names of a default install.
const (
	Release   = "aws-auth-guard"
	Namespace = "aws-auth-guard"
)

// Options say what to render. The zero value is a default install.
type Options struct {
	// ValueFiles are the paths of further values, each over the ones before.
	ValueFiles []string
	// Set are values as those of --set, SetJSON as those of --set-json.
	Set, SetJSON []string
	// Namespace to install into; empty means Namespace.
	Namespace string
}

// Rendered is a chart with its values.
type Rendered struct {
	// Manifest holds the objects that are installed, a YAML document each.
	Manifest string
	// Hooks are the documents of `helm test`.
	Hooks []string
	// Notes is what Helm tells the user.
	Notes string
}

// Documents are all objects, those of the hooks included.
func (r *Rendered) Documents() string {
	return r.Manifest + strings.Join(append([]string{""}, r.Hooks...), "\n---\n")
}

// Chart renders the chart of the repository at root. It needs no cluster. The error is that of Helm: the schema, a
// template, or a guard of the chart refused the values.
func Chart(root string, o Options) (*Rendered, error) {
	files := &values.Options{ValueFiles: o.ValueFiles, Values: o.Set, JSONValues: o.SetJSON}
	given, err := files.MergeValues(getter.Providers{})
	if err != nil {
		return nil, err
	}
	chart, err := loader.Load(filepath.Join(root, filepath.FromSlash(ChartPath)))
	if err != nil {
		return nil, err
	}
	if chart.Metadata.Name == "" {
		return nil, fmt.Errorf("%s: %w", ChartPath, os.ErrInvalid)
	}
	install := action.NewInstall(&action.Configuration{Capabilities: common.DefaultCapabilities})
	install.DryRunStrategy = action.DryRunClient
	install.WaitStrategy = kube.HookOnlyStrategy
	install.ReleaseName, install.Namespace = Release, Namespace
	// A test program does not know which version it was built with, and Helm then takes a very old one.
	if install.KubeVersion, err = common.ParseKubeVersion(kubeVersion); err != nil {
		return nil, err
	}
	if o.Namespace != "" {
		install.Namespace = o.Namespace
	}
	result, err := install.Run(chart, given)
	if err != nil {
		return nil, err
	}
	installed, ok := result.(*release.Release)
	if !ok {
		return nil, fmt.Errorf("helm gave a release of the type %T", result)
	}
	rendered := &Rendered{Manifest: installed.Manifest, Notes: installed.Info.Notes}
	for _, hook := range installed.Hooks {
		rendered.Hooks = append(rendered.Hooks, hook.Manifest)
	}
	return rendered, nil
}
