package aws

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/accessentry"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
	server "github.com/aws-auth-guard/aws-auth-guard/test/eks"
)

// TestWhatIsReadyIsReady makes the access entries of every map that the guard is measured against: whatever a plan calls ready,
// EKS takes, and then it covers its mapping.
func TestWhatIsReadyIsReady(t *testing.T) {
	s, a := start(t, server.Options{Account: "123456789012"}, "API_AND_CONFIG_MAP")
	ready := 0
	for i, c := range cases.All() {
		doc, cluster := awsauth.Read(c.Data), fmt.Sprintf("c%d", i)
		s.SetCluster(cluster, "API_AND_CONFIG_MAP", nil)
		plan := accessentry.Make(doc, accessentry.Options{Cluster: cluster})
		for j := range plan.Items {
			if e := plan.Items[j].Entry; e != nil && plan.Items[j].Status == accessentry.Ready {
				if e.Lookup != "" { // As IAM would tell it.
					e.PrincipalARN, e.Lookup = strings.Replace(e.PrincipalARN, ":role/", ":role/aws-reserved/sso.amazonaws.com/", 1), ""
				}
				s.SetPrincipal(e.PrincipalARN, now.AddDate(-1, 0, 0))
			}
		}
		taken, _, err := a.Snapshot(t.Context(), cluster)
		if err != nil {
			t.Fatal(err)
		}
		covered := map[string]bool{}
		for _, step := range plan.Steps(doc, taken.At(now, time.Hour)) {
			if !step.Makes() {
				continue
			}
			ready++
			if err := a.Do(t.Context(), cluster, &step); err != nil {
				t.Errorf("%s, %s: %s\n%v", c.ID, c.Title, step.Explain(), err)
			}
			covered[step.Item.Name()] = true
		}
		if taken, _, err = a.Snapshot(t.Context(), cluster); err != nil {
			t.Fatal(err)
		}
		for k := range taken.Entries { // IAM tells of one account alone.
			at := now.AddDate(-1, 0, 0)
			taken.Entries[k].PrincipalCreatedAt, taken.Entries[k].PrincipalGone = &at, false
		}
		v := accessentry.Verify(doc, taken.At(now.Add(5*time.Minute), time.Hour), accessentry.Options{})
		for k := range v.Principals {
			if p := &v.Principals[k]; covered[p.Place()] && !p.Covered() {
				t.Errorf("%s, %s: %s %s is %s: %s", c.ID, c.Title, p.Place(), p.ARN, p.Verdict, p.Because)
			}
		}
	}
	if ready < 100 {
		t.Errorf("only %d access entries were made", ready)
	}
}
