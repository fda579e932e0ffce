package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/edit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

func newSet(s Streams) *cobra.Command {
	flags := newEntryFlags()
	var update edit.Update
	var username string
	c := &cobra.Command{
		Use:   "set ARN",
		Short: "Change the username or the groups of an entry",
		Long: `Change one entry of the live map, or of a file with -f. Every other byte stays: comments, order, quotes.

It first shows who gains and loses access and what changes in the text, and asks for confirmation.

Exit codes: 0 written, or the map says this already; 1 refused or declined; 2 wrong usage; 3 a map that can't be read or
written.`,
		Example: `  kubectl aws-auth set arn:aws:iam::111122223333:role/dev --add-group viewers --remove-group developers
  kubectl aws-auth set arn:aws:iam::111122223333:role/dev --username dev -f aws-auth.yaml`,
		SuggestFor:        []string{"edit", "change", "update", "modify"},
		Args:              oneArgument("the ARN of the entry"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("username") {
				update.Username = &username
			}
			if update.Username == nil && len(update.AddGroups)+len(update.RemoveGroups) == 0 {
				return usage(errors.New("say what to change: --username, --add-group or --remove-group"))
			}
			if slices.ContainsFunc(update.AddGroups, unusableGroup) {
				return usage(groupAdvice("--add-group", update.AddGroups))
			}
			if err := printable(username, update.AddGroups); err != nil {
				return usage(err)
			}
			for _, g := range update.AddGroups {
				if slices.Contains(update.RemoveGroups, g) {
					return usage(fmt.Errorf("the group %s is to be added and removed", text.Quote(g)))
				}
			}
			return flags.edit(c, s, func(*awsauth.Document) ([]operation, error) {
				return []operation{func(doc *awsauth.Document) (*edit.Result, error) {
					e, err := theEntry(doc, args[0], "")
					if err != nil {
						return nil, err
					}
					if lacks := lacking(e, update.RemoveGroups); lacks != "" && update.Username == nil && len(update.AddGroups) == 0 {
						return nil, fmt.Errorf("%s does not have the group %s: it has %s", placeOf(e), text.Quote(lacks), says(e))
					}
					return edit.Set(doc, e, update)
				}}, nil
			})
		},
	}
	c.Flags().StringVar(&username, "username", "", "the Kubernetes `username`")
	c.Flags().StringArrayVar(&update.AddGroups, "add-group", nil, "a Kubernetes `group` that the entry gets; can be given more than once")
	c.Flags().StringArrayVar(&update.RemoveGroups, "remove-group", nil, "a Kubernetes `group` that the entry loses; can be given more than once")
	marksEdit(c, "username", "add-group", "remove-group")
	flags.register(c)
	return c
}

// lacking is the first of the groups that an entry does not have, "" for none.
func lacking(e *awsauth.Entry, groups []string) string {
	for _, g := range groups {
		if !slices.Contains(e.Groups, g) {
			return g
		}
	}
	return ""
}

// theEntry is the one entry of a principal.
func theEntry(doc *awsauth.Document, principal, username string) (*awsauth.Entry, error) {
	found := edit.Find(doc, principal, username)
	switch len(found) {
	case 0:
		return nil, notFound(doc, principal, username)
	case 1:
		return found[0], nil
	}
	return nil, severalEntries(found)
}

// notThere says that no entry fits, and which one was perhaps meant.
func notThere(doc *awsauth.Document, principal, username string) error {
	what := "the ARN " + text.Visible(principal)
	if principal == "" {
		what = "the username " + text.Quote(username)
	} else if username != "" {
		what += " and the username " + text.Quote(username)
	}
	err := fmt.Errorf("no entry has %s", what)
	if role, e := arn.Canonicalize(principal); e == nil && arn.Fold(role) != arn.Fold(principal) && len(edit.Find(doc, role, "")) > 0 {
		return fmt.Errorf("%w; the role of this session has one: %s", err, text.Visible(role))
	}
	if principal == "" {
		return err
	}
	p, e := arn.ParsePrincipal(principal)
	if e != nil {
		return fmt.Errorf("%w: %w", err, e)
	}
	for _, other := range doc.Mappings() {
		if o := other.Principal(); o != nil && o.Kind == p.Kind && strings.EqualFold(o.Name, p.Name) {
			return fmt.Errorf("%w; %s has %s", err, placeOf(other), text.Visible(other.ARN))
		}
	}
	return err
}

// severalEntries says that more than one entry fits.
func severalEntries(found []*awsauth.Entry) error {
	places := make([]string, len(found))
	for i, e := range found {
		places[i] = placeOf(e) + " (" + says(e) + ")"
	}
	return fmt.Errorf("%d entries fit: %s", len(found), strings.Join(places, ", "))
}

func placeOf(e *awsauth.Entry) string { return fmt.Sprintf("%s[%d]", e.Section.Key, e.Index) }

// says is what an entry gives, in a few words.
func says(e *awsauth.Entry) string {
	words := "username " + text.Quote(e.Username)
	if len(e.Groups) > 0 {
		words += ", groups " + text.Visible(strings.Join(e.Groups, ", "))
	}
	return words
}
