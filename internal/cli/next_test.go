package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// said runs a command and gives all that it prints.
func said(t *testing.T, in string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if code := Run(args, Streams{In: strings.NewReader(in), Out: &out, Err: &out}); code > exitFindings {
		t.Errorf("%s: exit %d", strings.Join(args, " "), code)
	}
	return out.String()
}

const (
	goodMap = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [devs]\n"
	badMap  = "- rolearn: arn:aws:iam::111122223333:role/team/dev\n  username: dev\n  groups: [devs]\n"
)

// TestColor wants colors where they are asked for, and nowhere else.
func TestColor(t *testing.T) {
	c := simulated{live: map[string]string{"mapRoles": badMap}}
	c.kept(2, false, "dev loses access", c.live)
	c.kept(1, true, "first state", map[string]string{"mapRoles": goodMap})
	t.Setenv("KUBECONFIG", c.start(t))
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"old.yaml": "mapRoles: |\n  " + strings.ReplaceAll(goodMap, "\n", "\n  "), "new.yaml": "mapRoles: |\n  " + strings.ReplaceAll(badMap, "\n", "\n  ")} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]string{
		"lint new.yaml":                          "\x1b[1;31merror:\x1b[0m",
		"fix --diff new.yaml":                    "\x1b[31m-  - rolearn: arn:aws:iam::111122223333:role/team/dev\x1b[0m",
		"diff --old old.yaml -f new.yaml":        "\x1b[31mLOSES\x1b[0m",
		"history":                                "\x1b[31mnot good\x1b[0m",
		"diff --revision 1":                      "\x1b[31mLOSES\x1b[0m",
		"undo --to 1 --dry-run=server":           "\x1b[32mGAINS\x1b[0m",
		"audit":                                  "\x1b[31merror:\x1b[0m",
		"access-entries old.yaml --cluster blue": ": \x1b[32mready\x1b[0m",
		"whoami arn:aws:iam::111122223333:role/dev -f old.yaml": "\x1b[32mmatches:\x1b[0m",
		"whoami arn:aws:iam::111122223333:role/dev -f new.yaml": "\x1b[31mnot let in:\x1b[0m",
	} {
		args := strings.Fields(line)
		var out bytes.Buffer
		Run(append(args, "--color", "always"), Streams{In: strings.NewReader(""), Out: &out, Err: &out})
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: no %q in\n%q", line, want, &out)
		}
		for _, other := range []string{"auto", "never"} {
			out.Reset()
			Run(append(args, "--color", other), Streams{In: strings.NewReader(""), Out: &out, Err: &out})
			if strings.Contains(out.String(), "\x1b[") {
				t.Errorf("%s --color %s is in color:\n%q", line, other, &out)
			}
		}
		out.Reset()
		if code := Run(append(args, "--color", "pink"), Streams{In: strings.NewReader(""), Out: &out, Err: &out}); code != exitUsage {
			t.Errorf("%s --color pink: exit %d", line, code)
		}
	}
	// What programs read is never in color, and neither is a map.
	for _, line := range []string{"diff --old old.yaml -f new.yaml -o json", "history -o json", "audit -o json", "lint -o json new.yaml"} {
		var out bytes.Buffer
		Run(append(strings.Fields(line), "--color", "always"), Streams{In: strings.NewReader(""), Out: &out, Err: &bytes.Buffer{}})
		if strings.Contains(out.String(), "\x1b[") {
			t.Errorf("%s is in color", line)
		}
	}
	var out bytes.Buffer
	Run([]string{"fix", "-", "--color", "always"}, Streams{In: strings.NewReader("mapRoles: |\n- x\n-rolearn\n"), Out: &out, Err: &bytes.Buffer{}})
	if strings.Contains(out.String(), "\x1b[") {
		t.Errorf("the map is in color:\n%q", &out)
	}
}

// TestNextStep wants the command that comes next at the end of what a command prints.
func TestNextStep(t *testing.T) {
	c := simulated{live: map[string]string{"mapRoles": badMap}}
	c.kept(2, false, "dev loses access", c.live)
	c.kept(1, true, "first state", map[string]string{"mapRoles": goodMap})
	t.Setenv("KUBECONFIG", c.start(t))
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"safe.yaml":      "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/team/a\n    username: a\n  - rolearn: arn:aws:iam::111122223333:role/team/b\n    username: b\n",
		"suggested.yaml": "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: 123\n",
		"none.yaml":      "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:instance-profile/dev\n    username: a\n",
		"worst.yaml":     "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: a\n    groups: [system:masters]\n  - rolearn: arn:aws:iam::111122223333:instance-profile/dev\n    username: b\n",
		"good.yaml":      "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: a\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]string{
		"lint safe.yaml": "2 can be fixed: kubectl aws-auth fix safe.yaml",
		"lint --profile strict --no-config safe.yaml": "2 can be fixed: kubectl aws-auth fix --no-config --profile=strict safe.yaml",
		"lint suggested.yaml":                         "1 with a suggested repair, to be reviewed: kubectl aws-auth fix --suggested --diff suggested.yaml",
		"lint none.yaml":                              "more about it: kubectl aws-auth explain arn-kind",
		"lint worst.yaml":                             "more about it: kubectl aws-auth explain arn-kind",
		"lint good.yaml":                              "1 map in 1 file: 0 errors, 0 warnings",
		"lint safe.yaml good.yaml none.yaml safe.yaml good.yaml": "fix FILE…",
		"fix --diff safe.yaml":             "make these repairs: kubectl aws-auth fix safe.yaml",
		"fix suggested.yaml":               "fix --suggested --diff suggested.yaml",
		"fix good.yaml":                    "nothing to fix: 1 map in 1 file: 0 errors, 0 warnings",
		"fix none.yaml":                    "more about it: kubectl aws-auth explain arn-kind",
		"diff --revision 1":                "put revision 1 back: kubectl aws-auth undo --to 1",
		"diff --revision 1 --context blue": "put revision 1 back: kubectl aws-auth undo --to 1 --context=blue",
		"history":                          "The live map is not good. Put revision 1 back: kubectl aws-auth undo",
		"audit --context blue":             "1 can be fixed: kubectl get configmap aws-auth -n kube-system -o yaml --context=blue | kubectl aws-auth fix - > aws-auth.yaml",
	} {
		out := strings.TrimSpace(said(t, "", strings.Fields(line)...))
		if last := out[strings.LastIndex(out, "\n")+1:]; !strings.HasSuffix(last, want) {
			t.Errorf("%s ends with\n%s\nwant\n%s", line, last, want)
		}
	}
	if out := said(t, "", "undo", "--to", "1", "--dry-run=server"); !strings.HasPrefix(out, "the cluster http://127.0.0.1:") || !strings.Contains(out, ", context blue\nrevision 1, ") {
		t.Errorf("undo does not name its cluster:\n%s", out)
	}
	// The number is true: fix makes as many.
	if out := said(t, "", "fix", "safe.yaml"); !strings.Contains(out, "\n2 fixed, 0 left\n") {
		t.Errorf("fix: %s", out)
	}
}
