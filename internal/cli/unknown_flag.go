package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// unknownFlag says what to write where a command does not have a flag: the form of it that does, another flag, or another command.
func unknownFlag(c *cobra.Command, err *pflag.NotExistError) error {
	name, short := err.GetSpecifiedName(), err.GetSpecifiedShortnames() != ""
	if short && name == "f" && strings.Contains(c.Use, "FILE") {
		return fmt.Errorf("%w; name files without it: %s %s FILE", err, plugin, c.Name())
	}
	if forms := formsWith(c, name); len(forms) > 0 {
		flag := "--" + name
		if short {
			flag = "-" + name
		}
		of := make([]string, len(forms))
		for i, form := range forms {
			of[i] = c.Name() + " " + form
		}
		return fmt.Errorf("%s is a flag of %s: write %s after %s", flag, enumerated(of), oneOf(forms), c.Name())
	}
	if has := inItsPlace(c, name); has != "" {
		return fmt.Errorf("%w; %s %s", err, formName(c), has)
	}
	if short {
		return err
	}
	if has := elsewhere(c, name); has != "" {
		return errors.New(err.Error() + has)
	}
	var known []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	})
	found := similar(name, known)
	for i := range found {
		found[i] = "--" + found[i]
	}
	return didYouMean(err.Error(), found, "")
}

// formName is what people call a command: `add role`, without the program.
func formName(c *cobra.Command) string {
	return strings.TrimPrefix(c.CommandPath(), c.Root().CommandPath()+" ")
}

// formsWith names the forms of a command that have a flag, by its name or its letter.
func formsWith(c *cobra.Command, flag string) (forms []string) {
	for _, form := range c.Commands() {
		flags := form.LocalFlags()
		if form.IsAvailableCommand() && (flags.Lookup(flag) != nil || len(flag) == 1 && flags.ShorthandLookup(flag) != nil) {
			forms = append(forms, form.Name())
		}
	}
	return forms
}

// inItsPlace says what a command offers instead of a flag that other commands have, "" where there is nothing to say. A command
// with forms does nothing by itself.
func inItsPlace(c *cobra.Command, flag string) string {
	if c.HasSubCommands() {
		return ""
	}
	has := func(name string) bool { return c.Flags().Lookup(name) != nil }
	switch flag {
	case "dry-run", "diff":
		switch dryRun := c.Flags().Lookup("dry-run"); {
		case has("diff"):
			return "has --diff for it"
		case dryRun != nil && dryRun.NoOptDefVal != "":
			return "has --dry-run for it"
		case dryRun != nil:
			words := dryRun.Annotations[ofChoices]
			return "has --dry-run=" + words[min(1, len(words)-1)] + " for it"
		case has("write"):
			return "changes nothing in the cluster without --write: leave the flag out"
		case flag == "diff" && c.Name() == "lint":
			return "changes nothing: write " + plugin + " fix --diff"
		}
		return "changes nothing: leave the flag out"
	case "output", "o":
		own := "has no other output than its own: leave the flag out"
		if has("diff") {
			own += "; `" + plugin + " lint -o` writes the findings in other formats"
		}
		return own
	}
	return ""
}

// elsewhere names the other commands that have a flag.
func elsewhere(c *cobra.Command, flag string) string {
	var have []string
	for _, other := range c.Root().Commands() {
		if other != c && other.IsAvailableCommand() && anyCommand(other, func(c *cobra.Command) bool { return c.LocalFlags().Lookup(flag) != nil }) {
			have = append(have, other.Name())
		}
	}
	if len(have) == 0 {
		return ""
	}
	verb := "has"
	if len(have) > 1 {
		verb = "have"
	}
	return fmt.Sprintf("; %s %s it, %s does not", enumerated(have), verb, formName(c))
}
