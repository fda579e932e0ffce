package eks

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// TestRealSDK makes the calls that the product does not make with the real SDK: those that it makes are tested where it makes
// them.
func TestRealSDK(t *testing.T) {
	s, err := Start(Options{PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop() }()
	for _, e := range s.Environment() {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	c, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asks, people := eks.NewFromConfig(c), iam.NewFromConfig(c)
	name, dev, view := "blue", "arn:aws:iam::111122223333:role/team/dev", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
	s.SetCluster(name, modeConfigMap, nil)
	for i := range 5 {
		s.SetPrincipal(fmt.Sprintf("arn:aws:iam::111122223333:role/r%d", i), time.Unix(1, 0))
	}
	s.SetPrincipal(dev, time.Unix(1, 0))

	t.Run("ListRoles", func(t *testing.T) {
		var roles []string
		for pages := iam.NewListRolesPaginator(people, &iam.ListRolesInput{}); pages.HasMorePages(); {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Roles {
				roles = append(roles, *r.RoleName)
			}
		}
		if !slices.Equal(roles, []string{"r0", "r1", "r2", "r3", "r4", "dev"}) {
			t.Errorf("got %q", roles)
		}
	})
	t.Run("modes", func(t *testing.T) {
		out, err := asks.UpdateClusterConfig(t.Context(), &eks.UpdateClusterConfigInput{
			Name: &name, AccessConfig: &types.UpdateAccessConfigRequest{AuthenticationMode: types.AuthenticationModeApiAndConfigMap},
		})
		if err != nil {
			t.Fatal(err)
		}
		var states []string
		for range 3 {
			u, err := asks.DescribeUpdate(t.Context(), &eks.DescribeUpdateInput{Name: &name, UpdateId: out.Update.Id})
			if err != nil {
				t.Fatal(err)
			}
			found, err := asks.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: &name})
			if err != nil {
				t.Fatal(err)
			}
			states = append(states, fmt.Sprintf("%s %s %s", u.Update.Status, found.Cluster.Status, found.Cluster.AccessConfig.AuthenticationMode))
		}
		want := []string{"InProgress UPDATING CONFIG_MAP", "InProgress ACTIVE API_AND_CONFIG_MAP", "Successful ACTIVE API_AND_CONFIG_MAP"}
		if !slices.Equal(states, want) {
			t.Errorf("got %q, want %q", states, want)
		}
	})
	t.Run("an update replaces", func(t *testing.T) {
		username := "dev"
		if _, err := asks.CreateAccessEntry(t.Context(), &eks.CreateAccessEntryInput{ClusterName: &name, PrincipalArn: &dev, Username: &username, KubernetesGroups: []string{"devs"}}); err != nil {
			t.Fatal(err)
		}
		out, err := asks.UpdateAccessEntry(t.Context(), &eks.UpdateAccessEntryInput{ClusterName: &name, PrincipalArn: &dev, KubernetesGroups: []string{"ops"}})
		if err != nil || *out.AccessEntry.Username != "arn:aws:sts::111122223333:assumed-role/dev/{{SessionName}}" || !slices.Equal(out.AccessEntry.KubernetesGroups, []string{"ops"}) {
			t.Errorf("got %+v, %v", out, err)
		}
	})
	t.Run("policies", func(t *testing.T) {
		scope := &types.AccessScope{Type: types.AccessScopeTypeNamespace, Namespaces: []string{"dev", "qa-*"}}
		if _, err := asks.AssociateAccessPolicy(t.Context(), &eks.AssociateAccessPolicyInput{ClusterName: &name, PrincipalArn: &dev, PolicyArn: &view, AccessScope: scope}); err != nil {
			t.Fatal(err)
		}
		with, err := asks.ListAccessEntries(t.Context(), &eks.ListAccessEntriesInput{ClusterName: &name, AssociatedPolicyArn: &view})
		if err != nil || !slices.Equal(with.AccessEntries, []string{dev}) {
			t.Errorf("got %+v, %v", with, err)
		}
		if _, err := asks.DisassociateAccessPolicy(t.Context(), &eks.DisassociateAccessPolicyInput{ClusterName: &name, PrincipalArn: &dev, PolicyArn: &view}); err != nil {
			t.Fatal(err)
		}
		if _, err := asks.DisassociateAccessPolicy(t.Context(), &eks.DisassociateAccessPolicyInput{ClusterName: &name, PrincipalArn: &dev, PolicyArn: &view}); err == nil {
			t.Error("it is there twice")
		}
		var known int
		for pages := eks.NewListAccessPoliciesPaginator(asks, &eks.ListAccessPoliciesInput{}); pages.HasMorePages(); {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			known += len(page.AccessPolicies)
		}
		if known != len(policyNames) {
			t.Errorf("%d policies, want %d", known, len(policyNames))
		}
	})
	t.Run("an entry of whoever had the name", func(t *testing.T) {
		if s.LetsIn(name, dev) == nil {
			t.Error("it lets nobody in")
		}
		s.SetPrincipal(dev, time.Unix(2, 0))
		if s.LetsIn(name, dev) != nil {
			t.Error("it lets another role in")
		}
	})
	t.Run("3,000 entries and no more", func(t *testing.T) {
		for i := range maxEntries {
			s.SetEntry(name, Entry{PrincipalARN: fmt.Sprintf("arn:aws:iam::111122223333:role/x%d", i), Type: standard})
		}
		role := "arn:aws:iam::111122223333:role/r0"
		_, err := asks.CreateAccessEntry(t.Context(), &eks.CreateAccessEntryInput{ClusterName: &name, PrincipalArn: &role})
		if err == nil || !strings.Contains(err.Error(), "ResourceLimitExceededException") {
			t.Errorf("got %v", err)
		}
	})
}

func TestGetCallerIdentity(t *testing.T) {
	s, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop() }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/", strings.NewReader("Action=GetCallerIdentity&Version=2011-06-15"))
	if err != nil {
		t.Fatal(err)
	}
	body := answered(t, request, serviceSTS, http.StatusOK)
	if !strings.Contains(body, "<GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/test/session</Arn>") {
		t.Errorf("got %s", body)
	}
}
