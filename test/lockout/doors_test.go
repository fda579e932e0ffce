package lockout

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// doors is the state of a cluster's access entries.
type doors struct {
	mode    snapshot.Mode
	entries []snapshot.Entry
	age     time.Duration
	// of is the cluster that the snapshot is of, where it is not this one.
	of string
}

// entry is an access entry that was created a month ago, for a role that is a year old.
func entry(role string, change func(*snapshot.Entry)) snapshot.Entry {
	now := time.Now().UTC()
	created := now.AddDate(-1, 0, 0)
	e := snapshot.Entry{
		PrincipalARN: "arn:aws:iam::111122223333:role/" + role, Type: snapshot.Standard, Username: role + ":{{SessionName}}",
		CreatedAt: now.AddDate(0, -1, 0), PrincipalCreatedAt: &created,
	}
	change(&e)
	return e
}

// covering are access entries that give what nodes, devs and admin give, each changed once more.
func covering(change func(*snapshot.Entry)) []snapshot.Entry {
	all := []snapshot.Entry{
		entry("nodes", func(e *snapshot.Entry) { e.Type, e.Username = snapshot.EC2Linux, "system:node:{{EC2PrivateDNSName}}" }),
		entry("dev", func(e *snapshot.Entry) { e.Groups = []string{"editors"} }),
		entry("admin", func(e *snapshot.Entry) {
			e.Policies = []snapshot.Policy{{ARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", Scope: snapshot.Scope{Type: snapshot.ScopeCluster}}}
		}),
	}
	for i := range all {
		change(&all[i])
	}
	return all
}

// open lets the guard know the state, and waits until it does.
func (d *doors) open(t *testing.T) {
	t.Helper()
	path := filepath.Join(shared.Directory, "access", "snapshot")
	want := "awsauth_access_snapshot_timestamp_seconds 0\n"
	if d == nil {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	} else {
		hash, err := snapshot.HashCA(shared.proxy.Config().CAData)
		if err != nil {
			t.Fatal(err)
		}
		if d.of != "" {
			hash = d.of
		}
		shared.snapshots++
		s := &snapshot.Snapshot{
			APIVersion: snapshot.APIVersion, Kind: snapshot.Kind, Entries: append([]snapshot.Entry{}, d.entries...),
			// Each has a second of its own, by which the metric shows it.
			TakenAt: shared.began.UTC().Add(-d.age - time.Duration(shared.snapshots)*time.Second).Truncate(time.Second),
			Cluster: snapshot.Cluster{Name: "blue", ARN: "arn:aws:eks:eu-west-1:111122223333:cluster/blue", AuthenticationMode: d.mode, CAHash: hash},
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
		want = fmt.Sprintf("awsauth_access_snapshot_timestamp_seconds %v\n", float64(s.TakenAt.Unix()))
	}
	await.Success(t, "the guard knows the snapshot", func() error {
		response, err := http.Get(shared.guard.MetricsURL + "/metrics")
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil || strings.Contains(string(body), want) {
			return err
		}
		return fmt.Errorf("no %q in the metrics", want)
	})
}

// strict lets the guard judge by the profile strict, with a node that is Ready. What it gives takes that back, before the test
// ends.
func strict(t *testing.T) func() {
	t.Helper()
	const policy = "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\nprofile: strict\n"
	if err := shared.guard.SetPolicy(policy); err != nil {
		t.Fatal(err)
	}
	ready(t, "ip-1")
	await.Success(t, "the profile strict", func() error {
		begin(t, roles(nodes+devs+admin))
		if root(t).put(t, roles(nodes+devs), "") == nil {
			return fmt.Errorf("the last administrator may go")
		}
		return nil
	})
	await.Success(t, "the count of nodes", func() error {
		begin(t, roles(nodes+devs+admin))
		if err := root(t).put(t, roles(devs+admin), ""); err == nil || !strings.Contains(err.Error(), "the cluster has 1 Ready node") {
			return fmt.Errorf("answered %w", err)
		}
		return nil
	})
	return func() {
		if err := shared.guard.SetPolicy(""); err != nil {
			t.Error(err)
		}
		(*doors)(nil).open(t)
		await.Success(t, "the profile standard", func() error {
			begin(t, roles(nodes+devs+admin))
			return root(t).put(t, roles(nodes+devs), "")
		})
	}
}

// TestBothDoors is every state of the access entries with every edit that takes something away, under the profile strict.
func TestBothDoors(t *testing.T) {
	defer strict(t)()
	keep := func(*snapshot.Entry) {}
	states := map[string]*doors{
		"no snapshot":     nil,
		"CONFIG_MAP":      {mode: snapshot.ConfigMap},
		"covered":         {mode: snapshot.Both, entries: covering(keep)},
		"covered, old":    {mode: snapshot.Both, entries: covering(keep), age: 2 * time.Hour},
		"another cluster": {mode: snapshot.API, entries: covering(keep), of: "sha256:" + strings.Repeat("0", 64)},
		"missing":         {mode: snapshot.Both},
		"stale":           {mode: snapshot.Both, entries: covering(func(e *snapshot.Entry) { *e.PrincipalCreatedAt = e.CreatedAt.AddDate(0, 0, 1) })},
		"unknown":         {mode: snapshot.Both, entries: covering(func(e *snapshot.Entry) { e.PrincipalCreatedAt = nil })},
		"weaker":          {mode: snapshot.Both, entries: covering(func(e *snapshot.Entry) { e.Type, e.Groups, e.Policies = snapshot.Standard, nil, nil })},
		"API":             {mode: snapshot.API},
	}
	// says is what the refusal, or where the state is covered, the warning has to say.
	edits := map[string]struct {
		to, rule string
		covered  string
	}{
		"remove the node role": {devs + admin, "node-access-lost", "its nodes still join by its access entry of type EC2_LINUX"},
		"remove oneself":       {nodes + admin, "self-lockout", "you still get in by your access entry"},
		"remove the admin":     {nodes + devs, "admin-access-lost", "may still do everything"},
		"empty it":             {"[]\n", "map-deleted", ""},
		"delete it":            {"", "map-deleted", ""},
		"edit it":              {nodes + devs + admin + "# a comment\n", "", ""},
	}
	because := map[string]string{
		"no snapshot": "(access entries were not checked)", "covered, old": "snapshot is 12", "another cluster": "snapshot is of another cluster",
		"missing": "it has no access entry", "stale": "deleted and created again", "unknown": "it is not known when the principal was created",
	}
	for state, d := range states {
		d.open(t)
		for name, e := range edits {
			t.Run(state+"/"+name, func(t *testing.T) {
				w := jane(t)
				from := roles(nodes + devs + admin)
				do := func() error { return w.put(t, roles(e.to), "") }
				if e.to == "" {
					do = func() error {
						return w.CoreV1().ConfigMaps("kube-system").Delete(t.Context(), "aws-auth", metav1.DeleteOptions{})
					}
				}
				var before *corev1.ConfigMap
				var err error
				await.Success(t, "an edit with all answers", func() error {
					w.warnings = nil
					before, err = begin(t, from), do()
					if text := fmt.Sprint(err, w.warnings); strings.Contains(text, inTime) {
						return errors.New(text)
					}
					return nil
				})
				switch {
				case e.rule == "":
					w.passed(t, err)
				case state == "API":
					w.passed(t, err, "[map-unread]")
					if len(w.warnings) != 1 {
						t.Errorf("warnings %q, want one", w.warnings)
					}
				case state == "covered" && e.covered != "":
					w.passed(t, err, "["+e.rule+"]", e.covered)
				default:
					says := []string{}
					if name == "remove the node role" && because[state] != "" {
						says = append(says, because[state])
					}
					refused(t, before, err, e.rule, says...)
				}
			})
		}
	}
}
