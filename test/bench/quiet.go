package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster"
	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
)

const (
	quietTitle = "The first edit after a quiet while, of a map of 10 entries"
	// quietEdits are made by each variant, each after a quiet of quietLength: longer than the guard keeps answers.
	quietEdits  = 15
	quietLength = cluster.DefaultKeep + 500*time.Millisecond
	// quietEntries are those of the map, quietFirst tells its texts from those of the other tables.
	quietEntries = 10
	quietFirst   = 1_000_000
)

// quietTable lets each variant edit the map once after each quiet while, in a new order each time. People edit so: the guard
// then has no answer of the cluster that is fresh, and nothing is warm.
func (l *lab) quietTable(ctx context.Context) (*figures.Table, error) {
	present := l.present()
	took := map[*variant][]time.Duration{}
	for i := range quietEdits {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(quietLength):
		}
		for j, k := range rand.Perm(len(present)) {
			v, text := present[k], mapOf(quietEntries, quietFirst+i*len(present)+j)
			start := time.Now()
			if err := v.edit(ctx, text, false); err != nil {
				return nil, fmt.Errorf("%s: %w", v.name, err)
			}
			took[v] = append(took[v], time.Since(start))
		}
	}
	for _, v := range present {
		slices.Sort(took[v])
	}
	t := &figures.Table{
		Title:  quietTitle,
		Header: []string{"asked about the edit", "p50", "slowest", "p50 ÷ no-op"},
		Note: fmt.Sprintf("%d edits of each, after %s without any: the guard then asks the API server again, and answers no later than its deadline.",
			quietEdits, quietLength),
	}
	for _, v := range l.variants {
		if v.absentFrom(t) {
			continue
		}
		p50 := figures.Quantile(took[v], 0.5)
		t.Add(v.name, figures.Round(p50), figures.Round(took[v][len(took[v])-1]), figures.Ratio(p50, figures.Quantile(took[l.nothing(v)], 0.5)))
	}
	return t, nil
}
