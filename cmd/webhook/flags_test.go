package main

import (
	"bytes"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit/controller"
)

// wrongNumbers are values that flags of numbers and times refuse: those of any flag by its type, and of each by what it means.
var wrongNumbers = map[string]map[string]string{
	"int":                       {"less": "-1", "more than a number holds": "99999999999999999999", "a part": "1.5", "a unit": "9m", "hexadecimal": "0x1F90", "octal": "0o7", "octal as in C": "08080", "binary": "0b11", "underscores": "9_443", "a sign": "+9443"},
	"duration":                  {"the past": "-1s", "no unit": "10", "longer than a clock has": "99999999h", "a word": "soon", "a sign": "+1h"},
	"port":                      {"no port": "65536"},
	"health-port":               {"no port": "70000"},
	"metrics-port":              {"no port": "1000000"},
	"interval":                  {"nothing": "0", "all the time": "1s"},
	"history-limit":             {"nothing": "0"},
	"self-signed-ca-validity":   {"nothing": "0", "a century": "876000h"},
	"self-signed-leaf-validity": {"nothing": "0s", "no time to renew": "1s"},
}

// TestNumbersAndTimes: each flag of serve and audit that takes a number or a time refuses one that means nothing, as wrong usage and
// with what to write, from the command line and from the environment, and before a cluster is asked.
func TestNumbersAndTimes(t *testing.T) {
	checked := 0
	for _, name := range []string{"serve", "audit"} {
		find(t, name).Flags().VisitAll(func(f *pflag.Flag) {
			wrong := maps.Clone(wrongNumbers[f.Value.Type()])
			if wrong == nil {
				return
			}
			maps.Copy(wrong, wrongNumbers[f.Name])
			for _, kind := range slices.Sorted(maps.Keys(wrong)) {
				checked++
				value := wrong[kind]
				t.Run(name+"/"+f.Name+"/"+kind, func(t *testing.T) {
					said := usageError(t, name, "--"+f.Name+"="+value)
					if !strings.Contains(said, "--"+f.Name+" ") || strings.Contains(said, "time: ") || strings.Contains(said, "strconv") || strings.Contains(said, "invalid argument") {
						t.Errorf("on the command line: %s", said)
					}
					t.Setenv(environmentPrefix+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")), value)
					if said := usageError(t, name); !strings.Contains(said, "--"+f.Name+" ") {
						t.Errorf("in the environment: %s", said)
					}
				})
			}
		})
	}
	if checked < 40 {
		t.Errorf("only %d values were tried", checked)
	}
}

// usageError is what is said of a command line that is wrong.
func usageError(t *testing.T, args ...string) string {
	t.Helper()
	if args[0] == "serve" {
		args = append(args, "--self-signed", "--namespace=aws-auth-guard", "--bind-address=127.0.0.1")
	}
	var out bytes.Buffer
	command := newCommand(logr.Discard(), new(slog.LevelVar))
	command.SetArgs(args)
	command.SetOut(&out)
	command.SetErr(&out)
	err := command.ExecuteContext(t.Context())
	exit, ok := errors.AsType[*controller.Exit](err)
	if !ok || exit.Code != exitUsage {
		t.Fatalf("%q ends with %v", args, err)
	}
	return exit.Error()
}
