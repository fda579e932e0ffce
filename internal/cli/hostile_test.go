package cli

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/test/eks"
)

// hostileTexts are what a terminal or a build server would obey, or what nobody would see.
var hostileTexts = map[string]string{
	"a wiped line":         "\r\x1b[2Kno change of access\x1b[8m",
	"a workflow command":   "a\n::error::b",
	"after blanks":         "a\n  ::add-mask::b",
	"at the beginning":     "::error::b",
	"an older command":     "##[error]b",
	"of Azure":             "a\n##vso[task.complete]b",
	"C1 controls":          "a\u009b2K\u0085b",
	"another direction":    "a\u202eb\u2066",
	"line separators":      "a\u2028::error::b\u2029",
	"no width":             "a\u200b\ufeff\u00adb",
	"a bell and backspace": "a\a\b\b\b\x7fb",
	"a tab and a feed":     "a\tb\vc\f",
}

// hostileMap has the same text in every field, written so that EKS reads it as it is.
func hostileMap(t *testing.T, value string) string {
	t.Helper()
	quote := func(s string) string {
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return text.JSON(string(raw)) // JSON is YAML
	}
	roles := fmt.Sprintf("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: %[1]s\n  groups: [%[1]s, system:masters]\n"+
		"- rolearn: %[2]s\n  username: x\n  groups: [%[1]s]\n- rolearn: arn:aws:iam::111122223333:role/a/up\n  username: %[3]s\n  %[1]s: x\n",
		quote(value), quote("arn:aws:iam::111122223333:role/"+value), quote("Up"+value))
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: %s\n  %s: x\n", quote(roles), quote("mapRole"))
}

const harmlessMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n" +
	"    - rolearn: arn:aws:iam::111122223333:role/dev\n      username: dev\n      groups: [devs]\n"

// TestNoTextBreaksOutOfAnOutput holds every output for people, whatever the map or the file's name holds, against
// what a terminal and a build server make of it, and against its number of lines with a harmless text in the same places.
func TestNoTextBreaksOutOfAnOutput(t *testing.T) {
	commands := map[string][]string{
		"diff": {"diff", "--old", "OLD", "-f", "MAP"}, "diff back": {"diff", "--old", "MAP", "-f", "OLD"},
		"lint": {"lint", "MAP"}, "lint in markdown": {"lint", "-o", "markdown", "MAP"}, "fix": {"fix", "--suggested", "--diff", "MAP"},
		"whoami": {"whoami", "arn:aws:iam::111122223333:role/dev", "-f", "MAP"}, "whoami, unknown": {"whoami", "arn:aws:iam::111122223333:role/nobody", "-f", "MAP"},
		"lint for HTML": {"lint", "-o", "html", "MAP"}, "lint, strictly": {"lint", "--profile", "strict", "MAP"},
		"access entries": {"access-entries", "--cluster", "blue", "MAP"}, "a missing file": {"lint", "MAP.missing"}, "no map": {"diff", "-f", "EMPTY"},
		"verify": {"access-entries", "verify", "-f", "MAP", "--snapshot", "TAKEN"}, "doctor": {"doctor", "arn:aws:iam::111122223333:role/nobody", "-f", "MAP", "--kubeconfig", "CONFIG", "--offline"},
		"lint with IAM": {"lint", "--iam", "IAM", "MAP"}, "lint with a broken file of IAM": {"lint", "--iam", "MAP", "MAP"},
		"apply": {"access-entries", "apply", "--cluster", "blue", "-f", "MAP", "--dry-run"},
	}
	for _, format := range []string{"markdown", formatHTML, "junit"} {
		commands["verify in "+format] = []string{"access-entries", "verify", "-f", "MAP", "--snapshot", "TAKEN", "-o", format}
	}
	hostileEKS(t)
	for how, args := range commands {
		for name, value := range hostileTexts {
			t.Run(how+"/"+name, func(t *testing.T) {
				want := outputOf(t, args, "harmless")
				got := outputOf(t, args, value)
				checkOutput(t, got)
				if !slices.Contains([]string{"fix", "access entries", "apply"}, how) && strings.Count(got, "\n") > strings.Count(want, "\n")+slack {
					t.Errorf("%d lines, with a harmless text %d:\n%s\n%s", strings.Count(got, "\n"), strings.Count(want, "\n"), got, want)
				}
			})
		}
	}
}

