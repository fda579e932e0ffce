package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// The exit codes.
const (
	exitOK         = 0
	exitFindings   = 1
	exitUsage      = 2
	exitUnreadable = 3
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Program is the first word of the command line, os.Args[0]: texts call the program by it. Without it they say
	// `kubectl aws-auth`.
	Program string
}

// Run runs a command line, without the program's name, and returns its exit code: 0 for clean, 1 for findings at or above
// the threshold, 2 for wrong usage, 3 for input that can't be read.
func Run(args []string, s Streams) int {
	s.Err = text.Writer{Writer: spoken{s.Err, s.program()}}
	root := newRoot(s)
	shells(root)
	root.SetArgs(args)
	command, err := root, disguised(args)
	if err == nil {
		if err = oneDash(root, args); err == nil {
			command, err = root.ExecuteC()
		}
	}
	var exit *exitError
	switch {
	case err == nil:
		return exitOK
	case !errors.As(err, &exit):
		exit = usage(err)
	}
	if exit.err != nil {
		complain(s.Err, exit.err)
	}
	if exit.code == exitUsage {
		fmt.Fprintf(s.Err, "Run `%s --help` for help.\n", command.CommandPath())
	}
	return exit.code
}

// disguised refuses an option that is also the name of a file here: a shell or a hook that passes names of files would let a
// file called --policy=x.yaml choose the policy that it is checked by.
func disguised(args []string) error {
	for _, arg := range args {
		switch {
		case arg == "--":
			return nil
		case len(arg) < 2 || arg[0] != '-':
			continue
		}
		if _, err := os.Lstat(arg); err == nil {
			return usage(fmt.Errorf("%q is an option and also the name of a file here: put -- before the names of files, or ./ before this one", arg))
		}
	}
	return nil
}

// misanswered is what client-go says of an answer that is not the JSON of an API server.
var misanswered = regexp.MustCompile(`couldn't get version/kind; json parse error: .*|json: cannot unmarshal .*`)

// complain writes an error, each line with the program's name.
func complain(w io.Writer, err error) {
	said := misanswered.ReplaceAllString(err.Error(), "what answers is no API server, but perhaps a proxy or the page of a login: check the server in the kubeconfig")
	for line := range strings.Lines(said) {
		fmt.Fprintf(w, plugin+": %s\n", strings.TrimRight(line, "\n"))
	}
}

// exitError ends the program with a code. err is nil where all was said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(err error) *exitError { return &exitError{exitUsage, err} }

func unreadable(err error) *exitError { return &exitError{exitUnreadable, err} }

func newRoot(s Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   s.program().file,
		Short: "Check, repair and explain the EKS ConfigMap kube-system/aws-auth",
		Long: `Check, repair and explain the EKS ConfigMap kube-system/aws-auth.

It reads aws-auth exactly as EKS does (aws-iam-authenticator v0.7.18) and says what EKS will do with it.

Exit codes: 0 clean, 1 findings (or: not mapped, somebody gains or loses), 2 wrong usage, 3 input that can't be read.`,
		Example: `  kubectl aws-auth lint aws-auth.yaml
  kubectl aws-auth fix --diff aws-auth.yaml
  kubectl aws-auth diff -f aws-auth.yaml
  aws sts get-caller-identity | kubectl aws-auth whoami -
  kubectl aws-auth audit
  kubectl aws-auth undo
  kubectl aws-auth explain ` + validate.RolePath,
		Args:          aCommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       newVersionInfo(s).String(),
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: s.program().words},
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(s.In)
	root.SetOut(s.prose())
	root.SetErr(s.Err)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp())
	root.AddCommand(newLint(s), newFix(s), newDiff(s), newWhoami(s), newDoctor(s), newAudit(s), newHistory(s), newUndo(s), newDenied(s), newReplay(s),
		newUsage(s), newAccessEntries(s),
		newGet(s), newAdd(s), newSet(s), newRemove(s), newExplain(s), newOptions(s),
		newVersion(s))
	shortHelp(root)
	completeFlags(root)
	strictFlags(root)
	return root
}
