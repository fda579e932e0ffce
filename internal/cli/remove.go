package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/accessentry"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/edit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func newRemove(s Streams) *cobra.Command {
	flags := newEntryFlags()
	var username string
	var all, covered bool
	var doors doorFlags
	c := &cobra.Command{
		Use:   "remove {ARN|ACCOUNT|--username NAME|--covered}",
		Short: "Remove an entry from the map",
		Long: `Remove an entry of the live map, or of a file with -f, with the comments that belong to it. Every other byte stays.

Name it by its ARN, by its username, or by both; an account of mapAccounts by its number. Where several entries fit, --all
removes them all.

--covered removes all mappings that their access entries cover, by a snapshot of these; see access-entries verify. Where that
would be all of them, it leaves the last one: the guard refuses an emptied map until EKS has stopped reading it.

Exit codes: 0 written; 1 not there, refused or declined; 2 wrong usage; 3 a map that can't be read or written.`,
		Example: `  kubectl aws-auth remove arn:aws:iam::111122223333:role/dev
  kubectl aws-auth remove --username dev --all --yes
  kubectl aws-auth remove 111122223333 -f aws-auth.yaml
  kubectl aws-auth remove --covered`,
		SuggestFor: []string{"delete", "rm", "revoke", "unmap"},
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case covered && (len(args) > 0 || username != "" || all):
				return errors.New("--covered says what to remove: leave the ARN, --username and --all out")
			case len(args) == 0 && username == "" && !covered:
				return errors.New("say what to remove: an ARN, an account, --username NAME or --covered")
			case len(args) == 1 && strings.TrimSpace(args[0]) == "":
				return errors.New("the ARN is empty: say what to remove")
			case len(args) > 1:
				return fmt.Errorf("give one ARN or account and no more: %d arguments", len(args))
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			principal := strings.Join(args, "")
			if covered {
				view, err := entriesOf(c, flags, &doors, s)
				if err != nil {
					return err
				}
				return flags.edit(c, s, func(doc *awsauth.Document) ([]operation, error) {
					gone := accessentry.Removable(doc, view)
					if len(gone) == 0 {
						return nil, cmp.Or(edit.Sound(doc.Roles), edit.Sound(doc.Users))
					}
					return removal(gone), nil
				})
			}
			if arn.IsAccountID(principal) {
				if username != "" {
					return usage(errors.New("an account has no username: leave --username out"))
				}
				return flags.edit(c, s, func(*awsauth.Document) ([]operation, error) {
					return []operation{func(doc *awsauth.Document) (*edit.Result, error) { return edit.RemoveAccount(doc, principal) }}, nil
				})
			}
			return flags.edit(c, s, func(doc *awsauth.Document) ([]operation, error) { return removes(doc, principal, username, all) })
		},
	}
	c.Flags().StringVar(&username, "username", "", "remove the entry with this `username`")
	c.Flags().BoolVar(&all, "all", false, "remove all entries that fit")
	c.Flags().BoolVar(&covered, "covered", false, "remove the mappings that access entries cover")
	doors.register(c)
	doors.registerNamespace(c)
	marksEdit(c, "username", "all", "covered", "access-snapshot", "max-age", "namespace")
	flags.register(c)
	return c
}

// entriesOf is what is known of the access entries. What is not known covers nothing, so it is an error.
func entriesOf(c *cobra.Command, flags *entryFlags, known *doorFlags, s Streams) (*snapshot.View, error) {
	var r *live.Reader
	var config *rest.Config
	switch {
	case flags.file != "" && known.file == "":
		return nil, usage(errors.New("give the snapshot of the access entries with --access-snapshot FILE"))
	case flags.file == "":
		p := newProgress(s.Err)
		defer p.done()
		var err error
		if r, config, err = flags.cluster.reader(p); err != nil {
			return nil, unreadable(err)
		}
	}
	found, err := known.read(c.Context(), s, r, config, policy.Default())
	switch {
	case err != nil:
		return nil, err
	case found.View == nil:
		return nil, unreadable(errors.New(found.Unknown))
	case found.View.Trouble != "":
		return nil, unreadable(fmt.Errorf("the snapshot of the access entries covers nothing: %s", found.View.Trouble))
	}
	return found.View, nil
}

func removes(doc *awsauth.Document, principal, username string, all bool) ([]operation, error) {
	found := edit.Find(doc, principal, username)
	switch {
	case len(found) == 0:
		return nil, notFound(doc, principal, username)
	case len(found) > 1 && !all:
		return nil, fmt.Errorf("%w; --all removes them all", severalEntries(found))
	}
	return removal(found), nil
}

// removal takes entries out, given in the order of the map: one edit of each list, however many they are.
func removal(gone []*awsauth.Entry) []operation {
	at := map[awsauth.Key][]int{}
	for _, e := range gone {
		at[e.Section.Key] = append(at[e.Section.Key], e.Index)
	}
	var operations []operation
	for _, key := range awsauth.Keys() {
		if len(at[key]) > 0 {
			operations = append(operations, func(doc *awsauth.Document) (*edit.Result, error) { return edit.RemoveItems(doc, key, at[key]) })
		}
	}
	return operations
}
