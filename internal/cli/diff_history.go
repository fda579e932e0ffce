package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// diffRevisions compares a revision of the history with the live map, or with another revision.
func diffRevisions(c *cobra.Command, flags *diffFlags, s Streams, write func(io.Writer, []access.Change) error) error {
	switch {
	case flags.file != "" || flags.old != "":
		return usage(errors.New("--revision and --to compare states of the history: leave out -f and --old"))
	case flags.from == 0:
		return usage(errors.New("--to goes with --revision, the one to begin with; `kubectl aws-auth history` lists them"))
	}
	ctx := c.Context()
	p := newProgress(s.Err)
	defer p.done()
	r, config, err := flags.cluster.reader(p)
	if err != nil {
		return unreadable(err)
	}
	store, _, _, err := flags.read(ctx, r)
	if err != nil {
		return asExit(err)
	}
	old, err := documentOf(ctx, store, flags.from)
	if err != nil {
		return asExit(err)
	}
	var now *awsauth.Document
	var known trace.Doors
	if flags.to != 0 {
		if now, err = documentOf(ctx, store, flags.to); err != nil {
			return asExit(err)
		}
	} else {
		_, d, _, err := r.File(ctx)
		switch {
		case errors.Is(err, live.ErrNoMap):
		case err != nil:
			return unreadable(err)
		default:
			now = awsauth.ReadAll(d.Data, d.BinaryData)
		}
		// The access entries are those of now.
		flags.doors.namespace = flags.namespace
		if known, err = flags.doors.read(ctx, s, r, config, policy.Default()); err != nil {
			return err
		}
	}
	p.done()
	changes := access.Diff(old, now)
	err = deliverChanges(s, changes, known, write)
	if flags.to == 0 && flags.output == formatText && len(changes) > 0 {
		fmt.Fprintf(s.prose(), "put revision %d back: %s undo --to %d%s\n", flags.from, plugin, flags.from, flags.again())
	}
	return err
}
