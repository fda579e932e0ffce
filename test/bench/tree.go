package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// plant writes the manifests into a folder and returns how many bytes they are.
func plant(folder string) (int, error) {
	total := 0
	for i := range manifests {
		text := manifest(i)
		total += len(text)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("cluster-%04d.yaml", i)), []byte(text), 0o644); err != nil {
			return 0, err
		}
	}
	return total, nil
}

func manifest(i int) string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n  mapRoles: |\n")
	for e := range entries {
		path := ""
		if i%faultyEach == 0 && e == 0 {
			path = "team/"
		}
		fmt.Fprintf(&b, "    - rolearn: arn:aws:iam::111122223333:role/%steam-%04d-%d\n      username: team-%d:{{SessionName}}\n      groups:\n        - team-%d:developers\n        - team-%d:viewers\n",
			path, i, e, e, e, e)
	}
	return b.String()
}

// checksAll makes sure that what is measured is the work: all manifests are read, and the faulty ones are found.
func checksAll(plugin, folder string) error {
	c := exec.Command(plugin, "lint", "-o", "json", folder)
	out, err := c.Output()
	if code := c.ProcessState.ExitCode(); code != 1 {
		return fmt.Errorf("%s lint of a folder with faulty manifests: exit code %d, want 1 (%w)", plugin, code, err)
	}
	var report struct{ Summary struct{ Files, Errors int } }
	if err := json.Unmarshal(out, &report); err != nil {
		return fmt.Errorf("%s lint -o json: %w", plugin, err)
	}
	if s := report.Summary; s.Files != manifests || s.Errors != manifests/faultyEach {
		return fmt.Errorf("%s lint read %d files and found %d errors, want %d and %d", plugin, s.Files, s.Errors, manifests, manifests/faultyEach)
	}
	return nil
}