// slack is how many lines more a report has that finds more wrong with a text; a text that broke out everywhere it stands
// would give more. Each finding takes some lines.
const slack = 60

// outputOf runs a command with a text in the map and in the name of the file.
func outputOf(t *testing.T, args []string, value string) string {
	t.Helper()
	out, errs := outputsOf(t, args, value)
	return out + errs
}

// outputsOf keeps what is for programs apart from what is said beside it.
func outputsOf(t *testing.T, args []string, value string) (out, errs string) {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, strings.NewReplacer("/", "", "\x00", "").Replace(value)+".yaml")
	write := func(path, content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old, empty := filepath.Join(dir, "old.yaml"), name+".empty"
	write(name, hostileMap(t, value))
	write(old, harmlessMap)
	write(empty, "a: 1\n")
	taken := filepath.Join(dir, "taken.json")
	write(taken, hostileSnapshot(t, value))
	iam := filepath.Join(dir, "iam.json")
	write(iam, hostileIAM(t, value))
	config := filepath.Join(dir, "config")
	write(config, hostileKubeconfig(t, value))
	line := make([]string, 0, len(args))
	for _, a := range args {
		line = append(line, strings.NewReplacer("MAP", name, "OLD", old, "EMPTY", empty, "TAKEN", taken, "CONFIG", config, "IAM", iam).Replace(a))
	}
	var result, said bytes.Buffer
	Run(line, Streams{In: strings.NewReader(""), Out: &result, Err: &said})
	return result.String(), said.String()
}

