package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/accessmap"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

type snapshotFlags struct {
	awsFlags
	files             []string
	takenAt           string
	output, namespace string
	write             bool
}

func newSnapshot(s Streams) *cobra.Command {
	flags := snapshotFlags{awsFlags: newAWSFlags()}
	c := &cobra.Command{
		Use:   "snapshot --cluster NAME [-o FILE] [--write]",
		Short: "Read the access entries from EKS, for verify and for the guard",
		Long: `Read the authentication mode and the access entries of a cluster from EKS, and from IAM when their roles and users were
created: an access entry is of the role that had the name when it was made, and lets a role that was created again later
not in. Whom IAM does not tell of, because you may not ask or because it is of another account, counts for nothing, and
snapshot says so.

It asks with the AWS credentials of your machine: eks:DescribeCluster, eks:ListAccessEntries, eks:DescribeAccessEntry,
eks:ListAssociatedAccessPolicies, iam:GetRole and iam:GetUser. Or it asks nobody and reads, with -f, what the AWS CLI has
printed: describe-cluster, list-access-entries, and for each access entry describe-access-entry and
list-associated-access-policies, with iam get-role or list-roles (get-user, list-users). What is incomplete is refused.
The outputs may be JSON, several in a file, or YAML, each in a file.

--write puts the snapshot into the ConfigMap ` + accessmap.Name + ` of the guard's namespace, where the guard and verify find it.
A snapshot of another cluster is refused there, and never takes the place of a newer one.

Exit codes: 0 taken, 2 wrong usage, 3 something that can't be read or written.`,
		Example: `  kubectl aws-auth access-entries snapshot --cluster production -o access.json
  kubectl aws-auth access-entries snapshot --cluster production --write
  aws eks list-access-entries --cluster-name production > list.json
  kubectl aws-auth access-entries snapshot -f cluster.json list.json entries.json roles.json -o access.json`,
		SuggestFor:        []string{"take", "export", "read"},
		ValidArgsFunction: completeFiles,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 && len(flags.files) == 0 {
				return fmt.Errorf("to read what the AWS CLI has printed, write: %s access-entries snapshot -f %s", plugin, words(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			flags.files = append(flags.files, args...)
			if err := flags.check(); err != nil {
				return usage(err)
			}
			if err := once(flags.files); err != nil {
				return err
			}
			p := newProgress(s.Err)
			defer p.done()
			taken, notes, err := flags.take(c.Context(), s, p)
			if err != nil {
				return unreadable(err)
			}
			p.done()
			for _, n := range notes {
				fmt.Fprintf(s.Err, "note: %s\n", text.Visible(n))
			}
			if err := flags.deliver(c.Context(), s, taken); err != nil {
				return unreadable(err)
			}
			return nil
		},
	}
	flags.awsFlags.register(c)
	c.Flags().StringArrayVarP(&flags.files, "file", "f", nil, "read `files` with what the AWS CLI has printed, instead of asking AWS; - is standard input")
	c.Flags().StringVar(&flags.takenAt, "taken-at", "", "the `time` when the AWS CLI printed them, as 2026-03-01T12:00:00Z; by default that of the oldest file")
	c.Flags().StringVarP(&flags.output, "output", "o", "", "the `file` to write; by default standard output, unless --write is given")
	c.Flags().BoolVar(&flags.write, "write", false, "put it into the cluster, where the guard reads it")
	c.Flags().StringVarP(&flags.namespace, "namespace", "n", history.DefaultNamespace, "the `namespace` of the guard, for --write")
	for _, name := range []string{"taken-at", "namespace"} {
		completeFlagBy(c, name, cobra.NoFileCompletions)
	}
	flags.live.register(c)
	return c
}

func (f *snapshotFlags) check() error {
	if len(f.files) == 0 {
		if f.takenAt != "" {
			return errors.New("--taken-at goes with -f: AWS is asked now")
		}
		return f.awsFlags.check()
	}
	if f.cluster+f.region+f.profile != "" {
		return errors.New("-f reads files and asks nobody: leave --cluster, --region and --profile out")
	}
	if f.takenAt != "" {
		if _, err := time.Parse(time.RFC3339, f.takenAt); err != nil {
			return fmt.Errorf("--taken-at %q: write a time such as 2026-03-01T12:00:00Z", f.takenAt)
		}
	}
	return nil
}

// take reads files or asks AWS.
func (f *snapshotFlags) take(ctx context.Context, s Streams, p *progress) (*snapshot.Snapshot, []string, error) {
	if len(f.files) > 0 {
		return f.saved(s)
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	r, err := f.reader(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	taken, notes, err := r.Snapshot(ctx, f.cluster)
	return taken, notes, f.late(ctx, err)
}

// saved reads what the AWS CLI has printed. Its outputs don't say when, so the oldest file has to.
func (f *snapshotFlags) saved(s Streams) (*snapshot.Snapshot, []string, error) {
	at := time.Now()
	var texts []snapshot.Saved
	for _, path := range f.files {
		raw, err := readFile(path, s.In)
		if err != nil {
			return nil, nil, err
		}
		texts = append(texts, snapshot.Saved{Name: path, Text: string(raw)})
		if info, err := os.Stat(path); path != "-" && err == nil && info.ModTime().Before(at) {
			at = info.ModTime()
		}
	}
	if f.takenAt != "" {
		given, err := time.Parse(time.RFC3339, f.takenAt)
		if err != nil {
			return nil, nil, err
		}
		at = given
	}
	return snapshot.FromSaved(at, texts...)
}

// deliver writes the snapshot where it was asked for.
func (f *snapshotFlags) deliver(ctx context.Context, s Streams, taken *snapshot.Snapshot) error {
	written, err := taken.Write()
	if err != nil {
		return err
	}
	switch {
	case f.output != "" && f.output != "-":
		if err := os.WriteFile(f.output, written, 0o644); err != nil { //nolint:gosec // It holds no secrets, and pipelines share it.
			return fmt.Errorf("writing the snapshot: %w", err)
		}
	case f.output == "-" || !f.write:
		if _, err := s.Out.Write(written); err != nil {
			return fmt.Errorf("writing the snapshot: %w", err)
		}
	}
	if !f.write {
		return nil
	}
	p := newProgress(s.Err)
	defer p.done()
	r, config, err := f.live.reader(p)
	if err != nil {
		return err
	}
	if err := isOf(ctx, r.Client, config, taken); err != nil {
		return err
	}
	if err := (accessmap.Store{Client: r.Client, Namespace: f.namespace}).Write(ctx, taken); err != nil {
		return err
	}
	p.done()
	fmt.Fprintf(s.Err, "%s of %s, mode %s, put into the ConfigMap %s/%s\n", text.Count(len(taken.Entries), "access entry"),
		taken.Cluster.Name, taken.Cluster.AuthenticationMode, f.namespace, accessmap.Name)
	return nil
}

// isOf refuses a snapshot of another cluster than the one that kubectl talks to.
func isOf(ctx context.Context, client kubernetes.Interface, config *rest.Config, taken *snapshot.Snapshot) error {
	hash, err := accessmap.CAHash(ctx, client, config, taken.Cluster.CAHash)
	switch {
	case err != nil:
		return err
	case hash == "" || taken.Cluster.CAHash == "":
		return fmt.Errorf("whether kubectl talks to the cluster %s can't be known: one of the two has no certificate authority to compare",
			taken.Cluster.Name)
	case hash != taken.Cluster.CAHash:
		return fmt.Errorf("kubectl talks to another cluster than %s: their certificate authorities differ", taken.Cluster.ARN)
	}
	return nil
}
