package cli

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// brokenInputs are what no command can read, or not to its end.
func brokenInputs(t *testing.T) map[string]string {
	t.Helper()
	inputs := map[string]string{
		"nothing": "", "a blank": " \n", "null": "null", "a text": `"x"`, "a number": "5", "a list": "[1, [2]]", "lists in lists": strings.Repeat("[", 1_000),
		"an object": "{}", "cut off": `{"a":`, "cut off in a text": `{"Arn": "arn:aws:i`, "a comma too many": `{"Arn": "x",,}`, "two": "{} {}", "a brace": "{", "YAML with a tab": "a:\n\tb: c\n",
		"YAML that is open": "a: [\n", "YAML with an alias": "a: *b\n", "words": "hello\n", "HTML": "<html><body>login</body></html>\n", "binary": "\x00\xff\xfe\x80", "UTF-16": "\xff\xfe{\x00}\x00",
		"gzip of nothing": "\x1f\x8b", "gzip that is damaged": "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff????????", "a ZIP": "PK\x03\x04abc", "CSV": "@timestamp,@message\n\"a,b\nc", "a log": "{\"kind\":\"Event\"\nx\n",
		"a policy of a wrong type": "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\nrules: 5\n", "a template": "{{ .Values.x }}\n",
		"base64 that is none": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\nbinaryData: {mapRoles: '%'}\n",
		"a list in a brace":   "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: '{\"x\": }'\n  mapAccounts: '{'\n",
		"a map of numbers":    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: 5, mapUsers: [1], mapAccounts: {a: b}}\n",
		"entries of numbers":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: '[5, {rolearn: 5, username: {}, groups: 7}]'\n",
	}
	// Each field of what programs write, in each wrong form.
	for name, form := range map[string]string{
		"an identity":       `{"UserId": "x", "Account": "111122223333", "Arn": VALUE}`,
		"a snapshot's kind": `{"apiVersion": VALUE}`, "a snapshot's time": `{"apiVersion": "aws-auth-guard.dev/v1alpha1", "kind": "AccessSnapshot", "takenAt": VALUE}`,
		"a snapshot's entries": `{"apiVersion": "aws-auth-guard.dev/v1alpha1", "kind": "AccessSnapshot", "cluster": {}, "takenAt": "2026-03-01T12:00:00Z", "entries": VALUE}`,
		"a snapshot's groups":  `{"entries": [{"groups": VALUE, "createdAt": VALUE, "policies": VALUE}]}`,
		"a cluster":            `{"cluster": VALUE}`, "a list of entries": `{"accessEntries": VALUE}`, "an access entry": `{"accessEntry": {"createdAt": VALUE, "kubernetesGroups": VALUE}}`,
		"roles": `{"RoleDetailList": VALUE, "UserDetailList": []}`, "a role": `{"RoleDetailList": [{"Arn": "arn:aws:iam::111122223333:role/dev", "CreateDate": VALUE, "AssumeRolePolicyDocument": VALUE}], "UserDetailList": []}`,
		"a role of list-roles": `{"Roles": [{"Arn": "arn:aws:iam::111122223333:role/dev", "CreateDate": VALUE}]}`,
		"an event":             `{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "stage": "ResponseComplete", "verb": "update", "objectRef": {"resource": "configmaps", "namespace": "kube-system", "name": "aws-auth"}, "requestReceivedTimestamp": VALUE, "responseObject": VALUE}`,
	} {
		for _, value := range []string{"5", `"x"`, `{"a": [}`} {
			inputs[name+": "+value] = strings.ReplaceAll(form, "VALUE", value)
		}
	}
	return inputs
}

// foreignWords are those of decoders, which nobody outside them knows.
var foreignWords = regexp.MustCompile(`cannot unmarshal|invalid character|\bGo (?:value|struct)|unexpected EOF|\bEOF\b|illegal base64|unexpected end of JSON|json: |yaml: |gzip: |flate: |csv: |` +
	`error (?:converting|unmarshaling)|strict decoding|cannot parse|parsing time|looking for beginning|did not find expected|could not find expected|couldn't get version|exit status`)