// hostileKubeconfig has a text in every name and argument.
func hostileKubeconfig(t *testing.T, value string) string {
	t.Helper()
	exec := map[string]any{"apiVersion": value, "command": "aws", "args": []string{"eks", "get-token", "--cluster-name", value, "--role", value, "--" + value}}
	raw, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": value,
		"clusters": []any{map[string]any{"name": value, "cluster": map[string]any{"server": "https://" + value}}},
		"contexts": []any{map[string]any{"name": value, "context": map[string]any{"cluster": value, "user": value}}},
		"users":    []any{map[string]any{"name": value, "user": map[string]any{"token": value, "exec": exec}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// hostileSnapshot has a text in an access entry of a role that the map has too, and in one of another.
func hostileSnapshot(t *testing.T, value string) string {
	t.Helper()
	now := time.Now().UTC()
	created := now.AddDate(-1, 0, 0)
	s := &snapshot.Snapshot{
		APIVersion: snapshot.APIVersion, Kind: snapshot.Kind, TakenAt: now,
		Cluster: snapshot.Cluster{Name: "blue", ARN: "arn:aws:eks:eu-west-1:111122223333:cluster/blue", AuthenticationMode: snapshot.Both},
	}
	for _, role := range []string{"dev", "other"} {
		s.Entries = append(s.Entries, snapshot.Entry{
			PrincipalARN: "arn:aws:iam::111122223333:role/" + role, Type: snapshot.Standard, Username: value, Groups: []string{value},
			CreatedAt: now.AddDate(0, -1, 0), PrincipalCreatedAt: &created,
		})
	}
	raw, err := s.Write()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// hostileIAM has a text in what IAM says of the role dev, and in the name of another.
func hostileIAM(t *testing.T, value string) string {
	t.Helper()
	trust := map[string]any{"Statement": []any{
		map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*", "Condition": map[string]any{value: map[string]any{value: value}}},
		map[string]any{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": map[string]any{"Federated": value}},
	}}
	raw, err := json.Marshal(map[string]any{"UserDetailList": []any{}, "RoleDetailList": []any{
		map[string]any{"Arn": "arn:aws:iam::111122223333:role/dev", "RoleId": value, "CreateDate": "2020-01-01T00:00:00Z", "AssumeRolePolicyDocument": trust,
			"RoleLastUsed": map[string]any{"LastUsedDate": "2020-01-01T00:00:00Z", "Region": value}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// hostileEKS is one that has some roles.
func hostileEKS(t *testing.T) {
	t.Helper()
	s, err := eks.Start(eks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	for _, e := range s.Environment() {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	s.SetCluster("blue", string(snapshot.Both), nil)
	s.SetPrincipal("arn:aws:iam::111122223333:role/dev", time.Now().AddDate(-1, 0, 0))
}

func checkOutput(t *testing.T, out string) {
	t.Helper()
	for line := range strings.SplitSeq(out, "\n") {
		bare := strings.TrimSpace(line)
		if strings.HasPrefix(bare, "::") || strings.Contains(line, "##[") || strings.Contains(line, "##vso[") {
			t.Errorf("a command: %q", line)
		}
		for _, r := range line {
			// Word joiners break up mentions in Markdown.
			if r != '\t' && r != '\u2060' && (unicode.IsControl(r) || text.Hidden(r)) {
				t.Errorf("%U in %q", r, line)
			}
		}
	}
	if out == "" {
		t.Error("nothing is said")
	}
}

// TestStoredTextsBreakOutOfNoOutput: what the history holds of writers, problems and changes.
func TestStoredTextsBreakOutOfNoOutput(t *testing.T) {
	for name, value := range hostileTexts {
		t.Run(name, func(t *testing.T) {
			identity := &access.Identity{Username: value, Groups: []string{value, awsauth.MastersGroup}}
			changes := []access.Change{{Kind: access.Gained, ARN: value, New: identity}, {Kind: access.Lost, ARN: value, Old: identity, LosesNodes: true, Node: true}}
			r := &history.Revision{Number: 1, Time: time.Unix(1, 0), Manager: value, User: value, Problems: []string{value, value}, Summary: value, Changes: history.Changes{List: changes}}
			l := newListing(history.DefaultNamespace, []*history.Revision{r})
			l.compare([]*history.Revision{r}, nil, errors.New(value))
			var b bytes.Buffer
			if err := historyFormats[formatText](&b, l); err != nil {
				t.Fatal(err)
			}
			if err := preview(&b, "the cluster", &target{Revision: r, content: history.Content{Data: map[string]string{"mapRoles": "- rolearn: [" + text.Quote(value)}}}, nil, trace.Doors{}); err != nil {
				t.Fatal(err)
			}
			b.WriteString(r.Changes.Text())
			checkOutput(t, b.String())
		})
	}
}

// TestTextsOfLogsBreakOutOfNoOutput: what writers choose in the events of an audit log.
func TestTextsOfLogsBreakOutOfNoOutput(t *testing.T) {
	for name, value := range hostileTexts {
		t.Run(name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "audit.log")
			if err := os.WriteFile(log, []byte(hostileEvents(t, value)), 0o600); err != nil {
				t.Fatal(err)
			}
			logins, file := filepath.Join(filepath.Dir(log), "logins.log"), filepath.Join(filepath.Dir(log), "map.yaml")
			if err := os.WriteFile(logins, []byte(hostileLogins(t, value)), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(hostileMap(t, value)), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{
				{"history", "--from-audit-log", log}, {"history", "--from-audit-log", log, "-o", "json"}, {"denied", logins, "-f", file}, {"denied", logins, "-f", file, "-o", "json"},
				{"usage", logins, "-f", file}, {"usage", logins, "-f", file, "-o", "json"}, {"replay", log}, {"replay", log, "-o", "json", "--profile", "strict"},
			} {
				var out, errs bytes.Buffer
				if code := Run(args, Streams{In: strings.NewReader(""), Out: &out, Err: &errs}); code > 1 {
					t.Fatalf("exit %d: %s%s", code, out.String(), errs.String())
				}
				checkOutput(t, out.String()+errs.String())
				if slices.Contains(args, formatJSON) && !json.Valid(out.Bytes()) {
					t.Errorf("no JSON: %s", out.String())
				}
			}
		})
	}
}

// hostileLogins are lines of the authenticator with a text in all that a caller chooses.
func hostileLogins(t *testing.T, value string) string {
	t.Helper()
	var log bytes.Buffer
	for _, line := range []map[string]string{
		{"msg": "STS response", "arn": "arn:aws:sts::111122223333:assumed-role/dev/" + value}, {"msg": "access denied", "arn": "arn:aws:iam::111122223333:role/dev", "error": value},
		{"msg": "access denied", "arn": value, "error": value}, {"msg": "access denied", "error": value}, {"msg": "access granted", "arn": "arn:aws:iam::111122223333:role/" + value, "username": value},
	} {
		line["time"], line["client"] = "2026-11-26T23:00:00Z", value
		if err := json.NewEncoder(&log).Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	return log.String()
}

// hostileEvents are two edits of the map with a text in all that a writer chooses.
func hostileEvents(t *testing.T, value string) string {
	t.Helper()
	var log bytes.Buffer
	for i, roles := range []string{"[]", "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: " + text.Quote(value) + "\n"} {
		err := json.NewEncoder(&log).Encode(map[string]any{
			"kind": "Event", "stage": "ResponseComplete", "auditID": value + strconv.Itoa(i), "verb": "update", "requestURI": "/x?fieldManager=" + url.QueryEscape(value),
			"user": map[string]any{"username": value}, "impersonatedUser": map[string]any{"username": value}, "userAgent": value, "sourceIPs": []string{value, value},
			"objectRef":                map[string]any{"resource": "configmaps", "namespace": "kube-system", "name": "aws-auth"},
			"responseObject":           map[string]any{"kind": "ConfigMap", "metadata": map[string]any{"uid": value, "resourceVersion": strconv.Itoa(i + 1)}, "data": map[string]any{"mapRoles": roles, value: value}},
			"requestReceivedTimestamp": "2026-11-26T23:00:01Z",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return log.String()
}

// workflowCommand is a line of our own for GitHub Actions.
var workflowCommand = regexp.MustCompile(`^::(?:error|warning|notice) file=[^,:\r]+,line=\d+,endLine=\d+,col=\d+,title=[^,:\r]+%3A [\w -]+::[^\r\x1b]*\n$`)

// TestOutputForProgramsHasTheSameValues: it is valid, plain to look at, and nothing in it is changed.
func TestOutputForProgramsHasTheSameValues(t *testing.T) {
	for name, value := range hostileTexts {
		t.Run(name, func(t *testing.T) {
			out, errs := outputsOf(t, []string{"diff", "--old", "OLD", "-f", "MAP", "-o", "json"}, value)
			checkOutput(t, out+errs)
			var answer struct {
				Changes []access.Change `json:"changes"`
			}
			if err := json.Unmarshal([]byte(out), &answer); err != nil {
				t.Fatalf("%v in %s", err, out)
			}
			found := false
			for _, c := range answer.Changes {
				found = found || c.New != nil && c.New.Username == value
			}
			if !found {
				t.Errorf("no username is %q in %s", value, out)
			}
			for how, args := range map[string][]string{
				"json": {"lint", "-o", "json", "MAP"}, "sarif": {"lint", "-o", "sarif", "MAP"}, "whoami": {"whoami", "-o", "json", "arn:aws:iam::111122223333:role/dev", "-f", "MAP"},
				"access entries": {"access-entries", "--cluster", "blue", "-o", "json", "MAP"}, "cloudformation": {"access-entries", "--cluster", "blue", "-o", "cloudformation", "MAP"},
				"eksctl": {"access-entries", "--cluster", "blue", "-o", "eksctl", "MAP"}, "terraform": {"access-entries", "--cluster", "blue", "-o", "terraform", "MAP"},
				"cli": {"access-entries", "--cluster", "blue", "-o", "cli", "MAP"}, "junit": {"lint", "-o", "junit", "MAP"},
			} {
				out, errs := outputsOf(t, args, value)
				checkOutput(t, out+errs)
				if (slices.Contains(args, "json") || slices.Contains(args, "sarif")) && !json.Valid([]byte(out)) {
					t.Errorf("%s is no JSON: %s", how, out)
				}
			}
			for line := range strings.Lines(outputOf(t, []string{"lint", "-o", "github", "MAP"}, value)) {
				if !workflowCommand.MatchString(line) {
					t.Errorf("no command of ours: %q", line)
				}
			}
			decoder := xml.NewDecoder(strings.NewReader(outputOf(t, []string{"lint", "-o", "junit", "MAP"}, value)))
			for {
				if _, err := decoder.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
