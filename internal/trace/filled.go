package trace

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// filledLater are the entries that may be meant for a caller, for all that the file shows: those first that say the most.
func filledLater(doc *awsauth.Document, d *manifest.Document, caller string) []awsauth.Miss {
	canonical, err := arn.Canonicalize(caller)
	if err != nil {
		return nil
	}
	var may []awsauth.Miss
	for _, s := range []*awsauth.Section{doc.Roles, doc.Users} {
		for _, e := range s.Entries {
			if d.MayBecome(e.ARN, canonical) {
				may = append(may, awsauth.Miss{Section: s.Key, Entry: e.Index, ARN: e.ARN, Why: awsauth.Say(fmt.Sprintf(
					"%s[%d] may be the one: another tool fills in a part of its ARN, so that can't be judged before the file is rendered", s.Key, e.Index))})
			}
		}
	}
	slices.SortStableFunc(may, func(a, b awsauth.Miss) int { return len(d.Fixed(b.ARN)) - len(d.Fixed(a.ARN)) })
	for _, a := range doc.Accounts.Accounts {
		if parsed, err := arn.Parse(canonical); err == nil && d.MayBecome(a.Value, parsed.Account) {
			may = append(may, awsauth.Miss{Section: awsauth.MapAccounts, Entry: a.Index, ARN: a.Value, Why: awsauth.Say(fmt.Sprintf(
				"%s[%d] may let the caller in: another tool fills in a part of it, so that can't be judged before the file is rendered", awsauth.MapAccounts, a.Index))})
		}
	}
	return may[:min(len(may), maxFilledLater)]
}

// maxFilledLater bounds what is said of them.
const maxFilledLater = 5

// unrendered says why what a map gives to a caller is not known before other tools have filled in their parts, nothing where it is.
func unrendered(doc *awsauth.Document, d *manifest.Document, caller string, r *awsauth.Resolution) string {
	var why []string
	if r.Match != nil && slices.ContainsFunc(append([]string{r.Match.Username}, r.Match.Groups...), d.Unrendered) {
		why = append(why, "another tool fills in a part of this entry: what it gives is known when the file is rendered")
	}
	if later := MayWin(doc, d, caller, r.Match); len(later) > 0 {
		names := make([]string, 0, len(later))
		for _, e := range later {
			names = append(names, fmt.Sprintf("%s[%d]", e.Section.Key, e.Index))
		}
		why = append(why, fmt.Sprintf("%s may win over this one: another tool fills in a part of the ARN there, so which of them EKS takes is known "+
			"when the file is rendered", text.Some(names, maxFilledLater)))
	}
	return strings.Join(why, "; ")
}

// MayWin are the entries that EKS takes instead of the one that matches a caller, nil for an account, if what another tool fills
// in makes their ARN the caller's: EKS looks into mapRoles first, then mapUsers, then mapAccounts, and takes the last of a list.
func MayWin(doc *awsauth.Document, d *manifest.Document, caller string, match *awsauth.Entry) []*awsauth.Entry {
	canonical, err := arn.Canonicalize(caller)
	if err != nil {
		return nil
	}
	var may []*awsauth.Entry
	for _, s := range []*awsauth.Section{doc.Roles, doc.Users} {
		for _, e := range s.Entries {
			before := match != nil && s == match.Section && e.Index <= match.Index
			if !before && d.MayBecome(e.ARN, canonical) {
				may = append(may, e)
			}
		}
		if match != nil && s == match.Section {
			break
		}
	}
	return may
}
