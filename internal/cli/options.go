package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ofKubernetes marks kubectl's flags among those of a command, by an annotation.
const ofKubernetes = "kubernetes"

func isOfKubernetes(f *pflag.Flag) bool { return f.Annotations[ofKubernetes] != nil }

// shortHelp keeps kubectl's flags out of every help: `options` explains them once, as kubectl's own does.
func shortHelp(root *cobra.Command) {
	full := (&cobra.Command{}).UsageFunc()
	root.SetUsageFunc(func(c *cobra.Command) error {
		hidden := false
		hide := func(now bool) {
			c.Flags().VisitAll(func(f *pflag.Flag) {
				if isOfKubernetes(f) {
					f.Hidden, hidden = now, true
				}
			})
		}
		hide(true)
		err := full(c)
		hide(false)
		if hidden {
			fmt.Fprintf(c.OutOrStderr(), "\nUse \"%s options\" for the flags that choose the cluster, such as --context and --kubeconfig.\n", plugin)
		}
		return err
	})
}

// newOptions is the command that explains kubectl's flags.
func newOptions(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:               "options",
		Short:             "List the flags that choose the cluster and who asks it",
		SuggestFor:        []string{"flags", "global", "globals"},
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error {
			var have, some []string
			for _, other := range c.Root().Commands() {
				flags := kubernetesFlags(other)
				switch {
				case anyCommand(other, func(c *cobra.Command) bool { return slices.Contains(kubernetesFlags(c), "--server") }):
					have = append(have, other.Name())
				case len(flags) > 0:
					some = append(some, fmt.Sprintf("\n%s takes %s.\n", other.Name(), enumerated(flags)))
				}
			}
			_, err := fmt.Fprintf(s.prose(), "The commands %s take these flags, which are kubectl's:\n\n%s\n%s", enumerated(have),
				strings.TrimRight(newClusterFlags().flags.FlagUsages(), "\n"), strings.Join(some, ""))
			return err
		},
	}
}

// kubernetesFlags are the flags of kubectl that a command takes.
func kubernetesFlags(c *cobra.Command) (names []string) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if isOfKubernetes(f) {
			names = append(names, "--"+f.Name)
		}
	})
	return names
}
