package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/mutate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func newExplain(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [RULE]",
		Short: "Say what a rule catches, what EKS does there, and what to write instead",
		Long:  "Say what a rule catches, what EKS does there, and what to write instead. Without a rule, list them all.",
		Example: `  kubectl aws-auth explain
  kubectl aws-auth explain ` + validate.RolePath,
		SuggestFor:        []string{"rule", "rules", "describe", "docs", "info"},
		Args:              oneRule,
		ValidArgsFunction: completeRule,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listRules(s.prose())
			}
			rule := validate.Lookup(args[0])
			if rule == nil {
				return usage(unknownRule(args[0]))
			}
			return explain(s.prose(), rule)
		},
	}
}

func oneRule(c *cobra.Command, args []string) error {
	if len(args) < 2 {
		return nil
	}
	for _, name := range args {
		if validate.Lookup(name) == nil {
			return fmt.Errorf("explain takes one rule, and %w", unknownRule(name))
		}
	}
	return fmt.Errorf("explain takes one rule; write: %s explain %s", plugin, shellQuoted(args[0]))
}

func unknownRule(name string) error {
	var known []string
	for _, r := range validate.Rules() {
		known = append(known, r.Name)
	}
	return didYouMean(fmt.Sprintf("no rule is named %q", name), similar(strings.ReplaceAll(name, "_", "-"), known),
		"; `"+plugin+" explain` lists all")
}

func listRules(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RULE\tSTANDARD\tSEVERITY\tCATCHES")
	for _, r := range validate.Rules() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Name, r.Standard, r.Severity, r.Title)
	}
	return w.Flush()
}

// textWidth is the width of explanations in code points.
const textWidth = 100

func explain(out io.Writer, r *validate.Rule) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n%s\n\n", r.Name, r.Title, wrap(r.Rationale, textWidth))
	fmt.Fprintf(&b, "Severity:  %s\n", r.Severity)
	actions := make([]string, 0, len(validate.Profiles()))
	for _, p := range validate.Profiles() {
		actions = append(actions, fmt.Sprintf("%s %s", p, r.Action(p)))
	}
	fmt.Fprintf(&b, "Action:    %s\n", strings.Join(actions, ", "))
	fmt.Fprintf(&b, "Fix:       %s\n", fixOf(r))
	for i, c := range r.Controls {
		label := ""
		if i == 0 {
			label = "Controls:"
		}
		fmt.Fprintf(&b, "%-10s %s\n", label, c)
	}
	if r.LintOnly {
		fmt.Fprintln(&b, "Where:     in lint only; the webhook never sees it")
	}
	if r.Matter != "" {
		fmt.Fprintln(&b, "Where:     in audits only: deny is an error there, warn a warning; the webhook never sees it")
	}
	examples(&b, "Bad", r, r.Bad)
	examples(&b, "Good", r, r.Good)
	fmt.Fprintf(&b, "\nMore: %s\n", validate.DocsURL(r.Name))
	_, err := io.WriteString(out, b.String())
	return err
}

// fixOf says what the rule repairs, by asking it about its own bad examples.
func fixOf(r *validate.Rule) string {
	best := "none"
	for _, e := range r.Bad {
		doc := awsauth.Read(e.Data)
		o := validate.Options{Params: map[string]validate.Params{r.Name: e.Params}, Bindings: &validate.BindingFacts{}}
		for _, f := range mutate.Vet(doc, validate.Check(doc, o), o) {
			switch {
			case f.Rule != r.Name || f.Fix == nil:
			case f.Fix.Applicability == validate.Safe:
				return "safe: made by `fix`, and at admission for people"
			default:
				best = "suggested: made by `fix --suggested`"
			}
		}
	}
	return best
}

func examples(b *strings.Builder, title string, r *validate.Rule, list []validate.Example) {
	for _, e := range list {
		if p := policyOf(r, e); p != "" {
			fmt.Fprintf(b, "\n%s, with this policy:\n%s\n\n", title, indented(p))
		} else {
			fmt.Fprintf(b, "\n%s:\n", title)
		}
		if e.Immutable {
			fmt.Fprintf(b, "  immutable: true (beside the data)\n")
		}
		for _, key := range sortedKeys(e.Data) {
			fmt.Fprintf(b, "  %s: |\n", key)
			for line := range strings.Lines(e.Data[key]) {
				fmt.Fprintf(b, "    %s\n", strings.TrimRight(line, "\n"))
			}
		}
	}
}

// policyOf is the policy that an example needs, as a file of its own, or "".
func policyOf(r *validate.Rule, e validate.Example) string {
	if len(e.Params) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\nrules:\n  %s:\n", policy.APIVersion, policy.Kind, r.Name)
	if r.Standard == validate.Off {
		fmt.Fprintf(&b, "    action: %s\n", validate.Deny)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Params)) {
		fmt.Fprintf(&b, "    %s:\n", name)
		for _, item := range e.Params[name] {
			fmt.Fprintf(&b, "    - %q\n", item)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// sortedKeys puts the keys of aws-auth first, in their order.
func sortedKeys(data map[string]string) []string {
	var keys []string
	for _, k := range awsauth.Keys() {
		if _, ok := data[string(k)]; ok {
			keys = append(keys, string(k))
		}
	}
	return append(keys, awsauth.Read(data).OtherKeys...)
}

// wrap breaks a text into lines of at most width code points, where words allow it.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

func indented(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }
