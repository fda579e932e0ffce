package validate

import (
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// mappedInIAM is an entry that counts, for a role or user of an account of which IAM is known.
type mappedInIAM struct {
	entry     *awsauth.Entry
	principal *arn.Principal
	account   *iam.Account
	// found is what IAM has of that name, nil where it has none, which is known; unknown ones are left out.
	found *iam.Principal
}

// eachInIAM visits the entries of which IAM tells something.
func (p *Pass) eachInIAM(visit func(m *mappedInIAM)) {
	if p.iam == nil {
		return // So an edit costs nothing for it.
	}
	eachMapped(p.Doc, func(e *awsauth.Entry, principal *arn.Principal) {
		account := p.iam.Of(principal)
		if account == nil || p.filledLater(e.ARN) {
			return
		}
		if found, all := account.Find(principal); found != nil || all {
			visit(&mappedInIAM{e, principal, account, found})
		}
	})
}

// eachMapped visits the entries for roles and users by which somebody may come in.
func eachMapped(doc *awsauth.Document, visit func(e *awsauth.Entry, principal *arn.Principal)) {
	for _, row := range access.Table(doc) {
		if row.Kind == arn.Role || row.Kind == arn.User {
			e := doc.Section(row.Section).Entries[row.Entry]
			visit(e, e.Principal())
		}
	}
}

// InIAM are the roles and users by which somebody may come in, each once.
func InIAM(doc *awsauth.Document) []arn.Principal {
	var list []arn.Principal
	seen := map[string]bool{}
	eachMapped(doc, func(e *awsauth.Entry, principal *arn.Principal) {
		if !seen[e.FoldedARN()] {
			list = append(list, *principal)
		}
		seen[e.FoldedARN()] = true
	})
	return list
}

// UntoldByIAM says what is not known of IAM about a map; nothing where nobody asked.
func UntoldByIAM(doc *awsauth.Document, known *iam.Accounts, later func(string) bool) []string {
	if known == nil {
		return nil
	}
	var untold []string
	eachMapped(doc, func(e *awsauth.Entry, principal *arn.Principal) {
		if later != nil && later(e.ARN) {
			return
		}
		account := known.Of(principal)
		if account == nil {
			why := ""
			if asked := known.Asked(); asked != nil {
				why = fmt.Sprintf("it was asked about your own, %s, alone; ", asked.ID)
			}
			where := principal.Account
			if principal.Partition != "aws" {
				where += " in the partition " + principal.Partition
			}
			untold = append(untold, fmt.Sprintf("IAM is not known of the account %s: %sgive its file with --iam too", where, why))
			return
		}
		if why := account.Untold(principal); why != "" {
			untold = append(untold, why)
		}
	})
	slices.Sort(untold)
	return slices.Compact(untold)
}

// getsIn says what somebody gets who comes in by an entry.
func getsIn(e *awsauth.Entry) string {
	if len(e.Groups) == 0 {
		return "without groups"
	}
	return "with " + text.Choose(len(e.Groups), "the group ", "the groups ") + text.Short(text.List(e.Groups), maxQuoted)
}