// brokenCommands read a broken input in every place where one can stand: BROKEN is its file, and standard input has it too.
var brokenCommands = []string{
	"lint BROKEN", "lint -", "lint --policy BROKEN OK", "lint --iam BROKEN OK", "lint --iam - OK", "lint --render --values BROKEN CHART",
	"fix --diff BROKEN", "fix -", "fix --policy BROKEN --diff OK", "fix --iam BROKEN --diff OK",
	"diff --file BROKEN --old OK", "diff --file OK --old BROKEN", "diff --file OK --old OK2 --access-snapshot BROKEN",
	"whoami -", "whoami - --file OK", "whoami ARN --file BROKEN", "whoami ARN --file OK --access-snapshot BROKEN", "whoami ARN --file -", "whoami --kubeconfig BROKEN",
	"doctor - --file OK --offline", "doctor ARN --file BROKEN --offline", "doctor ARN --file OK --access-snapshot BROKEN --offline", "doctor ARN --file OK --offline --kubeconfig BROKEN",
	"audit --policy BROKEN CLUSTER", "audit --iam BROKEN CLUSTER", "audit --access-snapshot BROKEN CLUSTER", "audit --kubeconfig BROKEN",
	"history --from-audit-log BROKEN", "history --from-audit-log -", "undo --from-audit-log BROKEN CLUSTER", "undo --access-snapshot BROKEN CLUSTER",
	"denied BROKEN --file OK", "denied - --file OK", "denied NOLOG --file BROKEN", "denied NOLOG --file OK --access-snapshot BROKEN",
	"usage BROKEN --file OK", "usage - --file OK", "usage NOLOG --file BROKEN", "usage NOLOG --file OK --access-snapshot BROKEN",
	"replay BROKEN", "replay -", "replay NOLOG --policy BROKEN",
	"access-entries BROKEN --cluster blue", "access-entries plan BROKEN --cluster blue", "access-entries plan - --cluster blue",
	"access-entries snapshot --file BROKEN", "access-entries snapshot --file -", "access-entries snapshot --file OK BROKEN",
	"access-entries verify --file BROKEN --snapshot OK", "access-entries verify --file OK --snapshot BROKEN", "access-entries verify --file OK --snapshot -",
	"access-entries apply --file BROKEN --cluster blue --dry-run",
	"get --file BROKEN", "get --file -",
	"add role ARN --username x --file BROKEN --dry-run client", "add role ARN --username x --file OK --policy BROKEN --dry-run client",
	"add user USER --username x --file BROKEN --dry-run client", "add user USER --username x --file OK --policy BROKEN --dry-run client",
	"add account 111122223333 --file BROKEN --dry-run client", "add account 111122223333 --file OK --policy BROKEN --dry-run client",
	"set ARN --username x --file BROKEN --dry-run client", "set ARN --username x --file OK --policy BROKEN --dry-run client",
	"remove ARN --file BROKEN --dry-run client", "remove ARN --file OK --policy BROKEN --dry-run client", "remove ARN --file OK --access-snapshot BROKEN --dry-run client",
}

// TestNoDecoderSpeaks: what is wrong with an input is said in words of those who write it, by every command that reads one.
func TestNoDecoderSpeaks(t *testing.T) {
	for name, content := range brokenInputs(t) {
		t.Run(name, func(t *testing.T) {
			dir := brokenFolder(t, content)
			for _, line := range brokenCommands {
				code, out, errs := runLine(dir, line, content)
				for _, said := range []string{errs, out} {
					if m := foreignWords.FindString(said); m != "" && !strings.Contains(content, m) {
						t.Errorf("%s: %q in what is said (exit %d):\n%s", line, m, code, said)
					}
				}
				if code >= exitUsage && strings.TrimSpace(errs) == "" {
					t.Errorf("%s: exit %d, and not a word", line, code)
				}
			}
		})
	}
}

// brokenFolder is a folder with an input in the file BROKEN, and with what the lines of brokenCommands name besides.
func brokenFolder(t *testing.T, content string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"BROKEN": content, "OK": harmlessMap, "OK2": harmlessMap, "NOLOG": "nothing\n", "chart/Chart.yaml": "apiVersion: v2\nname: x\nversion: 0.1.0\n"} {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("KUBECONFIG", filepath.Join(dir, "none"))
	return dir
}

