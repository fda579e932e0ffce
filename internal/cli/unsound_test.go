package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestUnsoundMap: where EKS can't read the list that an edit is about, no command says that an entry is not there, and all say the same
// of the list: what is wrong, and the command that knows more.
func TestUnsoundMap(t *testing.T) {
	const entry = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"
	const role, user = "arn:aws:iam::111122223333:role/dev", "arn:aws:iam::111122223333:user/jane"
	const broken = "EKS can't read mapRoles: correct it first"
	for name, tt := range map[string]struct {
		key, list, line, want string
	}{
		"add":                        {"mapRoles", entry + " x", "add role " + role + " --yes", broken + " (`%s` says where)"},
		"set":                        {"mapRoles", entry + " x", "set " + role + " --add-group x --yes", broken + " (`%s` says where)"},
		"remove":                     {"mapRoles", entry + " x", "remove " + role + " --yes", broken + " (`%s` says where)"},
		"remove a username":          {"mapRoles", entry + " x", "remove --username dev --yes", broken + " (`%s` says where)"},
		"get":                        {"mapRoles", entry + " x", "get", "EKS can't read mapRoles: its entries are lost (`%s` says where it breaks)"},
		"add after the end":          {"mapRoles", entry + "---\n" + entry, "add role arn:aws:iam::111122223333:role/ops --yes", "correct it first (`%s` says how)"},
		"set after the end":          {"mapRoles", "[]\n---\n" + entry, "set " + role + " --add-group x --yes", "correct it first (`%s` says how)"},
		"remove after the end":       {"mapRoles", "[]\n---\n" + entry, "remove " + role + " --yes", "correct it first (`%s` says how)"},
		"another list":               {"mapRoles", entry + " x", "remove " + user + " --yes", "no entry has the ARN " + user},
		"an account":                 {"mapAccounts", "- \"111122223333\"\n x", "remove 111122223333 --yes", "EKS can't read mapAccounts: correct it first (`%s` says where)"},
		"an account that is not in":  {"mapAccounts", "[]", "remove 111122223333 --yes", "mapAccounts does not have 111122223333"},
		"no ARN":                     {"mapRoles", entry, "set dev --add-group x --yes", `no entry has the ARN dev: an ARN begins with "arn:"`},
		"no ARN to remove":           {"mapRoles", entry, "remove dev --yes", `no entry has the ARN dev: an ARN begins with "arn:"`},
		"no ARN, and a username too": {"mapRoles", entry, "remove dev --username x --yes", `no entry has the ARN dev and the username "x": an ARN begins with "arn:"`},
	} {
		t.Run(name, func(t *testing.T) {
			c := simulated{live: map[string]string{tt.key: tt.list}}
			t.Setenv("KUBECONFIG", c.start(t))
			t.Chdir(t.TempDir())
			text := tt.key + ": |\n  " + strings.ReplaceAll(tt.list, "\n", "\n  ")
			if err := os.WriteFile("map.yaml", []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			for checks, line := range map[string]string{"kubectl aws-auth audit": tt.line, "kubectl aws-auth lint map.yaml": tt.line + " -f map.yaml"} {
				want := strings.ReplaceAll(tt.want, "%s", checks)
				var out bytes.Buffer
				Run(strings.Fields(line), Streams{In: strings.NewReader(""), Out: &out, Err: &out})
				if !strings.Contains(out.String(), want) {
					t.Errorf("%s:\n%s\nwant %s", line, &out, want)
				}
			}
		})
	}
}
