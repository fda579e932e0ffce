package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/evidence"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// kept are the edits of the guard's own history.
func (f *replayFlags) kept(ctx context.Context, s Streams) ([]pastEdit, error) {
	progress := newProgress(s.Err)
	defer progress.done()
	reader, _, err := f.cluster.reader(progress)
	if err != nil {
		return nil, unreadable(err)
	}
	store, _, all, err := f.read(ctx, reader)
	if err != nil {
		return nil, asExit(err)
	}
	var edits []pastEdit
	var last *corev1.ConfigMap
	for i, r := range slices.Backward(all) {
		_, content, err := store.Get(ctx, r.Number)
		if errors.Is(err, history.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, unreadable(fmt.Errorf("reading the history: %w", err))
		}
		var after *corev1.ConfigMap
		if !content.Deleted {
			after = objectOf(&evidence.State{Data: content.Data, BinaryData: content.BinaryData}, map[string]string{})
			if r.Override != "" {
				after.Annotations[policy.OverrideAnnotation] = r.Override
			}
		}
		if i < len(all)-1 {
			edit := &evidence.Edit{Time: r.Time, Manager: r.Manager, User: evidence.User{Username: r.User}}
			edits = append(edits, pastEdit{edit, last, after, after})
		}
		last = after
	}
	return edits, nil
}
