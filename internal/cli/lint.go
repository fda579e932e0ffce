package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/lint"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
)

// formats writes a report in each format by its name.
var formats = func() map[string]func(io.Writer, *report.Report) error {
	all := report.Formats()
	all[formatHTML] = report.HTML
	return all
}()

const (
	formatText = report.FormatText
	formatJSON = report.FormatJSON
	formatHTML = "html"
	formatYAML = "yaml"
)

func newLint(s Streams) *cobra.Command {
	var flags checkFlags
	var helm renderFlags
	var output, color, by string
	c := &cobra.Command{
		Use:   "lint FILE…|-",
		Short: "Check manifests",
		Long: `Check manifests: YAML streams, JSON, Lists and folders with such files. Of folders, those are left out whose names begin with
a dot, node_modules, vendor, and what --exclude says.

It checks ConfigMaps named aws-auth in kube-system, bare data sections (mapRoles: | at the top level or under data:), and the
maps that other tools carry: Terraform plans (terraform show -json), states and source, CloudFormation templates, Pulumi,
Crossplane, Cluster API, eksctl and more (docs/carriers.md has the list). A plan is judged as an edit: who would lose access.
What else speaks of the map is noted as not checked. - reads standard input.

With --render it runs Helm on the charts in the folders and checks what comes of them, by the name of each template.

RoleBindings and ClusterRoleBindings in the files show which usernames must keep their upper case.

With --iam, which takes what "aws iam get-account-authorization-details --filter Role User" prints of an account, it holds the
map against IAM: roles that are not there or that nobody uses, new roles of permission sets, other accounts that may come in.

A GuardPolicy in a file ` + configName + ` applies to the files beside it and below; lint looks for it upwards, to the root of
the repository. --policy wins over it. A comment in the line of a finding, or by itself in the line above, ignores it:
# aws-auth-guard: ignore RULE -- REASON. Reports list what was ignored. In CI, where a change could bring both, turn them
off with --no-config and --no-ignores.

Lint does not check what another tool has yet to fill in ({{ .Values.x }}, ${var.x}), and says so in a note; with
--fail-on warning that fails. It does check the authenticator's own templates ({{SessionName}}). The summary counts the
maps that were read; with --require-map none at all is a failure.`,
		Example: `  kubectl aws-auth lint aws-auth.yaml
  helm template ./chart | kubectl aws-auth lint -
  terraform show -json plan.out | kubectl aws-auth lint -
  kubectl get configmap aws-auth -n kube-system -o yaml | kubectl aws-auth lint -
  kubectl aws-auth lint -o json --profile strict --fail-on warning manifests/
  kubectl aws-auth lint --iam prod.json --iam tools.json aws-auth.yaml
  kubectl aws-auth lint -o html manifests/ > report.html`,
		SuggestFor:        []string{"check", "validate", "verify", "test", "scan"},
		Args:              files,
		ValidArgsFunction: completeFiles,
		RunE: func(c *cobra.Command, args []string) error {
			write := formats[output]
			inColor := wantsColor(color, s.Out)
			if output == formatText && !inColor {
				write = people(write)
			} else if output == formatText {
				write = report.ColorText
			}
			checker, err := flags.checker(c)
			if err != nil {
				return err
			}
			if checker.IAM, err = flags.iam.read(args, s.In); err != nil {
				return err
			}
			if by != "" {
				who, err := readCaller(by, strings.NewReader(""))
				if err != nil {
					return err
				}
				checker.Caller = who.ARN
			}
			b := &report.Builder{Action: checker.Policy.Action, Maps: output == formatHTML, Ignores: !flags.noIgnores}
			var next func(*report.Report)
			if output == formatText {
				next = func(r *report.Report) {
					nextSteps(s.prose(), r, plugin+" fix"+again(c, args), plugin+" fix --suggested --diff"+again(c, args))
				}
			}
			if err := helm.check(); err != nil {
				return usage(err)
			}
			var charts []rendering
			if helm.on {
				if charts, err = helm.render(c.Context(), args, checker.exclude); err != nil {
					return err
				}
			}
			return lintFiles(args, charts, s, checker, b, next, write)
		},
	}
	flags.register(c)
	flags.registerInputs(c)
	flags.iam.register(c)
	helm.register(c)
	registerOutput(c, &output, formats)
	c.Flags().StringVar(&by, "caller", "", "the `ARN` that applies the plan: an error, where the plan takes away its access")
	registerColor(c, &color)
	return c
}

// lintFiles checks files, and charts as they are rendered, in the place of their templates. next says what to do then; it is nil where the report is not for people.
func lintFiles(args []string, charts []rendering, s Streams, c *checker, b *report.Builder, next func(*report.Report), write func(io.Writer, *report.Report) error) error {
	c.learn(args, &s)
	exclude := slices.Clone(c.exclude)
	for _, chart := range charts {
		exclude = append(exclude, filepath.ToSlash(filepath.Join(chart.chart, "templates"))+"/**")
	}
	said := lint.Said{}
	failed := load(args, exclude, s, b.Note, func(in manifest.Input, f *manifest.File) error {
		of, err := c.at(in)
		switch {
		case err != nil:
		case slices.ContainsFunc(charts, func(r rendering) bool { return r.isOf(in.Path) }):
			of.AddValues(b, f, said)
		default:
			of.Add(b, f)
			of.noteIAM(b, f)
		}
		return err
	})
	for _, chart := range charts {
		of, err := c.at(manifest.Input{Path: filepath.Join(chart.chart, "Chart.yaml")})
		if err != nil {
			return unreadable(err)
		}
		for _, f := range chart.files {
			of.AddRendered(b, f, said)
			of.noteIAM(b, f)
		}
	}
	r := b.Report()
	if root, err := os.Getwd(); err == nil {
		r.Root = root
	}
	if err := c.deliver(r, s, write); err != nil {
		return err
	}
	if next != nil {
		next(r)
	} else {
		tellNotes(s.Err, r)
	}
	c.tellConfig(s.Err)
	if failed != nil {
		return failed
	}
	return c.verdict(r)
}

// deliver writes a report with what it was made by.
func (c *checker) deliver(r *report.Report, s Streams, write func(io.Writer, *report.Report) error) error {
	r.Version, r.Time = version.String(), time.Now()
	r.Profile, r.Policy = c.Policy.Profile, strings.Join(c.policyFiles(), ", ")
	r.Rename(s.program().say)
	if err := write(s.Out, r); err != nil {
		return unreadable(fmt.Errorf("writing the findings: %w", err))
	}
	return nil
}

// files wants one file at least.
func files(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage(errors.New("name a file or a folder, or - for standard input"))
	}
	return nil
}
