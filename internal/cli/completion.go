package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// choices are the values of flags that have a few.
var choices = map[string][]string{
	"profile": {string(validate.Audit), string(validate.Standard), string(validate.Strict)},
	"fail-on": {string(validate.Error), string(validate.Warning), never},
}

// completeFlags tells the shell the values of flags, in a command and those below it.
func completeFlags(c *cobra.Command) {
	for name, values := range choices {
		completeFlag(c, name, values...)
	}
	for _, sub := range c.Commands() {
		completeFlags(sub)
	}
}

// completeFlag tells the shell the values of a flag, where the command has it.
func completeFlag(c *cobra.Command, name string, values ...string) {
	if c.Flags().Lookup(name) != nil {
		// It fails for a flag that is not there, or that has values already.
		_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}

// completeRule tells the shell the names of the rules with their titles.
func completeRule(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var rules []cobra.Completion
	for _, r := range validate.Rules() {
		if strings.HasPrefix(r.Name, begun) {
			rules = append(rules, cobra.CompletionWithDesc(r.Name, r.Title))
		}
	}
	return rules, cobra.ShellCompDirectiveNoFileComp
}

// shells adds the command that writes completion scripts, with what kubectl needs to complete a plugin.
func shells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	c, _, err := root.Find([]string{"completion"})
	if err != nil {
		return
	}
	c.Short = "Write the script that completes commands in your shell"
	c.Long = fmt.Sprintf(`Write the script that completes commands in bash, zsh, fish or PowerShell. The help of each says how to use it.

The script completes the program by its own name, %[1]s. To complete `+"`%[2]s`"+`, kubectl 1.26 or later, with its own
completion, runs a program on the PATH that is called %[3]s. This is one:

  #!/bin/sh
  exec %[1]s __complete "$@"`, root.Name(), root.DisplayName(), strings.Replace(root.Name(), "kubectl-", "kubectl_complete-", 1))
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
}
