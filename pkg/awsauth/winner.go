package awsauth

import (
	"slices"
	"strings"
)

// ByPrincipal groups entries that the authenticator takes for the same principal. Entries without an ARN are left out, and
// all keep their order.
func ByPrincipal(entries []*Entry) [][]*Entry {
	var groups [][]*Entry
	at := make(map[string]int, len(entries))
	for _, e := range entries {
		if e.ARN == "" {
			continue
		}
		i, known := at[e.FoldedARN()]
		if !known {
			i = len(groups)
			at[e.FoldedARN()] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], e)
	}
	return groups
}

// candidates are those of a principal's entries, given in the order of Mappings, that the authenticator may use: of the
// first section that has any, of those filed under one key the last. The one that stands last comes first. Where there are
// several, their ARNs differ in letter case, and each request meets one of them at random: the authenticator ranges over
// a Go map (pkg/mapper/configmap/configmap.go, UserMapping).
func candidates(duplicates []*Entry) []*Entry {
	var found []*Entry
	seen := map[string]bool{}
	for _, e := range slices.Backward(duplicates) {
		if key := e.storeKey(); e.Section.Key == duplicates[0].Section.Key && !seen[key] {
			seen[key] = true
			found = append(found, e)
		}
	}
	return found
}

// Winner is the one of a principal's entries, given in the order of Mappings, that the authenticator uses. It is random
// where it is one of several that differ in what they give.
func Winner(duplicates []*Entry) (winner *Entry, random bool) {
	if len(duplicates) == 1 {
		return duplicates[0], false
	}
	all := candidates(duplicates)
	effect := all[0].Effect()
	return all[0], slices.ContainsFunc(all[1:], func(e *Entry) bool { return e.Effect() != effect })
}

// Effect is a key for what the entry gives: the username, and the groups in any order.
func (e *Entry) Effect() string {
	groups := slices.Compact(slices.Sorted(slices.Values(e.Groups)))
	return e.Username + "\x00" + strings.Join(groups, "\x00")
}

// storeKey is the key under which the authenticator files an entry, the later one replacing the earlier:
// pkg/config/mapper.go, Key. Roles are filed in lower case, users as written.
func (e *Entry) storeKey() string {
	if e.Section.Key == MapRoles {
		return strings.ToLower(e.ARN)
	}
	return e.ARN
}
