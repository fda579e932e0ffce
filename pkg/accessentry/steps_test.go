package accessentry

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// TestSteps holds what is decided without AWS; internal/aws carries steps out.
func TestSteps(t *testing.T) {
	created := moment.AddDate(0, 0, -1)
	for name, tt := range map[string]struct {
		roles   string
		entries []snapshot.Entry
		want    []string
	}{
		"nothing is there":  {roles: role("dev", developer), want: []string{"create     mapRoles[0] arn:…"}},
		"the same is there": {roles: role("dev", developer), entries: []snapshot.Entry{entryOf("role/dev", groupsOf("developers"))}, want: []string{"keep       mapRoles[0]"}},
		"more is there":     {roles: role("dev", developer), entries: []snapshot.Entry{entryOf("role/dev", groupsOf("developers", "ops"))}, want: []string{"keep       mapRoles[0]"}},
		"less is there":     {roles: role("dev", developer), entries: []snapshot.Entry{entryOf("role/dev", nil)}, want: []string{"decide     mapRoles[0]; aws eks update-access-entry"}},
		"the policy is not there": {
			roles: role("admin", "  username: dev\n  groups: [system:masters]\n"), entries: []snapshot.Entry{entryOf("role/admin", nil)}, want: []string{"associate  mapRoles[0]"},
		},
		"the policy for a namespace alone": {
			roles: role("admin", "  username: dev\n  groups: [system:masters]\n"), entries: []snapshot.Entry{entryOf("role/admin", func(e *snapshot.Entry) {
				e.Policies = adminPolicy("aws")
				e.Policies[0].Scope = snapshot.Scope{Type: snapshot.ScopeNamespace, Namespaces: []string{"dev"}}
			})}, want: []string{"associate  mapRoles[0]"},
		},
		"a stale one": {
			roles: role("dev", developer), entries: []snapshot.Entry{entryOf("role/dev", func(e *snapshot.Entry) { e.PrincipalCreatedAt, e.Groups = &created, []string{"developers"} })},
			want: []string{"decide     mapRoles[0]; aws eks delete-access-entry"},
		},
		"the wrong type":           {roles: role("nodes", nodeUser+nodes), entries: []snapshot.Entry{entryOf("role/nodes", nil)}, want: []string{"decide     mapRoles[0]; aws eks delete-access-entry"}},
		"one of unknown age":       {roles: role("dev", developer), entries: []snapshot.Entry{entryOf("role/dev", func(e *snapshot.Entry) { e.PrincipalCreatedAt = nil })}, want: []string{"keep       mapRoles[0]"}},
		"needs attention":          {roles: role("dev", "  username: system:dev\n"), want: []string{"decide     mapRoles[0]"}},
		"nodes of another account": {roles: "- rolearn: arn:aws:iam::999922223333:role/n\n" + nodeUser + nodes, want: []string{"decide     mapRoles[0]"}},
		"a role of another account": {
			roles: "- rolearn: arn:aws:iam::999922223333:role/dev\n" + developer, want: []string{"create     mapRoles[0]"},
		},
		"a path that nobody tells": {roles: role("AWSReservedSSO_A_0123456789abcdef", developer), want: []string{"decide     mapRoles[0]; aws iam get-role"}},
		"a duplicate":              {roles: role("dev", developer) + role("dev", developer), want: []string{"create     mapRoles[1]"}},
	} {
		t.Run(name, func(t *testing.T) {
			doc := awsauth.Read(map[string]string{"mapRoles": tt.roles})
			steps := Make(doc, Options{Cluster: "blue"}).Steps(doc, viewOf(t, snapshot.Both, "aws", tt.entries...))
			if len(steps) != len(tt.want) {
				t.Fatalf("%d steps, want %d", len(steps), len(tt.want))
			}
			for i := range steps {
				begins, command, _ := strings.Cut(strings.TrimSuffix(tt.want[i], " arn:…"), "; ")
				if s := &steps[i]; !strings.HasPrefix(s.Explain(), begins+" ") || !strings.HasPrefix(s.Command, command) || (command == "") != (s.Command == "") {
					t.Errorf("got\n%s(%s)\nwant %s", s.Explain(), s.Command, tt.want[i])
				} else if (s.Action == Decide) != (s.Todo != "") || s.Makes() == (s.Because != "") {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

func TestResolve(t *testing.T) {
	doc := awsauth.Read(map[string]string{"mapRoles": role("dev", developer) + role("gone", developer) + role("other", developer) + role("AWSReservedSSO_A_0123456789abcdef", developer)})
	plan := Make(doc, Options{Cluster: "blue"})
	resolved, err := plan.Resolve(func(p arn.Principal) (string, error) {
		switch p.Name {
		case "gone":
			return "", nil
		case "other":
			return "", ErrNotTold
		}
		return account + "role/path/" + p.Name, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"ready " + account + "role/path/dev", "attention " + account + "role/gone", "ready " + account + "role/other", "ready " + account + "role/path/AWSReservedSSO_A_0123456789abcdef",
	} {
		if it := &resolved.Items[i]; string(it.Status)+" "+it.Entry.PrincipalARN != want || it.Entry.Lookup != "" {
			t.Errorf("got %s %s, want %s", it.Status, it.Entry.PrincipalARN, want)
		}
	}
	if plan.Items[0].Entry.PrincipalARN != account+"role/dev" {
		t.Error("the plan itself has changed")
	}
	failed := errors.New("no answer")
	if _, err := plan.Resolve(func(arn.Principal) (string, error) { return "", failed }); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
}
