package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history/restore"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// lastGood is the newest good state that differs from the live map. One that lacks a protected entry because an edit outside the
// guard took it away comes after all others, and is refused where the live map has the entry.
func lastGood(all []*history.Revision, live history.Content, read func(*history.Revision) (history.Content, error)) (*target, error) {
	var second, takes *target
	present := live.Name()
	for i, r := range all {
		if !r.Good || r.Name == present {
			continue
		}
		content, err := read(r)
		if err != nil {
			return nil, fmt.Errorf("reading the history: %w", err)
		}
		to := &target{Revision: r, content: content, lacks: restore.Lacks(all[i:], content)}
		switch {
		case len(to.lacks) == 0:
			return to, nil
		case takes == nil && hasAny(live, to.lacks):
			takes = to
		case second == nil && !hasAny(live, to.lacks):
			second = to
		}
	}
	switch {
	case second != nil:
		return second, nil
	case takes != nil:
		return nil, fmt.Errorf("the good states that differ from the live map lack what the policy protects and the live map has: revision %d, %s, "+
			"which an edit outside the guard took away; `kubectl aws-auth history` lists what there is, and --to REVISION takes any", takes.Number, namesOf(takes.lacks))
	}
	return nil, errors.New("the history has no good state that differs from the live map; `kubectl aws-auth history` lists what there is, and --to REVISION takes any")
}

// hasAny reports whether a state lets in one of the principals.
func hasAny(state history.Content, principals []string) bool {
	return slices.ContainsFunc(access.Table(state.Document()), func(p access.Principal) bool {
		return !p.Account && slices.ContainsFunc(principals, func(of string) bool { return arn.Fold(of) == arn.Fold(p.ARN) })
	})
}

// maxLacks bounds the principals that are named.
const maxLacks = 3

func namesOf(principals []string) string {
	names := make([]string, 0, len(principals))
	for _, p := range principals {
		names = append(names, text.Name(p))
	}
	return text.Some(names, maxLacks)
}
