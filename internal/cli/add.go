package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/edit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// nodeEntries are what nodes need: EKS User Guide, "Apply the aws-auth ConfigMap to your cluster" and the pages on Windows,
// Fargate and hybrid nodes.
var nodeEntries = map[string]edit.Entry{
	"linux":   {Username: awsauth.NodeUsernamePrefix + awsauth.TemplateEC2PrivateDNSName, Groups: []string{awsauth.BootstrappersGroup, awsauth.NodesGroup}},
	"windows": {Username: awsauth.NodeUsernamePrefix + awsauth.TemplateEC2PrivateDNSName, Groups: []string{awsauth.BootstrappersGroup, awsauth.NodesGroup, awsauth.WindowsProxyGroup}},
	"fargate": {Username: awsauth.NodeUsernamePrefix + awsauth.TemplateSessionName, Groups: []string{awsauth.BootstrappersGroup, awsauth.NodesGroup, awsauth.ProxyGroup}},
	"hybrid":  {Username: awsauth.NodeUsernamePrefix + awsauth.TemplateSessionName, Groups: []string{awsauth.BootstrappersGroup, awsauth.NodesGroup}},
}

func newAdd(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "add {role ARN|user ARN|account ID}",
		Short: "Add an entry to the map",
		Long: `Add an entry to the live map, or to a file with -f: a role, an IAM user, or a whole account.

The new entry has the style of the list; no other byte changes. It first shows who gains access and what changes in the text, and asks
for confirmation. The guard, if it runs, judges the edit like any other.

Exit codes: 0 written, or the map says this already; 1 refused or declined; 2 wrong usage; 3 a map that can't be read or
written.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("say what to add: role ARN, user ARN or account ID")
			}
			if p, err := arn.ParsePrincipal(args[0]); err == nil {
				return fmt.Errorf("say what to add: %s add %s %s", plugin, kindWord(p), shellQuoted(args[0]))
			}
			return fmt.Errorf("%s can't be added: write role ARN, user ARN or account ID", text.Quote(args[0]))
		},
		SuggestFor: []string{"create", "new", "grant", "upsert", "map"},
		RunE:       func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newAddEntry(s, "role"), newAddEntry(s, "user"), newAddAccount(s))
	return c
}

// kindWord is what the entry of a principal is called on the command line.
func kindWord(p arn.Principal) string {
	if edit.SectionOf(p) == awsauth.MapUsers {
		return "user"
	}
	return "role"
}

// printable refuses to write a username or a group with a control character.
func printable(username string, groups []string) error {
	for _, name := range append([]string{username}, groups...) {
		for _, r := range name {
			if unicode.IsControl(r) {
				return fmt.Errorf("the name %s has the control character %U, so no binding matches it: leave the character out", text.Quote(name), r)
			}
		}
	}
	return nil
}

func newAddEntry(s Streams, kind string) *cobra.Command {
	flags := newEntryFlags()
	var entry edit.Entry
	var node string
	var replaces bool
	c := &cobra.Command{
		Use:   kind + " ARN",
		Short: "Add an IAM " + kind,
		Long: `Add an IAM ` + kind + ` to the map.

` + map[string]string{
			"role": `EKS compares role ARNs without their path, so a path, that of an SSO role too, is taken out of the ARN. Without --username the
entry gets the name of the role in lower case and the name of the session, as in dev:{{SessionName}}. --node writes what the
nodes of a node group need.`,
			"user": `Without --username the entry gets the name of the user in lower case.`,
		}[kind] + `

An entry that is there already and says the same is left alone. One that says something else is an error; --replace changes it.`,
		Example: map[string]string{
			"role": `  kubectl aws-auth add role arn:aws:iam::111122223333:role/dev --group developers
  kubectl aws-auth add role arn:aws:iam::111122223333:role/blue-nodes --node linux --yes
  kubectl aws-auth add role arn:aws:iam::111122223333:role/dev --username dev --group developers -f aws-auth.yaml`,
			"user": `  kubectl aws-auth add user arn:aws:iam::111122223333:user/jane --group developers`,
		}[kind],
		Args:              oneArgument("the ARN of the " + kind),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			if slices.ContainsFunc(entry.Groups, unusableGroup) {
				return usage(groupAdvice("--group", entry.Groups))
			}
			if err := printable(entry.Username, entry.Groups); err != nil {
				return usage(err)
			}
			if c.Flags().Changed("node") {
				if entry.Username != "" || len(entry.Groups) > 0 {
					return usage(errors.New("--node sets the username and the groups: leave --username and --group out"))
				}
				defaults := nodeEntries[node]
				entry.Username, entry.Groups = defaults.Username, defaults.Groups
			}
			key, err := entryFor(&entry, args[0], kind, s)
			if err != nil {
				return usage(err)
			}
			return flags.edit(c, s, func(doc *awsauth.Document) ([]operation, error) { return adds(doc, key, entry, replaces) })
		},
	}
	c.Flags().StringVar(&entry.Username, "username", "", "the Kubernetes `username`")
	c.Flags().StringArrayVarP(&entry.Groups, "group", "g", nil, "a Kubernetes `group`; can be given more than once")
	c.Flags().BoolVar(&replaces, "replace", false, "change the entry if there is one that says something else")
	marks := []string{"username", "group", "replace"}
	if kind == "role" {
		kinds := []string{"linux", "windows", "fargate", "hybrid"}
		registerChoice(c, &node, "node", "", "", "the entry that nodes of this `kind` need: "+oneOf(kinds), kinds...)
		marks = append(marks, "node")
	}
	marksEdit(c, marks...)
	flags.register(c)
	return c
}

// unusableGroup reports a text that is several groups, as other tools take them.
func unusableGroup(g string) bool { return strings.Contains(g, ",") }

// groupAdvice says how to write groups.
func groupAdvice(flag string, groups []string) error {
	for _, g := range groups {
		if strings.Contains(g, ",") {
			return fmt.Errorf("%s %s: give the flag once for each group: %s", flag, text.Quote(g), flag+" "+strings.Join(strings.Split(text.Visible(g), ","), " "+flag+" "))
		}
	}
	return nil
}

// entryFor fills in what the ARN says, and takes the path out of a role's.
func entryFor(e *edit.Entry, principal, kind string, s Streams) (awsauth.Key, error) {
	p, err := arn.ParsePrincipal(principal)
	if err != nil {
		return "", fmt.Errorf("%s: %w", text.Quote(principal), err)
	}
	if p.Kind == arn.AssumedRole {
		role, err := arn.Canonicalize(principal)
		if err != nil {
			return "", fmt.Errorf("%s: %w", text.Quote(principal), err)
		}
		return "", fmt.Errorf("this is a session of a role, and EKS compares with the role: write %s", text.Visible(role))
	}
	if err := p.Check(); err != nil {
		return "", fmt.Errorf("%s: %w", text.Quote(principal), err)
	}
	switch {
	case !p.Kind.IsCaller():
		return "", fmt.Errorf("%s is the ARN of no role and no user: nobody comes to EKS with it", text.Quote(principal))
	case kindWord(p) != kind:
		return "", fmt.Errorf("%s is the ARN of a %s: write `add %s`", text.Quote(principal), kindWord(p), kindWord(p))
	}
	e.ARN = principal
	if role, sure := p.SessionOf(); role != "" && sure {
		return "", fmt.Errorf("the last part of %s is the name of a session: write %s", text.Quote(principal), text.Visible(role))
	}
	if p.Kind == arn.Role && p.Path != "" {
		e.ARN = p.WithoutPath()
		fmt.Fprintf(s.Err, "EKS sees this role without its path, so the entry gets %s\n", text.Visible(e.ARN))
	}
	if e.Username == "" {
		e.Username = strings.ToLower(p.Name)
		if p.Kind == arn.Role {
			e.Username += ":" + awsauth.TemplateSessionName
		}
	}
	return edit.SectionOf(p), nil
}

// adds are the edits that give the map an entry.
func adds(doc *awsauth.Document, key awsauth.Key, want edit.Entry, replaces bool) ([]operation, error) {
	there := edit.Find(doc, want.ARN, "")
	switch {
	case len(there) == 0:
		return []operation{func(doc *awsauth.Document) (*edit.Result, error) { return edit.Add(doc, key, want) }}, nil
	case len(there) == 1 && there[0].Username == want.Username && sameGroups(there[0].Groups, want.Groups):
		return nil, nil
	case len(there) > 1:
		return nil, severalEntries(there)
	case !replaces:
		return nil, fmt.Errorf("%s maps it already, as %s: change that with `set`, or give --replace", placeOf(there[0]), says(there[0]))
	}
	return []operation{func(doc *awsauth.Document) (*edit.Result, error) {
		e, err := theEntry(doc, want.ARN, "")
		if err != nil {
			return nil, err
		}
		gone := slices.DeleteFunc(slices.Clone(e.Groups), func(g string) bool { return slices.Contains(want.Groups, g) })
		return edit.Set(doc, e, edit.Update{Username: &want.Username, RemoveGroups: gone, AddGroups: want.Groups})
	}}, nil
}

func sameGroups(a, b []string) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}

func newAddAccount(s Streams) *cobra.Command {
	flags := newEntryFlags()
	c := &cobra.Command{
		Use:   "account ID",
		Short: "Let in everybody of an AWS account",
		Long: `Add an AWS account to mapAccounts: every IAM user and role of it may then authenticate, under its ARN and without
groups. Mostly somebody wants an entry for one role.`,
		Example:           `  kubectl aws-auth add account 111122223333`,
		Args:              oneArgument("the account, 12 digits"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			if !arn.IsAccountID(args[0]) {
				return usage(fmt.Errorf("the account %s is not 12 digits: write all 12 without dashes", text.Quote(args[0])))
			}
			fmt.Fprintf(s.Err, "warning: everybody in account %s will get in\n", args[0])
			return flags.edit(c, s, func(*awsauth.Document) ([]operation, error) {
				return []operation{func(doc *awsauth.Document) (*edit.Result, error) { return edit.AddAccount(doc, args[0]) }}, nil
			})
		},
	}
	flags.register(c)
	return c
}

// oneArgument asks for one argument.
func oneArgument(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fmt.Errorf("give %s", what)
		case 1:
			if strings.TrimSpace(args[0]) == "" {
				return fmt.Errorf("give %s: it is empty", what)
			}
			return nil
		}
		return fmt.Errorf("give %s and no more: %d arguments", what, len(args))
	}
}
