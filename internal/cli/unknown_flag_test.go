package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestFlagsOfForms: a flag that only a form of a command has is answered with the forms that have it, for every such command.
func TestFlagsOfForms(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/dev"
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"add", role, "--username", "x"}, "--username is a flag of add role and add user: write role or user after add"},
		{[]string{"add", "--username=x", role}, "--username is a flag of add role and add user: write role or user after add"},
		{[]string{"add", role, "-g", "x"}, "-g is a flag of add role and add user: write role or user after add"},
		{[]string{"add", role, "--node", "linux"}, "--node is a flag of add role: write role after add"},
		{[]string{"access-entries", "--write"}, "--write is a flag of access-entries snapshot: write snapshot after access-entries"},
	} {
		asks(t, tt.args, tt.want)
	}
	checked := 0
	for _, c := range Command().Commands() {
		for _, form := range c.Commands() {
			form.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if c.Flags().Lookup(f.Name) != nil || f.Hidden {
					return
				}
				checked++
				asks(t, []string{c.Name(), "--" + f.Name}, "--"+f.Name+" is a flag of "+c.Name()+" ")
			})
		}
	}
	if checked < 50 {
		t.Errorf("only %d flags were tried", checked)
	}
}

// TestFlagsOfOthers: who brings --dry-run, --diff or -o from another command learns what to write in this one.
func TestFlagsOfOthers(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"fix", "--dry-run", "x.yaml"}, "unknown flag: --dry-run; fix has --diff for it"},
		{[]string{"fix", "--dry-run=client", "x.yaml"}, "unknown flag: --dry-run; fix has --diff for it"},
		{[]string{"undo", "--diff"}, "unknown flag: --diff; undo has --dry-run=server for it"},
		{[]string{"add", "role", "--diff"}, "unknown flag: --diff; add role has --dry-run=client for it"},
		{[]string{"access-entries", "apply", "--diff"}, "unknown flag: --diff; access-entries apply has --dry-run for it"},
		{[]string{"access-entries", "snapshot", "--dry-run"}, "unknown flag: --dry-run; access-entries snapshot changes nothing in the cluster without --write"},
		{[]string{"lint", "--dry-run"}, "unknown flag: --dry-run; lint changes nothing: leave the flag out"},
		{[]string{"lint", "--diff"}, "unknown flag: --diff; lint changes nothing: write kubectl aws-auth fix --diff"},
		{[]string{"fix", "-o", "json"}, "-o; fix has no other output than its own: leave the flag out; `kubectl aws-auth lint -o` writes the findings in other formats"},
		{[]string{"undo", "--output=json"}, "--output; undo has no other output than its own: leave the flag out"},
	} {
		asks(t, tt.args, tt.want)
	}
	checked := 0
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		for _, sub := range c.Commands() {
			walk(sub, append(path[:len(path):len(path)], sub.Name()))
		}
		if len(path) == 0 || c.HasSubCommands() || c.Hidden {
			return
		}
		for name, arg := range map[string]string{"dry-run": "--dry-run", "diff": "--diff", "output": "--output=json"} {
			if c.Flags().Lookup(name) != nil {
				continue
			}
			checked++
			var out, errs bytes.Buffer
			code := Run(append(path[:len(path):len(path)], arg), Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
			says := errs.String()
			if code != exitUsage || strings.Contains(says, "have it") || !strings.Contains(says, "; "+strings.Join(path, " ")+" ") {
				t.Errorf("%q %s: exit %d\n%s", path, arg, code, says)
			}
		}
	}
	walk(Command(), nil)
	if checked < 40 {
		t.Errorf("only %d flags were tried", checked)
	}
}
