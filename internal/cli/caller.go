package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
)

// maxIdentity bounds what is read of a caller from standard input, in bytes.
const maxIdentity = 64 << 10

// readCaller takes an ARN, or "-" for one on standard input, by itself or in what `aws sts get-caller-identity` prints.
func readCaller(arg string, in io.Reader) (trace.Caller, error) {
	text := arg
	if arg == "-" {
		raw, err := io.ReadAll(io.LimitReader(in, maxIdentity))
		if err != nil {
			return trace.Caller{}, unreadable(fmt.Errorf("standard input: %w", err))
		}
		if text, err = trace.Identity(string(raw)); err != nil {
			return trace.Caller{}, unreadable(fmt.Errorf("standard input: %w", err))
		}
	}
	who, err := trace.CallerOf(text)
	if err != nil {
		return trace.Caller{}, usage(fmt.Errorf("not the ARN of a caller: %w", err))
	}
	return who, nil
}

// atMostOneCaller wants one ARN, - for standard input, or nothing.
func atMostOneCaller(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(errors.New("name one ARN, or - to read it from standard input"))
	}
	return nil
}
