package accessentry

import (
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// Removable are the mappings that access entries cover, in the order of the map. Where that would be all that the map holds,
// the last one stays out, until EKS has stopped reading the map: the guard refuses an emptied one.
func Removable(doc *awsauth.Document, view *snapshot.View) []*awsauth.Entry {
	table := access.Table(doc)
	covered := map[string]bool{}
	for i := range table {
		if c := access.Compare(&table[i], view); c.Covered() {
			covered[arn.Fold(table[i].ARN)] = true
		}
	}
	var gone []*awsauth.Entry
	rest := len(doc.Accounts.Accounts)
	for _, e := range doc.Mappings() {
		if covered[e.FoldedARN()] {
			gone = append(gone, e)
		} else {
			rest++
		}
	}
	if rest == 0 && len(gone) > 0 && view.Mode() != snapshot.API {
		gone = gone[:len(gone)-1]
	}
	return gone
}
