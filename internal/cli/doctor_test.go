package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestDoctor has a script for each row of the table in docs/unauthorized.md, by its number: what the doctor says, and that the
// cause is gone once that is done.
func TestDoctor(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "doctor"), UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "aws": awsAPI, "sts": stsAPI, "taken": taken},
	})
}

// taken says in each snapshot that it is a hundred days old, on whatever day the test runs.
func taken(ts *testscript.TestScript, _ bool, files []string) {
	at := time.Now().Add(-100*24*time.Hour - 12*time.Hour).UTC().Format(time.RFC3339)
	for _, name := range files {
		text := strings.ReplaceAll(ts.ReadFile(name), `"takenAt": "2026-03-01T12:00:00Z"`, `"takenAt": "`+at+`"`)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}
