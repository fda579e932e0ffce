package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
)

// What is wrong with how a flag was given.
var (
	errEmpty = errors.New("is empty")
	errTwice = errors.New("is given twice")
)

// emptyCounts are the flags to which an empty text says something: an entry can have the group "", which is to go.
var emptyCounts = map[string]bool{"remove-group": true}

// oneText is the value of a flag that takes a text. It refuses an empty one: `-f "$FILE"` without FILE would mean the same as no
// flag, and that is the live map.
type oneText struct {
	pflag.Value
	// once is set where a second value must not win over the first unseen: for flags that name a file.
	once bool
	seen bool
}

// Set takes one value from the command line.
func (g *oneText) Set(value string) error {
	switch {
	case value == "":
		return errEmpty
	case g.once && g.seen:
		return errTwice
	}
	g.seen = true
	return g.Value.Set(value)
}

// texts is the value of a flag that can be given more than once.
type texts struct {
	oneText
	pflag.SliceValue
}

// aNumber is the value of a flag that takes a number or a time: none of ours means anything at 0 or below, where it would be taken
// for one that was not given.
type aNumber struct{ pflag.Value }

// errNothing is a number or a time that is not more than 0.
var errNothing = errors.New("is not more than 0")

// Set takes the value from the command line.
func (n aNumber) Set(value string) error {
	if err := misread.Decimal(value, n.Type() == "duration"); err != nil {
		return err
	}
	if err := n.Value.Set(value); err != nil {
		return err
	}
	if set := n.String(); set == "0" || set == "0s" || strings.HasPrefix(set, "-") {
		return errNothing
	}
	return nil
}

// strictFlags makes every flag of ours that takes a text refuse an empty one, and every one that takes a number or a time one that
// is not more than 0, in a command and those below it. Those of kubectl do as they do there.
func strictFlags(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if isOfKubernetes(f) || emptyCounts[f.Name] {
			return
		}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			f.Value = &texts{oneText{Value: f.Value}, list}
			f.DefValue = "" // Helps know by the type that they have collected nothing, and this is another type.
			return
		}
		switch f.Value.Type() {
		case "string":
			f.Value = &oneText{Value: f.Value, once: strings.Contains(f.Usage, "`file`")}
		case "int", "int64", "duration":
			f.Value = aNumber{f.Value}
			if f.DefValue == "0s" {
				f.DefValue = "" // As above.
			}
		}
	})
	for _, sub := range c.Commands() {
		strictFlags(sub)
	}
}

// givenError says how to give a flag, nil where that is not what is wrong.
func givenError(f *pflag.Flag, err error) error {
	switch {
	case errors.Is(err, errTwice):
		return fmt.Errorf("--%s is given twice, and takes one value: leave one out", f.Name)
	case !errors.Is(err, errEmpty):
		return nil
	case f.Name == "group" || f.Name == "add-group":
		return fmt.Errorf("--%s is empty: EKS would give the caller the group \"\"; write a group after it", f.Name)
	case f.Name == "username":
		return errors.New("--username is empty: EKS would let the caller in as nobody; write a username after it")
	}
	return fmt.Errorf("--%s is empty: write %s after it; a variable of the shell that is not set gives nothing", f.Name, formOf(f))
}
