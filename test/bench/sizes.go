package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
)

// sizes says how large the programs are and the image, which it makes.
func sizes(ctx context.Context, p *programs, plugin string) (*figures.Table, error) {
	t := &figures.Table{Title: "Sizes", Header: []string{"what", "MB", "aim"}}
	for _, x := range []struct{ name, path, aim string }{
		{rowWebhookSize, p.webhook, ""}, {rowPluginSize, plugin, ""},
		{"for comparison: " + rowGatekeeper, p.rivals.Gatekeeper, ""}, {"for comparison: " + rowKyverno, p.rivals.Kyverno, ""},
	} {
		if x.path == "" {
			t.Add(x.name, "", x.aim)
			continue
		}
		info, err := os.Stat(x.path)
		if err != nil {
			return nil, err
		}
		t.Add(x.name, megabytes(info.Size()), x.aim)
	}
	out, err := os.MkdirTemp("", "bench-image-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(out)
	command := exec.CommandContext(ctx, "go", "run", "./image", "-root", "..", "-out", out, "-arch", "amd64")
	command.Dir = filepath.Join("..", "..", "build")
	if output, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("making the image: %w\n%s", err, output)
	}
	tars, err := filepath.Glob(filepath.Join(out, "*.tar"))
	if err != nil || len(tars) != 1 {
		return nil, fmt.Errorf("the image is not one tar: %v, %w", tars, err)
	}
	info, err := os.Stat(tars[0])
	if err != nil {
		return nil, err
	}
	t.Add(rowImageSize, megabytes(info.Size()), "25")
	return t, nil
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f", float64(bytes)/1e6) }
