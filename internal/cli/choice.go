package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// ofChoices marks the flags that take one of a few words, with these.
const ofChoices = "choices"

// choice is the value of a flag that takes one of a few words.
type choice struct {
	to    *string
	words []string
}

func (c *choice) String() string { return *c.to }

// Type is what pflag calls the type of a text: help then writes the default in quotes.
func (c *choice) Type() string { return "string" }

// Set takes one of the words and no other.
func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return fmt.Errorf("write %s", oneOf(c.words))
	}
	*c.to = word
	return nil
}

// registerChoice adds a flag that takes one of the words; first is its default. short is its letter, or empty.
func registerChoice(c *cobra.Command, to *string, name, short, first, about string, words ...string) {
	*to = first
	c.Flags().VarP(&choice{to, words}, name, short, about)
	completeFlagBy(c, name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	_ = c.Flags().SetAnnotation(name, ofChoices, words) // It fails for a flag that is not there.
}

// registerOutput adds the flag -o, which takes the names of these formats; the one for people is the default.
func registerOutput[W any](c *cobra.Command, to *string, formats map[string]W) {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(formats)), func(name string) bool { return name == formatText })
	names = append([]string{formatText}, names...)
	registerChoice(c, to, "output", "o", formatText, "output format: "+oneOf(names), names...)
}

// registerProfile adds --profile, the policy's own.
func registerProfile(c *cobra.Command, to *string, about string) {
	registerChoice(c, to, "profile", "", string(validate.Standard), about+": audit, standard or strict",
		string(validate.Audit), string(validate.Standard), string(validate.Strict))
}

// oneOf says "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