// runLine runs a line of brokenCommands in such a folder, with the input on standard input too.
func runLine(dir, line, content string) (code int, out, errs string) {
	var args []string
	for word := range strings.FieldsSeq(line) {
		switch word {
		case "BROKEN", "OK", "OK2", "NOLOG":
			word = filepath.Join(dir, word)
		case "ARN":
			word = "arn:aws:iam::111122223333:role/dev"
		case "USER":
			word = "arn:aws:iam::111122223333:user/jane"
		case "CHART":
			word = filepath.Join(dir, "chart")
		case "CLUSTER":
			word = "--server=https://127.0.0.1:1"
		}
		args = append(args, word)
	}
	var stdout, stderr bytes.Buffer
	code = Run(args, Streams{In: strings.NewReader(content), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

// TestEveryReaderIsBroken: the commands above have every flag that names a file to read, and every argument that can be one.
func TestEveryReaderIsBroken(t *testing.T) {
	read := map[string]bool{}
	for _, line := range brokenCommands {
		words := strings.Fields(line)
		command, _, err := Command().Find(words)
		if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(command.CommandPath(), Command().CommandPath()+" ")
		for i, word := range words {
			switch {
			case word != "BROKEN" && word != "-":
			case strings.HasPrefix(words[i-1], "--"):
				read[path+" "+words[i-1]] = true
			default:
				read[path] = true
			}
		}
	}
	wanted := map[string]bool{}
	var walk func(c *cobra.Command, path string)
	walk = func(c *cobra.Command, path string) {
		for _, sub := range c.Commands() {
			walk(sub, strings.TrimSpace(path+" "+sub.Name()))
		}
		if regexp.MustCompile(`FILE…|LOG…|\|-[]}]`).MatchString(c.Use) {
			wanted[path] = true
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			name, _ := pflag.UnquoteUsage(f)
			if (name == "file" || name == "files") && f.Name != "output" {
				wanted[path+" --"+f.Name] = true
			}
		})
	}
	walk(Command(), "")
	for _, place := range slices.Sorted(maps.Keys(wanted)) {
		if !read[place] {
			t.Errorf("no broken input for %q", place)
		}
	}
	if len(wanted) < 25 {
		t.Errorf("only %d places: %v", len(wanted), wanted)
	}
}

// TestNoDecoderSpeaksOfAnswers: the same for what answers in the place of a cluster or of AWS, as the page of a login does.
func TestNoDecoderSpeaksOfAnswers(t *testing.T) {
	for name, content := range map[string]string{
		"HTML": "<html><body>Please log in</body></html>", "nothing": "", "a list": "[]", "cut off": `{"kind": "ConfigMap", "data": {`, "numbers": `{"kind": "ConfigMap", "apiVersion": "v1", "metadata": 5, "data": 7}`,
	} {
		for _, kind := range []string{"text/html", "application/json"} {
			t.Run(fmt.Sprint(name, " as ", kind), func(t *testing.T) {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", kind)
					fmt.Fprint(w, content)
				}))
				t.Cleanup(server.Close)
				t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
				for name, value := range map[string]string{
					"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_REGION": "eu-west-1", "AWS_MAX_ATTEMPTS": "1", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull,
				} {
					t.Setenv(name, value)
				}
				for _, line := range []string{
					"whoami CLUSTER", "audit CLUSTER", "history CLUSTER", "undo CLUSTER", "get CLUSTER", "diff -f - CLUSTER", "add ARN --username x CLUSTER --dry-run client", "replay --history CLUSTER",
					"access-entries snapshot --cluster blue", "access-entries verify CLUSTER",
				} {
					line = strings.NewReplacer("CLUSTER", "--server="+server.URL, "ARN", "arn:aws:iam::111122223333:role/new").Replace(line)
					var out, errs bytes.Buffer
					code := Run(strings.Fields(line), Streams{In: strings.NewReader(harmlessMap), Out: &out, Err: &errs})
					if m := foreignWords.FindString(errs.String() + out.String()); m != "" {
						t.Errorf("%s: %q in what is said (exit %d):\n%s%s", line, m, code, errs.String(), out.String())
					}
				}
			})
		}
	}
}
