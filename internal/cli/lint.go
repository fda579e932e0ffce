package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
)

// formats writes a report in each format by its name.
var formats = map[string]func(io.Writer, *report.Report) error{
	"text": report.Text,
	"json": report.JSON,
}

func newLint(s Streams) *cobra.Command {
	var flags checkFlags
	var output string
	c := &cobra.Command{
		Use:   "lint FILE…|-",
		Short: "Check manifests",
		Long: `Check manifests: YAML streams, JSON, Lists and folders with such files (*.yaml, *.yml, *.json).

ConfigMaps named aws-auth in kube-system are checked, and bare data sections (mapRoles: | at the top level or under
data:). Everything else is passed over. - reads standard input.`,
		Example: `  kubectl aws-auth lint aws-auth.yaml
  kubectl get configmap aws-auth -n kube-system -o yaml | kubectl aws-auth lint -
  kubectl aws-auth lint -o json --profile strict --fail-on warning manifests/`,
		Args: files,
		RunE: func(c *cobra.Command, args []string) error {
			write := formats[output]
			if write == nil {
				return usage(fmt.Errorf("-o %q: write text or json", output))
			}
			checker, err := flags.checker(c)
			if err != nil {
				return err
			}
			return lint(args, s, checker, write)
		},
	}
	flags.register(c)
	c.Flags().StringVarP(&output, "output", "o", "text", "how to write the findings: text or json")
	return c
}

func lint(args []string, s Streams, c *checker, write func(io.Writer, *report.Report) error) error {
	b := &report.Builder{Action: c.policy.Action}
	failed := load(args, s, func(_ manifest.Input, f *manifest.File) error {
		c.add(b, f)
		return nil
	})
	r := b.Report()
	if err := write(s.Out, r); err != nil {
		return unreadable(fmt.Errorf("writing the findings: %w", err))
	}
	if failed != nil {
		return failed
	}
	if c.fails(r) {
		return &exitError{code: exitFindings}
	}
	return nil
}

// files wants one file at least.
func files(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage(fmt.Errorf("name a file or a folder, or - for standard input"))
	}
	return nil
}
