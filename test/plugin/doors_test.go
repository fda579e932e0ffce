package plugin

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/accessmap"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// doors puts a snapshot of the access entries into a ConfigMap of the namespace default, for the time of a test.
func doors(t *testing.T, mode snapshot.Mode, entries ...snapshot.Entry) {
	t.Helper()
	const namespace = metav1.NamespaceDefault
	ctx := context.WithoutCancel(t.Context())
	hash, err := snapshot.HashCA(cluster.AdminConfig.CAData)
	if err != nil {
		t.Fatal(err)
	}
	taken := &snapshot.Snapshot{
		APIVersion: snapshot.APIVersion, Kind: snapshot.Kind, TakenAt: time.Now().UTC(), Entries: append([]snapshot.Entry{}, entries...),
		Cluster: snapshot.Cluster{Name: "blue", ARN: "arn:aws:eks:eu-west-1:111122223333:cluster/blue", AuthenticationMode: mode, CAHash: hash},
	}
	if err := (accessmap.Store{Client: client, Namespace: namespace}).Write(ctx, taken); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.CoreV1().ConfigMaps(namespace).Delete(ctx, accessmap.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
}

func accessEntry(role string, policies ...string) snapshot.Entry {
	now := time.Now().UTC()
	born := now.AddDate(-1, 0, 0)
	e := snapshot.Entry{
		PrincipalARN: "arn:aws:iam::111122223333:role/" + role, Type: snapshot.Standard, Username: role + ":{{SessionName}}", Groups: []string{"viewers"},
		CreatedAt: now.AddDate(0, -1, 0), PrincipalCreatedAt: &born,
	}
	for _, name := range policies {
		e.Policies = append(e.Policies, snapshot.Policy{ARN: "arn:aws:eks::aws:cluster-access-policy/" + name, Scope: snapshot.Scope{Type: snapshot.ScopeCluster}})
	}
	return e
}

func TestWhoamiKnowsBothDoors(t *testing.T) {
	doors(t, snapshot.Both, accessEntry("dev", "AmazonEKSViewPolicy"))
	r := plugin(t, "", "", "whoami", "-n", "default", devSession)
	r.expect(t, 0, "door:      access entry arn:aws:iam::111122223333:role/dev of type STANDARD (mode API_AND_CONFIG_MAP, as of ",
		"other:     mapRoles[2] (kube-system/aws-auth:10:7) would give username dev:bob, groups developers, Viewers: EKS takes the access entry\n",
		"username:  dev:bob\ngroups:    viewers\n", "ClusterRoleBinding viewers, for the group viewers", "what the access policy AmazonEKSViewPolicy in the whole cluster allows\n")
	plugin(t, "", "", "whoami", "-n", "default", "arn:aws:iam::111122223333:user/alice").expect(t, 0, "door:      aws-auth (mode API_AND_CONFIG_MAP, as of ")

	doors(t, snapshot.API)
	plugin(t, "", "", "whoami", "-n", "default", devSession).expect(t, 1, "door:      none (mode API, as of ", "not let in: EKS reads access entries alone")
}

func TestAuditKnowsBothDoors(t *testing.T) {
	doors(t, snapshot.Both, accessEntry("dev"), accessEntry("boss", snapshot.ClusterAdmin))
	plugin(t, "", "", "audit", "-n", "default").expect(t, 1, "authentication mode API_AND_CONFIG_MAP: EKS asks the access entries of the cluster blue, then the map\n",
		"arn:aws:iam::111122223333:role/boss  (access entry of type STANDARD)\n", "Access policy AmazonEKSClusterAdminPolicy: everything, whatever RBAC says\n  who is arn:aws:iam::111122223333:role/boss\n")
	var report struct {
		Access []struct {
			ARN, Door string
			Admin     bool
		}
		Findings      []struct{ Rule string }
		AccessEntries struct{ AuthenticationMode string }
	}
	read := func() map[string]string {
		t.Helper()
		r := plugin(t, "", "", "audit", "-n", "default", "-o", "json")
		report.Access, report.Findings = nil, nil
		if err := json.Unmarshal([]byte(r.out), &report); err != nil {
			t.Fatal(err)
		}
		rows := map[string]string{}
		for _, row := range report.Access {
			rows[strings.TrimPrefix(row.ARN, "arn:aws:iam::111122223333:")] = row.Door
			if row.Admin != (row.ARN[len(row.ARN)-4:] == "boss" || strings.HasSuffix(row.ARN, "Admin")) {
				t.Errorf("%+v", row)
			}
		}
		return rows
	}
	rows := read()
	if rows["role/dev"] != "access-entry" || rows["role/boss"] != "access-entry" || rows["role/Admin"] != "aws-auth" || report.AccessEntries.AuthenticationMode != "API_AND_CONFIG_MAP" {
		t.Errorf("%+v", rows)
	}
	plugin(t, "", "", "audit", "-n", "default", "-o", "markdown").expect(t, 1, "shadowed-mapping")

	doors(t, snapshot.API, accessEntry("boss", snapshot.ClusterAdmin))
	if rows := read(); len(rows) != 1 || rows["role/boss"] != "access-entry" || slices.ContainsFunc(report.Findings, func(f struct{ Rule string }) bool {
		return !slices.Contains([]string{"map-unread", "admin-access-policy", "admin-binding", "guard-missing"}, f.Rule)
	}) {
		t.Errorf("%+v, findings %+v", rows, report.Findings)
	}
	plugin(t, "", "", "audit", "-n", "default").expect(t, 0, "nobody reads the map: the authentication mode of the cluster blue is API")
}

func TestWhoMayNotReadTheSnapshotIsToldSo(t *testing.T) {
	doors(t, snapshot.Both, accessEntry("dev"))
	_, stranger, err := cluster.User("stranger")
	if err != nil {
		t.Fatal(err)
	}
	plugin(t, stranger, "", "audit").expect(t, 3, "the access entries: you may not read the snapshot of the access entries: ")
}
