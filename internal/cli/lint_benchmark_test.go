package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// clutter is what folders of manifests hold: one in a hundred is a map, one in twenty binds a role.
func clutter(i int) string {
	switch {
	case i%100 == 0:
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n" + strings.Repeat("    "+strings.ReplaceAll(strings.TrimSuffix(goodMap, "\n"), "\n", "\n    ")+"\n", 1)
	case i%20 == 1:
		return fmt.Sprintf("apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b%d, namespace: x}\nroleRef: {kind: Role, name: r}\nsubjects:\n- {kind: Group, name: devs}\n", i)
	case i%4 == 2:
		return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\ndata:\n  pattern: \"^\\\\d+$\\n\"\n  run.sh: |\n%s", i, strings.Repeat("    echo \"it works!\" \\ && sleep 1\n", 20))
	}
	return fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d%d, labels: {app: x}}\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n%s", i,
		strings.Repeat("      - name: c\n        image: example.com/c:1\n        args: [--flag=1, --other]\n        env:\n        - {name: A, value: \"b\"}\n        - name: C\n          value: d\n", 3))
}

// BenchmarkLint checks 10,000 manifests, and says how many times as long that takes as to read and parse each once.
func BenchmarkLint(b *testing.B) {
	const files = 10_000
	dir := b.TempDir()
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.yaml", i)), []byte(clutter(i)), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	// The first reading fills the caches of files.
	parse(b, dir)
	var lint, once time.Duration
	for b.Loop() {
		once += parse(b, dir)
		start := time.Now()
		if code := Run([]string{"lint", dir}, Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}); code != exitOK {
			b.Fatalf("exit %d", code)
		}
		lint += time.Since(start)
	}
	b.ReportMetric(lint.Seconds()/once.Seconds(), "of-parsing-once")
}

// parse reads and parses all files of a folder.
func parse(b *testing.B, dir string) time.Duration {
	start := time.Now()
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		var v any
		if err := yaml.Unmarshal(raw, &v); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}
