package cli

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/test/eks"
)

// TestSnapshotOfTheRealAWSCLI holds what the AWS CLI prints of a cluster against what the AWS SDK reads of it: one snapshot.
func TestSnapshotOfTheRealAWSCLI(t *testing.T) {
	program, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	created := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	server, err := eks.Start(eks.Options{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	server.SetCluster("blue", "API_AND_CONFIG_MAP", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("blue")}))
	roles := []string{"arn:aws:iam::111122223333:role/dev", "arn:aws:iam::111122223333:role/team/nodes"}
	for _, role := range roles {
		server.SetPrincipal(role, created.AddDate(-1, 0, 0))
	}
	server.SetEntry("blue", eks.Entry{PrincipalARN: roles[0], Type: "STANDARD", Username: "dev:{{SessionName}}", Groups: []string{"devs", "yes", "0x1"}, Created: created.Add(1500 * time.Millisecond)},
		"arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy")
	server.SetEntry("blue", eks.Entry{PrincipalARN: roles[1], Type: "EC2_LINUX", Username: "system:node:{{EC2PrivateDNSName}}", Groups: []string{"system:nodes"}, Created: created})
	for _, e := range server.Environment() {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
		if value == "" {
			_ = os.Unsetenv(name) // The AWS CLI takes an empty profile for the name of one.
		}
	}
	dir := t.TempDir()
	// run is a command of the plugin, and takes what it prints.
	run := func(arguments ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := Run(append([]string{"access-entries", "snapshot"}, arguments...), Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
		return code, out.String(), errs.String()
	}
	read := func(text string) string {
		s, err := snapshot.Read([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		s.TakenAt = created // The two are not of the same second.
		written, err := s.Write()
		if err != nil {
			t.Fatal(err)
		}
		return string(written)
	}
	code, out, errs := run("--cluster", "blue")
	if code != 0 {
		t.Fatal(errs)
	}
	want := read(out)

	questions := [][]string{
		{"eks", "describe-cluster", "--name", "blue"}, {"eks", "list-access-entries", "--cluster-name", "blue"}, {"iam", "list-roles"},
	}
	for _, role := range roles {
		questions = append(questions, []string{"eks", "describe-access-entry", "--cluster-name", "blue", "--principal-arn", role})
	}
	// Of the entries of nodes EKS refuses this one.
	questions = append(questions, []string{"eks", "list-associated-access-policies", "--cluster-name", "blue", "--principal-arn", roles[0]})
	for _, test := range []struct{ format, wrong string }{
		{format: "json"}, {format: "yaml"}, {format: "text", wrong: "take --output json, not text or table"}, {format: "table", wrong: "take --output json, not text or table"},
	} {
		t.Run(test.format, func(t *testing.T) {
			var files []string
			for i, question := range questions {
				if i > 0 && test.wrong != "" {
					break // The first is refused.
				}
				c := exec.CommandContext(t.Context(), program, append(question, "--output", test.format, "--endpoint-url", server.URL, "--region", "eu-west-1")...)
				var said bytes.Buffer
				c.Stderr = &said
				printed, err := c.Output()
				if err != nil {
					if strings.Contains(said.String(), "nvalid choice") {
						t.Skipf("this AWS CLI knows no access entries, or does not print %s", test.format)
					}
					t.Fatalf("aws %s: %v\n%s", strings.Join(question, " "), err, said.String())
				}
				files = append(files, filepath.Join(dir, test.format+string(rune('a'+i))))
				if err := os.WriteFile(files[i], printed, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			code, out, errs := run(append([]string{"-f"}, files...)...)
			switch {
			case test.wrong != "" && (code != exitUnreadable || !strings.Contains(errs, test.wrong)):
				t.Errorf("ends with %d: %s", code, errs)
			case test.wrong != "":
			case code != 0:
				t.Error(errs)
			case read(out) != want:
				t.Errorf("the AWS CLI tells\n%s\nthe SDK\n%s", read(out), want)
			}
		})
	}
}
