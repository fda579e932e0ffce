package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// shownLines is how much of each log an error repeats.
const shownLines = 8

// explain adds the ends of all logs to an error, because they go with the cluster.
func (c *Cluster) explain(err error) error {
	if err == nil {
		return nil
	}
	paths, _ := filepath.Glob(filepath.Join(c.logs(), "*.log"))
	var b strings.Builder
	for _, path := range paths {
		text, readErr := os.ReadFile(path)
		if readErr != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		fmt.Fprintf(&b, "\nthe end of %s:\n%s", filepath.Base(path), strings.Join(lines[max(0, len(lines)-shownLines):], "\n"))
	}
	return fmt.Errorf("%w%s", err, b.String())
}

// checkTools says which of the tools that no Go module brings is missing.
func checkTools() error {
	for _, tool := range []string{"ip", "nsenter", "gcc", "pkg-config"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: %w", ErrUnfit, err)
		}
	}
	if err := exec.Command("pkg-config", "--exists", "libseccomp").Run(); err != nil {
		return fmt.Errorf("%w: pkg-config does not find libseccomp (Debian: apt-get install gcc pkg-config libseccomp-dev)", ErrUnfit)
	}
	return nil
}
