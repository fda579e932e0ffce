package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// accessEntries writes a snapshot of this cluster, of an age, into a file, in one step as the kubelet does.
func accessEntries(t *testing.T, path string, mode snapshot.Mode, age time.Duration, roles ...string) {
	t.Helper()
	hash, err := snapshot.HashCA(shared.AdminConfig.CAData)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	born := now.AddDate(-1, 0, 0)
	s := &snapshot.Snapshot{
		APIVersion: snapshot.APIVersion, Kind: snapshot.Kind, TakenAt: now.Add(-age), Entries: []snapshot.Entry{},
		Cluster: snapshot.Cluster{Name: "blue", ARN: "arn:aws:eks:eu-west-1:111122223333:cluster/blue", AuthenticationMode: mode, CAHash: hash},
	}
	for _, role := range roles {
		s.Entries = append(s.Entries, snapshot.Entry{
			PrincipalARN: "arn:aws:iam::111122223333:role/" + role, Type: snapshot.Standard, Username: role, CreatedAt: now.AddDate(0, -1, 0), PrincipalCreatedAt: &born,
			Policies: []snapshot.Policy{{ARN: "arn:aws:eks::aws:cluster-access-policy/" + snapshot.ClusterAdmin, Scope: snapshot.Scope{Type: snapshot.ScopeCluster}}},
		})
	}
	packed, err := s.Compress()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", packed, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// shows waits until the auditor's metrics have all of these lines.
func (p *process) shows(t *testing.T, lines ...string) {
	t.Helper()
	await.Success(t, "the metrics", func() error {
		body := metricsOf(t, p)
		for _, line := range lines {
			if !strings.Contains(body, "\n"+line+"\n") {
				return fmt.Errorf("no line %q", line)
			}
		}
		return nil
	})
}

// runs is how often the auditor has looked.
func runs(t *testing.T, p *process) int {
	t.Helper()
	_, after, _ := strings.Cut(metricsOf(t, p), "\nawsauth_audit_runs_total ")
	line, _, _ := strings.Cut(after, "\n")
	n, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTheAuditorKnowsBothDoors follows a cluster from the map to access entries.
func TestTheAuditorKnowsBothDoors(t *testing.T) {
	mayRestore(t)
	begin(t, nodes+devs)
	path := filepath.Join(t.TempDir(), "snapshot")
	p := auditor(t, "--auto-restore", "2s", "--interval", "10s", "--access-snapshot", path)
	p.await(t)
	p.shows(t, `awsauth_audit_principals{door="unknown"} 2`, "awsauth_access_snapshot_last_reload_successful 1")

	accessEntries(t, path, snapshot.Both, time.Minute, "dev")
	p.shows(t, `awsauth_audit_principals{door="aws-auth"} 1`, `awsauth_audit_admins{door="access-entry"} 1`, `awsauth_audit_principals{door="unknown"} 0`)
	if code, out := once(t, "--once", "--access-snapshot", path); code != 0 || !strings.Contains(out, "[shadowed-mapping]") || !strings.Contains(out, "role/dev  (access entry of type STANDARD)") {
		t.Errorf("exit %d\n%s", code, out)
	}

	accessEntries(t, path, snapshot.Both, 2*time.Hour, "dev")
	told(t, "GuardSnapshotUnusable")
	p.shows(t, `awsauth_audit_principals{door="unknown"} 2`)

	accessEntries(t, path, snapshot.API, time.Minute, "dev")
	told(t, "GuardModeChanged", "GuardInOrder", "GuardNodesLost")
	p.shows(t, `awsauth_audit_principals{door="aws-auth"} 0`, `awsauth_audit_principals{door="access-entry"} 1`)
	if code, out := once(t, "--once", "--access-snapshot", path); code != 0 || !strings.Contains(out, "nobody reads the map") || strings.Contains(out, "(mapRoles[") {
		t.Errorf("exit %d\n%s", code, out)
	}
	api := shared.admin.CoreV1().ConfigMaps("kube-system")
	if err := api.Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	p.shows(t, `awsauth_audit_entries{section="mapRoles"} 0`)
	looks(t, p, runs(t, p)+2)
	if _, err := api.Get(t.Context(), "aws-auth", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a map that nobody reads was put back: %v", err)
	}

	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.shows(t, "awsauth_access_snapshot_last_reload_successful 0")
}
