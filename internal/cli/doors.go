package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/accessmap"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// doorFlags say from where the access entries are known.
type doorFlags struct {
	file, namespace string
	// maxAge is how old a snapshot may be; 0 leaves it to the policy.
	maxAge time.Duration
}

func (f *doorFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.file, "access-snapshot", "",
		"the `file` with a snapshot of the access entries, instead of that of the guard's ConfigMap "+accessmap.Name)
	c.Flags().DurationVar(&f.maxAge, "max-age", 0, "how old the snapshot may be, instead of what the policy says (default: 1h)")
	completeFlagBy(c, "max-age", cobra.NoFileCompletions)
}

// registerNamespace adds the flag for a command that has none of this name.
func (f *doorFlags) registerNamespace(c *cobra.Command) {
	c.Flags().StringVarP(&f.namespace, "namespace", "n", history.DefaultNamespace,
		"the `namespace` of the guard, where the snapshot of the access entries is")
	completeFlagBy(c, "namespace", cobra.NoFileCompletions)
}

// read finds the snapshot: the one in the file, or that of the cluster; a reader of nil asks no cluster. The error is about
// the file alone: what a cluster does not tell is not known.
func (f *doorFlags) read(ctx context.Context, s Streams, r *live.Reader, config *rest.Config, p *policy.Policy) (trace.Doors, error) {
	maxAge := cmp.Or(f.maxAge, p.MaxAge)
	var taken *snapshot.Snapshot
	var err error
	switch {
	case f.file != "":
		if taken, err = readSnapshot(f.file, s.In); err != nil {
			return trace.Doors{}, unreadable(err)
		}
		if r == nil {
			return trace.Doors{View: taken.At(time.Now(), maxAge)}, nil
		}
	case r == nil:
		return trace.Doors{}, nil
	default:
		if r.Progress != nil {
			r.Progress("the snapshot of the access entries")
		}
		taken, err = accessmap.Store{Client: r.Client, Namespace: cmp.Or(f.namespace, history.DefaultNamespace)}.Read(ctx)
		switch {
		case errors.Is(err, accessmap.ErrNone):
			take := plugin + " access-entries snapshot --write"
			return trace.Doors{Unknown: fmt.Sprintf("there is no snapshot of the access entries; %q takes one", take)}, nil
		case apierrors.IsForbidden(err):
			return trace.Doors{Unknown: "you may not read the snapshot of the access entries: " + err.Error(), Unread: true}, nil
		case err != nil:
			return trace.Doors{Unknown: err.Error(), Unread: true}, nil
		}
	}
	hash, err := accessmap.CAHash(ctx, r.Client, config, taken.Cluster.CAHash)
	if err != nil {
		return trace.Doors{Unknown: err.Error(), Unread: true}, nil
	}
	return trace.Doors{View: taken.At(time.Now(), maxAge).Of(hash)}, nil
}

// tellDoors says, before changes are shown, what is known of the access entries.
func tellDoors(w io.Writer, d *trace.Doors, changes []access.Change) {
	switch {
	case len(changes) == 0:
	case d.View != nil:
		_, _ = io.WriteString(text.Writer{Writer: w}, access.Headline(d.View))
	case d.Unread:
		fmt.Fprintf(text.Writer{Writer: w}, "access entries are not known: %s\n", d.Unknown)
	}
}
