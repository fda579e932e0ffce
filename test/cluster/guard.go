package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"sigs.k8s.io/yaml"
)

// ImportGuard builds the image of the guard as `make image` does, from the clone that the working directory lies in,
// and gives it to both nodes, under the name that the chart asks for.
func (c *Cluster) ImportGuard(ctx context.Context) (err error) {
	out, err := os.MkdirTemp("", "aws-auth-guard-image-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(out)) }()
	output, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws-auth-guard/aws-auth-guard").Output()
	if err != nil {
		return fmt.Errorf("looking for the sources of the guard: %w", err)
	}
	root := strings.TrimSpace(string(output))
	name, version, err := chartImage(filepath.Join(root, "charts", "aws-auth-guard"))
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "run", "./image", "-root", root, "-arch", runtime.GOARCH, "-out", out, "-name", name, "-version", version)
	build.Dir = filepath.Join(root, "build")
	if err := run(build); err != nil {
		return fmt.Errorf("building the image: %w", err)
	}
	return c.ImportImage(ctx, filepath.Join(out, "aws-auth-guard-"+runtime.GOARCH+".tar"))
}

// chartImage gives the name and the version of the image that a chart asks for by default.
func chartImage(folder string) (name, version string, err error) {
	var chart struct{ AppVersion string }
	var values struct {
		Image struct{ Registry, Repository string }
	}
	for file, into := range map[string]any{"Chart.yaml": &chart, "values.yaml": &values} {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			return "", "", err
		}
		if err := yaml.Unmarshal(text, into); err != nil {
			return "", "", fmt.Errorf("%s: %w", file, err)
		}
	}
	return values.Image.Registry + "/" + values.Image.Repository + ":" + chart.AppVersion, chart.AppVersion, nil
}
