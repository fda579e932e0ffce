package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// extensions of the files that may hold a map.
var extensions = []string{"yaml", "yml", "json"}

// completeFlags tells the shell which flags take a file, in a command and those below it.
func completeFlags(c *cobra.Command) {
	for _, name := range []string{"policy", "file", "old"} {
		if c.Flags().Lookup(name) != nil {
			_ = c.MarkFlagFilename(name, extensions...)
		}
	}
	for _, sub := range c.Commands() {
		completeFlags(sub)
	}
}

// completeFlagBy reports whether the flag is there and had no values before.
func completeFlagBy(c *cobra.Command, name string, complete cobra.CompletionFunc) bool {
	return c.Flags().Lookup(name) != nil && c.RegisterFlagCompletionFunc(name, complete) == nil
}

// completeFiles tells the shell which files may hold a map; it offers folders too.
func completeFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return extensions, cobra.ShellCompDirectiveFilterFileExt
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

// completeOverride tells the shell the rules that an override may name; the reason is for a person to give.
func completeOverride(c *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	before := begun[:strings.LastIndex(begun, ",")+1]
	rules, _ := completeRule(c, nil, begun[len(before):])
	for i := range rules {
		rules[i] = before + rules[i]
	}
	return rules, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// complete tells the shell the names in the kubeconfig.
func (f *clusterFlags) complete(c *cobra.Command) {
	names := func(of func(*clientcmdapi.Config) []string) cobra.CompletionFunc {
		return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			raw, err := f.config.ToRawKubeConfigLoader().RawConfig()
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return of(&raw), cobra.ShellCompDirectiveNoFileComp
		}
	}
	completeFlagBy(c, "context", names(func(k *clientcmdapi.Config) []string { return slices.Sorted(maps.Keys(k.Contexts)) }))
	completeFlagBy(c, "cluster", names(func(k *clientcmdapi.Config) []string { return slices.Sorted(maps.Keys(k.Clusters)) }))
	completeFlagBy(c, "user", names(func(k *clientcmdapi.Config) []string { return slices.Sorted(maps.Keys(k.AuthInfos)) }))
}

// patience is how long a shell waits for the cluster when somebody presses the tab key.
const patience = 3 * time.Second

// completeRevision tells the shell the revisions of the history, the newest first.
func (f *historyFlags) completeRevision(c *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const inOrder = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	ctx, cancel := context.WithTimeout(c.Context(), patience)
	defer cancel()
	r, _, err := f.cluster.reader(nil)
	if err != nil {
		return nil, inOrder
	}
	_, _, all, err := f.read(ctx, r)
	if err != nil {
		return nil, inOrder
	}
	var found []cobra.Completion
	for _, r := range all {
		number := strconv.FormatInt(r.Number, 10)
		if !strings.HasPrefix(number, begun) {
			continue
		}
		state := "good"
		if !r.Good {
			state = "not good"
		}
		found = append(found, cobra.CompletionWithDesc(number, fmt.Sprintf("%s, %s, by %s: %s",
			r.Time.UTC().Format(time.RFC3339), state, text.Visible(r.Writer()), text.Visible(r.Summary))))
	}
	return found, inOrder
}

// completeNamespace tells the shell the namespaces that have a history.
func (f *historyFlags) completeNamespace(c *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(c.Context(), patience)
	defer cancel()
	r, _, err := f.cluster.reader(nil)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	found, err := history.Namespaces(ctx, r.Client)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return found, cobra.ShellCompDirectiveNoFileComp
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
