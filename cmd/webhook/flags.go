package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit/controller"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
)

// exitUsage is the exit code of a command line that can't be followed.
const exitUsage = 2

// wrongUsage ends the program by an error of the command line or of the environment.
func wrongUsage(err error) error {
	if err == nil {
		return nil
	}
	return &controller.Exit{Code: exitUsage, Err: err}
}

// decimal is the value of a flag that takes a number or a time.
type decimal struct{ pflag.Value }

// Set takes the value from the command line or the environment.
func (d decimal) Set(value string) error {
	if err := misread.Decimal(value, d.Type() == "duration"); err != nil {
		return err
	}
	return d.Value.Set(value)
}

// decimals makes every number and time of a command decimal.
func decimals(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if kind := f.Value.Type(); kind == "int" || kind == "duration" {
			f.Value = decimal{f.Value}
		}
	})
}

// flagError says what a flag takes, where its value is none of that.
func flagError(err error) error {
	invalid, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err
	}
	form := invalid.GetFlag().Value.Type()
	switch form {
	case "int":
		form = "a whole number, such as 10"
	case "duration":
		form = "a duration, such as 90s, 30m or 12h"
	case "bool":
		form = "true or false"
	case "text":
		form = "debug, info, warn or error"
	}
	return fmt.Errorf("--%s %q: write %s", invalid.GetFlag().Name, invalid.GetValue(), form)
}

// maxPort is the highest port that there is.
const maxPort = 65535

// checkPorts looks at flags that name a port to listen on.
func checkPorts(flags *pflag.FlagSet, names ...string) error {
	for _, name := range names {
		port, err := flags.GetInt(name)
		if err != nil {
			return err
		}
		if port < 0 || port > maxPort {
			return fmt.Errorf("--%s %d: write a port from 1 to %d, or 0 for a free one", name, port, maxPort)
		}
	}
	return nil
}
