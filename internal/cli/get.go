package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// entryTable is what get shows.
type entryTable struct {
	Entries  []entryRow `json:"entries"`
	Accounts []string   `json:"accounts"`

	// accountAt are the places of the accounts in their list.
	accountAt []int
}

type entryRow struct {
	Section  awsauth.Key `json:"section"`
	Entry    int         `json:"entry"`
	ARN      string      `json:"arn"`
	Username string      `json:"username"`
	Groups   []string    `json:"groups"`
	// Rules are those that find an error in the entry.
	Rules []string `json:"rules"`
}

// entryAt is the place of an entry.
type entryAt struct {
	section awsauth.Key
	index   int
}

// formatWide shows what the groups are allowed, as far as Kubernetes itself says it, and which rules find an error.
const formatWide = "wide"

func newGet(s Streams) *cobra.Command {
	live := newClusterFlags()
	var file, output string
	c := &cobra.Command{
		Use:   "get [ARN|ACCOUNT]",
		Short: "List the entries of the map",
		Long: `List the entries of the live map, or of a file with -f: all, or those of one principal. A session's ARN finds the entry of
its role.

Exit codes: 0 listed; 1 no entry fits; 2 wrong usage; 3 a map that can't be read.`,
		Example: `  kubectl aws-auth get
  kubectl aws-auth get arn:aws:iam::111122223333:role/dev -o yaml
  kubectl aws-auth get -f aws-auth.yaml -o wide`,
		SuggestFor:        []string{"list", "ls", "show", "entries", "describe"},
		ValidArgsFunction: cobra.NoFileCompletions,
		Args:              onePrincipal,
		RunE: func(c *cobra.Command, args []string) error {
			write := tableFormats[output]
			doc, lost, err := entriesIn(c, file, live, s)
			if err != nil {
				return unreadable(orFile(err))
			}
			for _, section := range doc.Sections() {
				if section.Discarded() {
					lost = errors.Join(lost, fmt.Errorf("EKS can't read %s: its entries are lost (`%s` says where it breaks)", section.Key, checkOf(file)))
				}
			}
			principal := strings.Join(args, "")
			table := tableOf(doc, principal)
			if err := write(s.Out, table); err != nil {
				return unreadable(fmt.Errorf("writing the answer: %w", err))
			}
			if lost != nil {
				return unreadable(lost)
			}
			if principal != "" && len(table.Entries)+len(table.Accounts) == 0 {
				return &exitError{exitFindings, notThere(doc, principal, "")}
			}
			return nil
		},
	}
	c.Flags().StringVarP(&file, "file", "f", "", "read this `file` instead of the live map; - for standard input")
	registerOutput(c, &output, tableFormats)
	live.register(c)
	return c
}

// onePrincipal refuses what names no principal: an ARN has a colon or a slash, however wrong it is, and an account digits.
func onePrincipal(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case len(args) > 1:
		return fmt.Errorf("give one ARN or account and no more: %d arguments", len(args))
	case strings.ContainsAny(args[0], ":/") && !isFile(args[0]), args[0] != "" && strings.Trim(args[0], "0123456789-") == "":
		return nil
	case isFile(args[0]):
		return fmt.Errorf("%s is a file; write: %s %s -f %s", shellQuoted(args[0]), plugin, c.Name(), shellQuoted(args[0]))
	}
	return fmt.Errorf("%q is no ARN and no account: write arn:aws:iam::ACCOUNT:role/NAME, the 12 digits of an account, or nothing for all entries", args[0])
}

