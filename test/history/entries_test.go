package history

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// TestEntriesAreEditedLive adds, changes and removes entries of the live map with the guard in front.
func TestEntriesAreEditedLive(t *testing.T) {
	namespace(t)
	guarded(t)
	const ofNew = "arn:aws:iam::111122223333:role/new"
	write(t, "kubectl-edit", roles(nodes+devs))
	annotate(t, "example.com/owner", "platform")
	plugin(t, "", "add", "role", ofNew, "--group", "editors", "--dry-run=server").expect(t, 0,
		"GAINS  "+ofNew+" (username new:{{SessionName}}, groups editors)\n", "+- rolearn: "+ofNew+"\n", "the map would be written (server dry run)\n")
	if got := current(t).Data["mapRoles"]; got != nodes+devs {
		t.Fatalf("the dry run has written %q", got)
	}
	plugin(t, "", "add", "role", ofNew, "--group", "editors", "--yes").expect(t, 0, "the map is written\n")
	plugin(t, "", "add", "role", ofNew, "--group", "editors", "--yes").expect(t, 0, "nothing to do: the map says this already\n")
	entry := "- rolearn: " + ofNew + "\n  username: new:{{SessionName}}\n  groups:\n  - editors\n"
	now := current(t)
	if now.Data["mapRoles"] != nodes+devs+entry || now.Annotations["example.com/owner"] != "platform" {
		t.Errorf("the live map: %+v", now)
	}
	if manager := now.ManagedFields; len(manager) == 0 || !strings.Contains(fmt.Sprint(manager), "kubectl-aws-auth") {
		t.Errorf("managed fields %v", manager)
	}
	// The guard repairs what people write, and says so.
	plugin(t, "", "set", ofNew, "--username", "New", "--yes").expect(t, 0, "[username-uppercase]", "the map is written, as the guard repaired it\n")
	if got := current(t).Data["mapRoles"]; got != nodes+devs+strings.ReplaceAll(entry, "new:{{SessionName}}", "new") {
		t.Errorf("mapRoles %q", got)
	}
	plugin(t, "", "get", ofNew, "-o", "json").expect(t, 0, `"username": "new"`)
	plugin(t, "", "remove", "--username", "new", "--yes").expect(t, 0, "LOSES  "+ofNew, "the map is written\n")
	if got := current(t).Data["mapRoles"]; got != nodes+devs {
		t.Errorf("mapRoles %q", got)
	}
	plugin(t, "", "remove", ofNew, "--yes").expect(t, 1, "no entry has the ARN "+ofNew)
	// The last entry goes only on purpose, and not without the way on.
	write(t, "kubectl-edit", roles(devs))
	plugin(t, "", "remove", "arn:aws:iam::111122223333:role/dev", "--yes").expect(t, 1, "this leaves no role in the map: ",
		"switch the cluster to the authentication mode API first", "[map-deleted]", `--override "map-deleted: REASON"`)
	if got := current(t).Data["mapRoles"]; got != devs {
		t.Errorf("mapRoles %q", got)
	}
}

func TestARefusedEditOfAnEntrySaysHowToInsist(t *testing.T) {
	namespace(t)
	guarded(t)
	write(t, "kubectl-edit", roles(nodes+devs+ops))
	editors(t)
	_, jane, err := shared.Impersonate(rest.ImpersonationConfig{UserName: "dev:jane", Groups: []string{"editors", "system:authenticated"}, Extra: map[string][]string{
		"arn": {"arn:aws:sts::111122223333:assumed-role/dev/jane"}, "canonicalArn": {"arn:aws:iam::111122223333:role/dev"}, "sessionName": {"jane"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	await.Success(t, "RBAC", func() error {
		if r := plugin(t, jane, "remove", "arn:aws:iam::111122223333:role/ops", "--dry-run=server"); r.code != 0 {
			return fmt.Errorf("%s", r.err)
		}
		return nil
	})
	const own = "arn:aws:iam::111122223333:role/dev"
	plugin(t, jane, "remove", own, "--yes").expect(t, 1, "nothing was written: the guard refuses it.\n", "[self-lockout]",
		`kubectl aws-auth remove `+own+` --override "self-lockout: REASON"`)
	if got := current(t).Data["mapRoles"]; got != nodes+devs+ops {
		t.Errorf("written all the same: %q", got)
	}
	plugin(t, jane, "remove", own, "--yes", "--override", "self-lockout: I leave").expect(t, 0, "the map is written\n")
	if got := current(t).Data["mapRoles"]; got != nodes+ops {
		t.Errorf("mapRoles %q", got)
	}
}

// TestEntriesOfManyWritersAreAllThere runs as many commands at once as one of them may lose against.
func TestEntriesOfManyWritersAreAllThere(t *testing.T) {
	namespace(t)
	write(t, "kubectl-edit", roles(nodes))
	var all sync.WaitGroup
	const writers = 5
	for i := range writers {
		all.Add(1)
		go func() {
			defer all.Done()
			role := fmt.Sprintf("arn:aws:iam::111122223333:role/w%d", i)
			if r := plugin(t, "", "add", "role", role, "--yes"); r.code != 0 {
				t.Errorf("%s: %s%s", role, r.out, r.err)
			}
		}()
	}
	all.Wait()
	now := current(t).Data["mapRoles"]
	for i := range writers {
		if !strings.Contains(now, fmt.Sprintf("role/w%d\n", i)) {
			t.Errorf("the entry of writer %d is missing:\n%s", i, now)
		}
	}
}

func TestTheFirstEntryMakesTheMap(t *testing.T) {
	namespace(t)
	write(t, "kubectl-edit", roles(nodes))
	remove(t)
	plugin(t, "", "add", "role", "arn:aws:iam::111122223333:role/n", "--node", "linux").expect(t, 2, "nobody can be asked: give --yes to write")
	plugin(t, "", "add", "role", "arn:aws:iam::111122223333:role/n", "--node", "linux", "--yes").expect(t, 0,
		"the cluster has no ConfigMap kube-system/aws-auth yet: this makes it\n", "GAINS  node role", "the map is written\n")
	if got := current(t).Data["mapRoles"]; !strings.HasPrefix(got, "- rolearn: arn:aws:iam::111122223333:role/n\n  username: system:node:{{EC2PrivateDNSName}}\n") {
		t.Errorf("mapRoles %q", got)
	}
}
