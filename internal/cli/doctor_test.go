package cli

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestDoctor has a script for each row of the table in docs/unauthorized.md, by its number: what the doctor says, and that the
// cause is gone once that is done.
func TestDoctor(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "doctor"), UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "aws": awsAPI, "sts": stsAPI},
	})
}
