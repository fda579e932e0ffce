package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// fixable counts the repairs of a report: those that fix makes, and those that it makes with --suggested.
func fixable(r *report.Report) (safe, suggested int) {
	for i := range r.Findings {
		switch fix := r.Findings[i].Fix; {
		case fix == nil || len(fix.Edits) == 0:
		case fix.Applicability == validate.Safe:
			safe++
		default:
			suggested++
		}
	}
	return safe, suggested
}

// nextSteps says what to do about the findings of a report; repair and review are the commands that make repairs and show the
// suggested ones.
func nextSteps(w io.Writer, r *report.Report, repair, review string) {
	safe, suggested := fixable(r)
	if safe > 0 {
		fmt.Fprintf(w, "%d can be fixed: %s\n", safe, repair)
	}
	if suggested > 0 {
		fmt.Fprintf(w, "%d with a suggested repair, to be reviewed: %s\n", suggested, review)
	}
	if len(r.Findings) > 0 && safe+suggested == 0 {
		worst := max(0, slices.IndexFunc(r.Findings, func(f report.Finding) bool { return f.Level == validate.Error }))
		fmt.Fprintf(w, "more about it: %s explain %s\n", plugin, r.Findings[worst].Rule)
	}
}

// maxNamed is how many files a command names that we print.
const maxNamed = 4

// again is the rest of a command about the same files by the same rules.
func again(c *cobra.Command, args []string) string {
	var b strings.Builder
	b.WriteString(given(c, func(f *pflag.Flag) bool {
		return slices.Contains([]string{"policy", "profile", "no-config", "no-ignores", "exclude", "cluster", "region", "sso-region", "context", "iam"}, f.Name)
	}))
	// A name that can't be shown as it is can't be copied either.
	if len(args) > maxNamed || slices.ContainsFunc(args, func(a string) bool { return text.Visible(a) != a }) {
		return b.String() + " FILE…"
	}
	if slices.ContainsFunc(args, func(a string) bool { return a != "-" && strings.HasPrefix(a, "-") }) {
		b.WriteString(" --")
	}
	return b.String() + " " + words(args)
}

// given writes the flags that were given, of those that are wanted, as a shell takes them: each with a blank before it.
func given(c *cobra.Command, wanted func(*pflag.Flag) bool) string {
	var b strings.Builder
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Changed || !wanted(f) {
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, v := range values {
			if f.Value.Type() == "bool" {
				b.WriteString(" --" + f.Name)
				continue
			}
			b.WriteString(" --" + f.Name + "=" + shellQuoted(text.Visible(v)))
		}
	})
	return b.String()
}
