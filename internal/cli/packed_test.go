package cli

import (
	"bytes"
	"compress/gzip"
	"regexp"
	"strings"
	"testing"
)

const harmlessPolicy = "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\nprofile: strict\n"

// readableInputs are good inputs, each by the words that come before it in a line of brokenCommands; the last one that fits
// counts.
var readableInputs = []struct{ at, text string }{
	{``, harmlessMap},
	{`--policy BROKEN`, harmlessPolicy},
	{`--iam (?:BROKEN|-)`, `{"RoleDetailList": [{"Arn": "arn:aws:iam::111122223333:role/dev", "CreateDate": "2026-01-01T00:00:00Z"}], "UserDetailList": []}`},
	{`snapshot (?:BROKEN|-)`, `{"apiVersion": "aws-auth-guard.dev/v1alpha1", "kind": "AccessSnapshot", "cluster": {"name": "blue", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/blue", ` +
		`"authenticationMode": "API_AND_CONFIG_MAP"}, "takenAt": "2026-03-01T12:00:00Z", "entries": []}`},
	{`^access-entries snapshot `, `{"cluster": {"name": "blue"}}`},
	{`^(?:whoami|doctor) -`, `{"UserId": "x", "Account": "111122223333", "Arn": "arn:aws:sts::111122223333:assumed-role/dev/jane"}`},
	{`audit-log|^(?:denied|usage|replay) (?:BROKEN|-)`, `{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "stage": "ResponseComplete", "verb": "update", "objectRef": {"resource": "configmaps", "namespace": "kube-system", "name": "aws-auth"}}` + "\n"},
	{`--kubeconfig BROKEN`, "apiVersion: v1\nkind: Config\n"},
}

func readableInput(line string) (text string) {
	for _, in := range readableInputs {
		if regexp.MustCompile(in.at).MatchString(line) {
			text = in.text
		}
	}
	return text
}

// TestMarkedInputs: every command reads an input with a byte order mark as it reads the same input without one.
func TestMarkedInputs(t *testing.T) {
	for _, line := range brokenCommands {
		code, plain := runWith(t, line, readableInput(line))
		if marked, said := runWith(t, line, "\ufeff"+readableInput(line)); marked != code || strings.ReplaceAll(said, "\ufeff", "") != plain {
			t.Errorf("%s: exit %d with a mark, %d without:\n%s\n%s", line, marked, code, said, plain)
		}
	}
}

// TestPackedInputs: every command names an input that is packed with gzip as what it is, and what unpacks it, or reads it.
func TestPackedInputs(t *testing.T) {
	// Logs and snapshots are read as they are, kubectl reads kubeconfigs, Helm values, and some lines fail before they read the input.
	other := regexp.MustCompile(`audit-log|^(?:denied|usage|replay) (?:BROKEN|-)|-snapshot BROKEN|--snapshot|--kubeconfig|--values|^access-entries apply|^whoami -$|--file OK BROKEN`)
	named := 0
	for _, line := range brokenCommands {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write([]byte(readableInput(line))); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		code, said := runWith(t, line, packed.String())
		if !other.MatchString(line) {
			named++
			if code != exitUnreadable || !strings.Contains(said, "packed with gzip; unpack it first: `gunzip < FILE > UNPACKED`") || strings.Contains(said, `\x1f`) {
				t.Errorf("%s: exit %d\n%s", line, code, said)
			}
		}
	}
	if named < 35 {
		t.Errorf("only %d commands name what is packed", named)
	}
}

// runWith runs a line of brokenCommands with an input, and gives all that it prints.
func runWith(t *testing.T, line, content string) (code int, said string) {
	t.Helper()
	dir := brokenFolder(t, content)
	code, out, errs := runLine(dir, line, content)
	return code, strings.ReplaceAll(out+errs, dir, "DIR")
}
