package cli

import (
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/aws-auth-guard/aws-auth-guard/test/eks"
)

// stsServers are the servers of the scripts, by their folders.
var stsServers sync.Map

// stsAPI is the script's command for an STS at its real names:
//
//	sts start
//	sts key ID SECRET ARN
func stsAPI(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case neg:
		ts.Fatalf("usage: sts start|key ARGUMENTS…")
	case len(args) == 1 && args[0] == "start":
		s, err := eks.StartSTS(ts.Getenv("WORK"))
		ts.Check(err)
		ts.Defer(s.Stop)
		for _, e := range s.Environment {
			name, value, _ := strings.Cut(e, "=")
			ts.Setenv(name, value)
		}
		stsServers.Store(ts.Getenv("WORK"), s)
	case len(args) == 4 && args[0] == "key":
		value, ok := stsServers.Load(ts.Getenv("WORK"))
		if !ok {
			ts.Fatalf("sts start comes first")
		}
		value.(*eks.STS).SetKey(args[1], args[2], args[3]) //nolint:forcetypeassert // Nothing else is stored.
	default:
		ts.Fatalf("usage: sts start|key ARGUMENTS…")
	}
}