// entriesIn reads the map of a file, or the live one; lost says that EKS does not read it.
func entriesIn(c *cobra.Command, file string, flags *clusterFlags, s Streams) (doc *awsauth.Document, lost, err error) {
	if file != "" {
		f, d, err := loadMap(file, s)
		if err != nil {
			return nil, nil, err
		}
		doc := awsauth.ReadAll(d.Data, d.BinaryData)
		notRendered(s.Err, doc, f, d)
		return doc, notRead(s.Err, doc, f, d), nil
	}
	p := newProgress(s.Err)
	defer p.done()
	r, _, err := flags.reader(p)
	if err != nil {
		return nil, nil, err
	}
	f, d, _, err := r.File(c.Context())
	if err != nil {
		return nil, nil, err
	}
	p.done()
	doc = awsauth.ReadAll(d.Data, d.BinaryData)
	return doc, notRead(s.Err, doc, f, d), nil
}

func tableOf(doc *awsauth.Document, principal string) *entryTable {
	t := &entryTable{Entries: []entryRow{}, Accounts: []string{}}
	wanted := arn.Fold(principal)
	if role, err := arn.Canonicalize(principal); err == nil {
		wanted = arn.Fold(role)
	}
	standard := policy.Default()
	errorsOf := map[entryAt][]string{}
	for _, f := range validate.Check(doc, standard.Options()) {
		at := entryAt{f.Section, f.Entry}
		if standard.Action(f.Rule).Level() == validate.Error && !slices.Contains(errorsOf[at], f.Rule) {
			errorsOf[at] = append(errorsOf[at], f.Rule)
		}
	}
	for _, section := range []*awsauth.Section{doc.Roles, doc.Users} {
		for _, e := range section.Entries {
			if principal != "" && e.FoldedARN() != wanted {
				continue
			}
			t.Entries = append(t.Entries, entryRow{
				Section: section.Key, Entry: e.Index, ARN: e.ARN, Username: e.Username, Groups: append([]string{}, e.Groups...),
				Rules: append([]string{}, errorsOf[entryAt{section.Key, e.Index}]...),
			})
		}
	}
	for _, a := range doc.Accounts.Accounts {
		if a.Valid && (principal == "" || a.Value == principal) {
			t.Accounts, t.accountAt = append(t.Accounts, a.Value), append(t.accountAt, a.Index)
		}
	}
	return t
}

var tableFormats = map[string]func(io.Writer, *entryTable) error{
	formatText: people(func(w io.Writer, t *entryTable) error { return t.text(w, false) }),
	formatWide: people(func(w io.Writer, t *entryTable) error { return t.text(w, true) }),
	formatJSON: func(w io.Writer, t *entryTable) error { return text.WriteJSON(w, t) },
	"yaml": people(func(w io.Writer, t *entryTable) error {
		out, err := yaml.Marshal(t)
		if err != nil {
			return err
		}
		_, err = w.Write(out)
		return err
	}),
}

func (t *entryTable) text(out io.Writer, wide bool) error {
	if len(t.Entries)+len(t.Accounts) == 0 {
		_, err := fmt.Fprintln(out, "no entries")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(columns ...string) {
		for i := range columns {
			columns[i] = text.Visible(columns[i])
		}
		fmt.Fprintln(w, strings.Join(columns, "\t"))
	}
	heads := []string{"ENTRY", "ARN", "USERNAME", "GROUPS"}
	if wide {
		heads = append(heads, "ALLOWS", "ERRORS")
	}
	row(heads...)
	for _, e := range t.Entries {
		columns := []string{fmt.Sprintf("%s[%d]", e.Section, e.Entry), e.ARN, e.Username, listOrDash(e.Groups)}
		if wide {
			var allows []string
			for _, g := range e.Groups {
				if what := rights.Builtin(g); what != "" {
					allows = append(allows, what)
				}
			}
			columns = append(columns, listOrDash(allows), listOrDash(e.Rules))
		}
		row(columns...)
	}
	for i, a := range t.Accounts {
		columns := []string{fmt.Sprintf("%s[%d]", awsauth.MapAccounts, t.accountAt[i]), a, "the caller's ARN", "-"}
		if wide {
			columns = append(columns, "-", "-")
		}
		row(columns...)
	}
	return w.Flush()
}

func listOrDash(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ",")
}
