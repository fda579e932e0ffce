package oracle

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cli"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

const loginMap = undoMap + `- rolearn: arn:aws:iam::111122223333:role/dev
  username: dev:{{SessionName}}
  groups: [devs]
- rolearn: arn:aws:iam::111122223333:role/team/ops
  username: ops
  groups: [ops]
`

// TestTheLogOfTheRealAuthenticatorIsRead lets callers in and turns others away, and reads what the authenticator has written
// down of it, in both of its forms.
func TestTheLogOfTheRealAuthenticatorIsRead(t *testing.T) {
	real := authenticator.Start(t)
	log := logrus.StandardLogger()
	formatter := log.Formatter
	t.Cleanup(func() { log.SetFormatter(formatter) })
	if err := real.Load(map[string]string{"mapRoles": loginMap}); err != nil {
		t.Fatal(err)
	}
	caller := func(role, session string) cases.Caller {
		return cases.Caller{ARN: "arn:aws:sts::111122223333:assumed-role/" + role + "/" + session, SessionName: session}
	}
	logins := []struct {
		caller cases.Caller
		want   cases.Kind
	}{
		{caller("nodes", "i-0123456789abcdef0"), cases.Mapped}, {caller("dev", "zoe"), cases.Mapped}, {caller("dev", "a=b,c@d"), cases.Mapped},
		{caller("ops", "bob"), cases.NotMapped}, {caller("ops", "bob"), cases.NotMapped}, {caller("ops", "eve"), cases.NotMapped},
		{caller("nodes", "jane"), cases.Denied}, {cases.Caller{ARN: "arn:aws:iam::111122223333:group/x"}, cases.Rejected},
	}
	for name, form := range map[string]logrus.Formatter{"text": &logrus.TextFormatter{DisableColors: true}, "JSON": &logrus.JSONFormatter{}} {
		t.Run(name, func(t *testing.T) {
			var written bytes.Buffer
			log.SetOutput(&written)
			log.SetLevel(logrus.InfoLevel)
			log.SetFormatter(form)
			for _, l := range logins {
				got, err := real.Outcomes(l.caller)
				if err != nil || len(got) != 1 || got[0].Kind != l.want {
					t.Fatalf("%s: %v, %v", l.caller.ARN, got, err)
				}
			}
			dir := t.TempDir()
			lines, file := filepath.Join(dir, "authenticator.log"), filepath.Join(dir, "map.yaml")
			for path, content := range map[string]string{lines: written.String(), file: "mapRoles: |\n  " + strings.ReplaceAll(loginMap, "\n", "\n  ") + "\n"} {
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var denied struct {
				Granted, Denied int
				Log             struct{ Broken, Foreign int }
				Denials         []struct {
					ARN, Why string
					Count    int
					Callers  []string
					Now      *struct{ Nearest []struct{ Why string } }
				}
			}
			run(t, &denied, "denied", lines, "-f", file, "-o", "json")
			if denied.Granted != 3 || denied.Denied != 5 || denied.Log.Broken != 0 || len(denied.Denials) != 3 {
				t.Fatalf("%+v\n%s", denied, written.String())
			}
			for _, d := range denied.Denials {
				switch d.ARN {
				case "arn:aws:iam::111122223333:role/ops":
					if d.Count != 3 || d.Why != "identity is not mapped" || strings.Join(d.Callers, " ") != "arn:aws:sts::111122223333:assumed-role/ops/bob arn:aws:sts::111122223333:assumed-role/ops/eve" ||
						len(d.Now.Nearest) != 1 || !strings.Contains(d.Now.Nearest[0].Why, "without it") {
						t.Errorf("%+v", d)
					}
				case "arn:aws:iam::111122223333:role/nodes":
					if d.Count != 1 || !strings.Contains(d.Why, "SessionName did not contain an instance id") || len(d.Callers) != 1 || d.Now == nil {
						t.Errorf("%+v", d)
					}
				case "":
					if d.Count != 1 || d.Why == "" || d.Now != nil {
						t.Errorf("%+v", d)
					}
				default:
					t.Errorf("%+v", d)
				}
			}
			var used struct {
				Entries []struct {
					ARN, State string
					Count      int
				}
			}
			run(t, &used, "usage", lines, "-f", file, "-o", "json")
			if len(used.Entries) != 3 || used.Entries[0].Count != 1 || used.Entries[1].Count != 2 || used.Entries[2].State != "dead" || used.Entries[1].State != "used" {
				t.Errorf("%+v", used)
			}
		})
	}
}

// run runs the plugin, which ends with 1 as there are findings, and reads what it prints.
func run(t *testing.T, into any, args ...string) {
	t.Helper()
	var out, problems bytes.Buffer
	if code := cli.Run(args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &problems}); code != 1 {
		t.Fatalf("%q: exit %d\n%s%s", args, code, out.String(), problems.String())
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}
