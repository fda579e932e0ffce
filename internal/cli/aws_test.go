package cli

import (
	"encoding/pem"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/aws-auth-guard/aws-auth-guard/test/eks"
)

// awsServers are the servers of the scripts, by their folders.
var awsServers sync.Map

// awsAPI is the script's command for the EKS, IAM and STS that its commands talk to:
//
//	aws start MODE            a cluster blue in a mode; access entries get a time five minutes ago
//	aws principal ARN…        roles and users that are a year old
//	aws again ARN…            the same, created again a minute ago
//	aws entry ARN TYPE USERNAME [GROUP…]
//	aws mode MODE
//	aws deny OPERATION…
func awsAPI(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: aws start|principal|again|entry|mode|deny ARGUMENTS…")
	}
	now := func() time.Time { return time.Now().Add(-5 * time.Minute) }
	if args[0] == "start" {
		s, err := eks.Start(eks.Options{Now: now})
		ts.Check(err)
		ts.Defer(func() { _ = s.Stop() })
		s.SetCluster("blue", args[1], pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("blue")}))
		for _, e := range s.Environment() {
			name, value, _ := strings.Cut(e, "=")
			ts.Setenv(name, value)
		}
		awsServers.Store(ts.Getenv("WORK"), s)
		return
	}
	value, ok := awsServers.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("aws start comes first")
	}
	s := value.(*eks.Server) //nolint:forcetypeassert // Nothing else is stored.
	switch args[0] {
	case "principal":
		for _, arn := range args[1:] {
			s.SetPrincipal(arn, time.Now().AddDate(-1, 0, 0))
		}
	case "again":
		for _, arn := range args[1:] {
			s.SetPrincipal(arn, time.Now().Add(-time.Minute))
		}
	case "entry":
		s.SetEntry("blue", eks.Entry{PrincipalARN: args[1], Type: args[2], Username: args[3], Groups: args[4:], Created: time.Now().AddDate(0, -1, 0)})
	case "mode":
		s.SetCluster("blue", args[1], pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("blue")}))
	case "deny":
		for _, operation := range args[1:] {
			s.Deny(operation, true)
		}
	default:
		ts.Fatalf("no such: aws %s", args[0])
	}
}
