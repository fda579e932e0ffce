package awsauth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/typo"
)

// Miss is an entry that does not match a caller but looks as if it was meant to.
type Miss struct {
	Section Key
	Entry   int
	ARN     string
	Why     Sentence

	rank int
}

// maxMisses bounds what is said about one caller.
const maxMisses = 5

// ssoSuffix is what IAM Identity Center appends to the role of a permission set.
var ssoSuffix = regexp.MustCompile(`(?i)^(AWSReservedSSO_.+_)[0-9a-f]{16}$`)

// nearest finds what comes closest to a canonical caller ARN that no entry has.
func (d *Document) nearest(canonical string) []Miss {
	caller, err := arn.ParsePrincipal(canonical)
	if err != nil {
		return nil
	}
	var misses []Miss
	add := func(s *Section, entry int, written string, rank int, why ...any) {
		misses = append(misses, Miss{Section: s.Key, Entry: entry, ARN: written, Why: Say(why...), rank: rank})
	}
	for _, s := range []*Section{d.Roles, d.Users} {
		for _, e := range s.Entries {
			if rank, why := d.whyNot(e, caller, canonical); why != "" {
				add(s, e.Index, e.ARN, rank, fmt.Sprintf("%s[%d] %s", s.Key, e.Index, why))
			}
		}
		if at, trailing := s.Trailing(); s.Discarded() || trailing {
			for _, m := range s.Mentions() {
				if _, why := missBetween(m.ARN, caller, canonical); why == "" && !strings.EqualFold(m.ARN, canonical) {
					continue
				}
				if s.Discarded() {
					add(s, -1, m.ARN, 0, s.Key, " names it on ", s.Line(m.Span.Start), ", but ", s.whyLost(), ", so all of it is lost")
				} else if m.Span.Start >= at {
					add(s, -1, m.ARN, 0, s.Key, " names it on ", s.Line(m.Span.Start), ", after the first YAML document, where EKS reads nothing")
				}
			}
		}
	}
	slices.SortStableFunc(misses, func(a, b Miss) int { return a.rank - b.rank })
	return misses[:min(len(misses), maxMisses)]
}

// whyNot says why an entry that looks meant for the caller does not match it; lower ranks are nearer.
func (d *Document) whyNot(e *Entry, caller arn.Principal, canonical string) (rank int, why string) {
	if e.Valid && e.SSO == nil {
		return missBetween(e.ARN, caller, canonical)
	}
	if e.SSO != nil {
		prefix := arn.Fold("AWSReservedSSO_" + e.SSO.PermissionSetName + "_")
		if strings.HasPrefix(arn.Fold(caller.Name), prefix) {
			return 1, "uses sso:, which EKS does not match; write rolearn: " + canonical
		}
		return 0, ""
	}
	for _, f := range e.Fields() {
		if f.Value != nil && strings.EqualFold(f.Value.Value, canonical) {
			return 0, fmt.Sprintf("names it under %q, but the entry is dropped: %s", f.Name, e.Invalid)
		}
	}
	return 0, ""
}

// missBetween compares an ARN of the map with that of a caller who does not have it.
func missBetween(written string, caller arn.Principal, canonical string) (rank int, why string) {
	trimmed := strings.Trim(written, " \t\r\n\u00a0\u200b\"'`<>“”‘’,/")
	if trimmed != written && strings.EqualFold(trimmed, canonical) {
		return 0, fmt.Sprintf("has the ARN with extra characters around it (%q), which never matches", written)
	}
	p, err := arn.ParsePrincipal(trimmed)
	if err != nil {
		return 0, ""
	}
	sameAccount := p.Account == caller.Account
	samePartition := arn.Fold(p.Partition) == arn.Fold(caller.Partition)
	sameName := p.Name != "" && arn.Fold(p.Name) == arn.Fold(caller.Name)
	same := sameAccount && samePartition
	switch {
	case same && sameName && caller.Kind == arn.Role && p.Kind == arn.Role && p.Path != "":
		return 0, fmt.Sprintf("has the path %q in its role ARN, but callers arrive without it; write %s", p.Path+"/", canonical)
	case same && sameName && caller.Kind == arn.User && p.Kind == arn.User && p.Path != caller.Path:
		return 0, fmt.Sprintf("has another path: IAM users keep theirs; write %s", canonical)
	case same && p.Kind == arn.AssumedRole && caller.Kind == arn.Role && (firstSegment(p) == arn.Fold(caller.Name)):
		return 1, fmt.Sprintf("names a session of the role instead of the role; write %s", canonical)
	case same && sameName && p.Kind != caller.Kind:
		return 1, fmt.Sprintf("names the %s of that name, the caller is the %s; write %s", p.Kind, caller.Kind, canonical)
	case same && ssoTwins(p, caller):
		return 1, fmt.Sprintf("is the same permission set with another suffix: AWS has provisioned it again since; write %s", canonical)
	case sameName && sameAccount && p.Kind == caller.Kind:
		return 2, fmt.Sprintf("is in the partition %s, the caller in %s", p.Partition, caller.Partition)
	case sameName && samePartition && p.Kind == caller.Kind:
		return 3, fmt.Sprintf("is in the account %s, the caller in %s", p.Account, caller.Account)
	case same && p.Kind == caller.Kind && len(p.Name) > 3 && typo.Near(arn.Fold(p.Name), arn.Fold(caller.Name)):
		return 4, fmt.Sprintf("has the name %s, the caller %s", p.Name, caller.Name)
	}
	return 0, ""
}

// firstSegment is the role of an assumed-role ARN.
func firstSegment(p arn.Principal) string {
	role, _, _ := strings.Cut(p.Path, "/")
	if role == "" {
		role = p.Name
	}
	return arn.Fold(role)
}

func ssoTwins(p, caller arn.Principal) bool {
	a, b := ssoSuffix.FindStringSubmatch(p.Name), ssoSuffix.FindStringSubmatch(caller.Name)
	return a != nil && b != nil && strings.EqualFold(a[1], b[1])
}
