package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// wholeNumbers are values that no flag of a whole number takes: people and JSON write these in decimal digits alone.
var wholeNumbers = map[string]string{
	"nothing": "0", "less": "-7", "more than a number holds": "99999999999999999999", "a part": "1.5", "a time": "7d",
	"hexadecimal": "0x10", "octal": "0o7", "octal as in C": "010", "binary": "0b11", "underscores": "1_000", "a sign": "+5",
}

// wrongNumbers are values that no flag of a number or of a time takes, by its type.
var wrongNumbers = map[string]map[string]string{
	"duration": {"nothing": "0", "no seconds": "0s", "the past": "-1h", "no unit": "1", "longer than a clock has": "99999999h", "a word": "soon", "a blank": " ", "a sign": "+1h"},
	"int":      wholeNumbers, "int64": wholeNumbers,
}

// TestNumbersAndTimes: each flag of any command that takes a number or a time refuses one that means nothing, as wrong usage
// and with what to write, before anything is read or asked.
func TestNumbersAndTimes(t *testing.T) {
	checked := 0
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		for _, sub := range c.Commands() {
			walk(sub, append(path[:len(path):len(path)], sub.Name()))
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if isOfKubernetes(f) {
				return
			}
			for name, value := range wrongNumbers[f.Value.Type()] {
				checked++
				args := append(path[:len(path):len(path)], "--"+f.Name+"="+value)
				var out, errs bytes.Buffer
				code := Run(args, Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
				said := errs.String()
				if code != exitUsage || !strings.Contains(said, "--"+f.Name+" ") || !strings.Contains(said, "such as ") || strings.Contains(said, "time:") || strings.Contains(said, "strconv") {
					t.Errorf("%s, %q: exit %d\n%s", name, args, code, said)
				}
			}
		})
	}
	walk(Command(), nil)
	if checked < 60 {
		t.Errorf("only %d values were tried", checked)
	}
}

// TestDefaultsAreShownOnce: a flag without a default says so by saying nothing.
func TestDefaultsAreShownOnce(t *testing.T) {
	var out, errs bytes.Buffer
	if code := Run([]string{"whoami", "--help"}, Streams{In: strings.NewReader(""), Out: &out, Err: &errs}); code != exitOK || strings.Contains(out.String(), "default 0s") || !strings.Contains(out.String(), "--max-age duration") {
		t.Errorf("exit %d\n%s", code, out.String())
	}
}
