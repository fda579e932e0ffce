package cli

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// suggestDistance is how many letters a name may be off to be suggested.
const suggestDistance = 3

// distance bounds how many letters are wrong in a name for another to be meant: of short ones not most.
func distance(name string) int { return min(suggestDistance, len(name)/2) }

// similar are the names that were probably meant, sorted.
func similar(name string, known []string) []string {
	names := &cobra.Command{SuggestionsMinimumDistance: distance(name)}
	for _, k := range known {
		names.AddCommand(&cobra.Command{Use: k, Run: func(*cobra.Command, []string) {}})
	}
	found := names.SuggestionsFor(name)
	slices.Sort(found)
	return found
}

// didYouMean is a message that names what was probably meant, or that says otherwise where nothing is near.
func didYouMean(message string, found []string, otherwise string) error {
	if len(found) == 0 {
		return errors.New(message + otherwise)
	}
	return fmt.Errorf("%s; did you mean %s?", message, strings.Join(found, " or "))
}

// aCommand refuses what is none: the root command itself takes no arguments.
func aCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message := fmt.Sprintf("unknown command %q", args[0])
	if isFile(args[0]) {
		return fmt.Errorf("%s; to check a file: %s lint %s", message, plugin, shellQuoted(args[0]))
	}
	root.SuggestionsMinimumDistance = distance(args[0])
	found := root.SuggestionsFor(args[0])
	slices.Sort(found)
	return didYouMean(message, slices.Compact(found), "")
}

// words writes arguments as a shell takes them.
func words(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = shellQuoted(arg)
	}
	return strings.Join(quoted, " ")
}

func isFile(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// noArgs refuses arguments.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no arguments: leave out %s", c.Name(), shellQuoted(args[0]))
}

// instead refuses arguments and says what to write, where that can be known: the rest of a command line.
func instead(right func(c *cobra.Command, args []string) string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		form := right(c, args)
		if form == "" {
			return noArgs(c, args)
		}
		return fmt.Errorf("%s takes no arguments; write: %s %s", c.Name(), plugin, form)
	}
}

// revisionWord is a revision as people write it: 7, #7, r7, revision=7.
var revisionWord = regexp.MustCompile(`(?i)^(?:#|r|rev|revision|to)?[-=:]?([1-9]\d*)$`)

// revisionsIn are the numbers of the revisions among arguments.
func revisionsIn(args []string) []string {
	var numbers []string
	for _, arg := range args {
		if m := revisionWord.FindStringSubmatch(arg); m != nil && !isFile(arg) {
			numbers = append(numbers, m[1])
		}
	}
	return numbers
}

// flagError says what is wrong with a flag, and which was probably meant.
func flagError(c *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return unknownFlag(c, unknown)
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if wrong := givenError(invalid.GetFlag(), invalid); wrong != nil {
			return wrong
		}
		return fmt.Errorf("%s %q: write %s", flagName(invalid.GetFlag()), invalid.GetValue(), formOf(invalid.GetFlag()))
	}
	if bare, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return fmt.Errorf("--%s needs a value: write %s after it", bare.GetFlag().Name, formOf(bare.GetFlag()))
	}
	return err
}

// flagName is how people write a flag: -o is the one that they know by its letter.
func flagName(f *pflag.Flag) string {
	if f.Name == "output" {
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}

// formOf says what the values of a flag look like.
func formOf(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true or false"
	case "int", "int64":
		switch name, _ := pflag.UnquoteUsage(f); name {
		case "revision":
			return "the whole number of a revision, such as 7: `kubectl aws-auth history` lists them"
		case "days":
			return fmt.Sprintf("a whole number of days from 1 to %d, such as 30", maxDays)
		}
		return "a whole number of at least 1, such as 7"
	case "duration":
		return "a duration of more than 0, such as 90s, 30m or 12h"
	}
	if values := f.Annotations[ofChoices]; len(values) > 0 {
		return oneOf(values)
	}
	name, _ := pflag.UnquoteUsage(f)
	switch {
	case strings.HasSuffix(name, "s"):
		return name
	case strings.ContainsRune("AEIOUaeiou", rune(name[0])):
		return "an " + name
	}
	return "a " + name
}

// anyCommand reports whether a command or one of its own commands is such a one.
func anyCommand(c *cobra.Command, such func(*cobra.Command) bool) bool {
	return such(c) || slices.ContainsFunc(c.Commands(), such)
}

// enumerated lists words as a sentence does.
func enumerated(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// newHelp is the command `help`, which must not pass over a name that is no command.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		Long:  "Explain a command, as COMMAND --help does.",
		Args:  cobra.ArbitraryArgs,
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			of, _, err := c.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []cobra.Completion
			for _, sub := range of.Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			of, rest, err := c.Root().Find(args)
			switch {
			case err != nil:
				return err
			case len(rest) > 0:
				return aCommand(of, rest)
			}
			of.InitDefaultHelpFlag()
			of.InitDefaultVersionFlag()
			return of.Help()
		},
	}
}

// oneDash refuses a long flag with one dash, as Go's own programs take it: here it would be a row of short ones, -o with the
// value utput.
func oneDash(root *cobra.Command, args []string) error {
	c, _, err := root.Find(args)
	if err != nil {
		return nil // Cobra says it.
	}
	for _, arg := range args {
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		switch {
		case arg == "--":
			return nil
		case len(name) > 1 && strings.HasPrefix(arg, "-") && !strings.HasPrefix(name, "-") && c.Flags().Lookup(name) != nil:
			return usage(fmt.Errorf("%s: a long flag has two dashes; write -%s", text.Visible(arg), text.Visible(arg)))
		}
	}
	return nil
}
