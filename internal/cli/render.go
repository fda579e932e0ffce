package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// renderFlags are those about charts that Helm renders first.
type renderFlags struct {
	on        bool
	values    []string
	namespace string
}

func (f *renderFlags) register(c *cobra.Command) {
	c.Flags().BoolVar(&f.on, "render", false, "check what `helm template` makes of the charts in the folders: this runs the helm that is on the PATH")
	c.Flags().StringArrayVar(&f.values, "values", nil, "a `file` with values for --render; can be given more than once")
	c.Flags().StringVar(&f.namespace, "namespace", "", "the `namespace` of the release for --render")
}

func (f *renderFlags) check() error {
	if !f.on && (len(f.values) > 0 || f.namespace != "") {
		return errors.New("--values and --namespace are for --render")
	}
	return nil
}

// renderTime bounds how long Helm may take for one chart.
const renderTime = 2 * time.Minute

// rendering is what Helm makes of a chart.
type rendering struct {
	chart string
	// values are the files with values that were given.
	values []string
	// files are the objects of each template.
	files []*manifest.File
}

// isOf reports whether the rendering is made of a file: one of the chart, or of values that were given.
func (r *rendering) isOf(path string) bool {
	rel, err := filepath.Rel(r.chart, path)
	return err == nil && filepath.IsLocal(rel) || slices.ContainsFunc(r.values, func(v string) bool { return filepath.Clean(v) == filepath.Clean(path) })
}

// render runs Helm on the charts that arguments name or hold.
func (f *renderFlags) render(ctx context.Context, args []string, exclude manifest.Excludes) ([]rendering, error) {
	charts := chartsIn(args, exclude)
	if len(charts) == 0 {
		return nil, usage(fmt.Errorf("--render: no chart in %s: a chart is a folder with Chart.yaml", text.Visible(strings.Join(args, ", "))))
	}
	helm, err := exec.LookPath("helm")
	if err != nil {
		return nil, unreadable(errors.New("--render runs helm, which is not on the PATH: install it, or leave out --render"))
	}
	all := make([]rendering, 0, len(charts))
	for _, chart := range charts {
		out, err := f.template(ctx, helm, chart)
		if err != nil {
			return nil, unreadable(err)
		}
		all = append(all, rendering{chart: chart, values: f.values, files: f.split(chart, out)})
	}
	return all, nil
}

// chartsIn are the folders with charts, without those inside of another one.
func chartsIn(args []string, exclude manifest.Excludes) []string {
	inputs, _ := manifest.Inputs(args, exclude) // what can't be listed is reported when the files are read
	var found []string
	for _, in := range inputs {
		if !in.Stdin() && filepath.Base(in.Path) == "Chart.yaml" {
			found = append(found, filepath.Dir(in.Path))
		}
	}
	return slices.DeleteFunc(slices.Clone(found), func(dir string) bool {
		return slices.ContainsFunc(found, func(outer string) bool {
			rel, err := filepath.Rel(outer, dir)
			return err == nil && strings.HasPrefix(filepath.ToSlash(rel), "charts/")
		})
	})
}

// template is the output of `helm template`.
func (f *renderFlags) template(ctx context.Context, helm, chart string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, renderTime)
	defer cancel()
	path, err := filepath.Abs(chart) // A path that begins with a dash would be a flag.
	if err != nil {
		return "", err
	}
	args := []string{"template", path}
	for _, v := range f.values {
		args = append(args, "--values="+v)
	}
	if f.namespace != "" {
		args = append(args, "--namespace="+f.namespace)
	}
	c := exec.CommandContext(ctx, helm, args...)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("helm template %s: %w: %s", text.Visible(chart), err, text.Lines(strings.TrimSpace(said.String())))
	}
	return out.String(), nil
}

// sourceLine is the comment by which Helm names the template of the objects below it.
var sourceLine = regexp.MustCompile(`(?m)^# Source: ([^\r\n]+)\r?\n`)

// split takes the output of Helm apart by templates. A file is named by its template, and says that it is rendered: its lines
// are not those of the template.
func (f *renderFlags) split(chart, out string) []*manifest.File {
	var names []string
	texts := map[string]string{}
	marks := sourceLine.FindAllStringSubmatchIndex(out, -1)
	for i, m := range marks {
		end := len(out)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		// The first folder is the name of the chart.
		_, template, _ := strings.Cut(out[m[2]:m[3]], "/")
		name := filepath.Join(chart, filepath.FromSlash(template)) + " (rendered)"
		if texts[name] == "" {
			names = append(names, name)
		}
		texts[name] += out[m[1]:end]
	}
	files := make([]*manifest.File, 0, len(names))
	for _, name := range names {
		files = append(files, manifest.Rendered(name, texts[name], f.namespace))
	}
	return files
}
