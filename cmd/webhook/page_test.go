package main

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write docs/webhook.md")

// TestPage holds docs/webhook.md to the commands; go test ./cmd/webhook -run Page -update writes it.
func TestPage(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "webhook.md")
	var b strings.Builder
	b.WriteString("# The program webhook\n\nThe image holds it: the guard, the auditor and the check of an installation. The chart sets these flags; you need them to run it without the chart.\n" +
		"Each flag has a twin in the environment, named in the table; a flag that is given wins.\n\n" +
		"<!-- Written from the commands by `go test ./cmd/webhook -run Page -update`. Edit those, not this page. -->\n")
	for _, c := range newCommand(logr.Discard(), new(slog.LevelVar)).Commands() {
		long := c.Long
		if long == "" {
			long = c.Short + "."
		}
		fmt.Fprintf(&b, "\n## webhook %s\n\n%s\n", c.Name(), long)
		if !c.Flags().HasFlags() {
			continue
		}
		b.WriteString("\n| flag | environment | default | what it does |\n|---|---|---|---|\n")
		c.Flags().VisitAll(func(f *pflag.Flag) {
			variable := environmentPrefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
			_, usage := pflag.UnquoteUsage(f)
			shown := ""
			if f.DefValue != "" {
				shown = "`" + f.DefValue + "`"
			}
			fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s |\n", f.Name, variable, shown, strings.ReplaceAll(usage, "|", `\|`))
		})
	}
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(path)
	if err != nil || string(page) != b.String() {
		t.Errorf("docs/webhook.md is not what the commands say (%v); go test ./cmd/webhook -run Page -update writes it", err)
	}
}
