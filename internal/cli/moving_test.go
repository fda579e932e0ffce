package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMoving runs every line of docs/moving.md on a file, and looks at what it leaves.
func TestMoving(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "moving.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `kubectl aws-auth ([^`]+)` \\|$").FindAllStringSubmatch(string(page), -1)
	if len(rows) < 12 {
		t.Fatalf("%d rows", len(rows))
	}
	const (
		role = "arn:aws:iam::111122223333:role/dev"
		user = "arn:aws:iam::111122223333:user/jane"
		kept = "# kept\nmapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/ops\n    username: ops\n"
	)
	values := strings.NewReplacer("ROLE", role, "USER", user, "ID", "999988887777", " U ", " uu ", " G ", " gg ")
	for _, m := range rows {
		t.Run(m[1], func(t *testing.T) {
			there := kept
			if strings.Contains(m[2], "remove") || strings.HasPrefix(m[2], "get") || strings.Contains(m[2], "--replace") {
				there += "  - rolearn: " + role + "\n    username: uu\n    groups:\n    - old\n"
			}
			file := filepath.Join(t.TempDir(), "map.yaml")
			if err := os.WriteFile(file, []byte(there), 0o600); err != nil {
				t.Fatal(err)
			}
			args := append(strings.Fields(values.Replace(m[2]+" ")), "-f", file)
			var out, errs bytes.Buffer
			if code := Run(args, Streams{In: strings.NewReader(""), Out: &out, Err: &errs}); code != 0 {
				t.Fatalf("%q: exit %d\n%s%s", args, code, out.String(), errs.String())
			}
			after, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			switch args[0] {
			case "get":
				if !strings.Contains(out.String(), role) || string(after) != there {
					t.Errorf("%s\n%s", out.String(), after)
				}
			case "remove":
				if string(after) != kept {
					t.Errorf("left:\n%s", after)
				}
			case "add":
				wants := map[string][]string{
					"role": {"  - rolearn: " + role + "\n    username: uu\n    groups:\n    - gg\n"},
					"user": {"- userarn: " + user + "\n    username: uu\n    groups:\n    - gg\n"}, "account": {`- "999988887777"`},
				}[args[1]]
				for _, want := range append(wants, "# kept\n", "role/ops\n    username: ops\n") {
					if !strings.Contains(string(after), want) {
						t.Errorf("%q is missing:\n%s", want, after)
					}
				}
			}
		})
	}
}
