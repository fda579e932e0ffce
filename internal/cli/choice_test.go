package cli

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestChoices: a flag that takes a few words refuses every other one, and says which it takes.
func TestChoices(t *testing.T) {
	checked := map[string]int{}
	eachTextFlag(Command(), nil, func(path []string, flag *pflag.Flag) {
		words := flag.Annotations[ofChoices]
		if len(words) == 0 {
			return
		}
		checked[flag.Name]++
		for _, word := range []string{"no-such-word", strings.ToUpper(words[0]), words[0] + "," + words[0], " " + words[0]} {
			asks(t, append(path, "--"+flag.Name, word), "write "+oneOf(words))
		}
		if !strings.Contains(flag.Usage, words[0]) || !strings.Contains(flag.Usage, words[len(words)-1]) {
			t.Errorf("%s --%s: help %q does not name %s", strings.Join(path, " "), flag.Name, flag.Usage, oneOf(words))
		}
	})
	for name, least := range map[string]int{"output": 12, "color": 12, "profile": 4, "fail-on": 2, "dry-run": 4} {
		if checked[name] < least {
			t.Errorf("--%s takes a few words in %d commands, want %d or more", name, checked[name], least)
		}
	}
}
