package accessentry

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

var update = flag.Bool("update", false, "update the golden files")

// moment is when the tests look; entries are a month old, and their principals a year.
var moment = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// entryOf is an access entry in force, changed as a test needs it.
func entryOf(principal string, change func(*snapshot.Entry)) snapshot.Entry {
	created := moment.AddDate(-1, 0, 0)
	if !strings.HasPrefix(principal, "arn:") {
		principal = account + principal
	}
	e := snapshot.Entry{PrincipalARN: principal, Type: snapshot.Standard, Username: "dev", CreatedAt: moment.AddDate(0, -1, 0), PrincipalCreatedAt: &created}
	if change != nil {
		change(&e)
	}
	return e
}

func adminPolicy(partition string) []snapshot.Policy {
	return []snapshot.Policy{{ARN: "arn:" + partition + ":eks::aws:cluster-access-policy/" + snapshot.ClusterAdmin, Scope: snapshot.Scope{Type: snapshot.ScopeCluster}}}
}

func typed(kind snapshot.Type) func(*snapshot.Entry) {
	return func(e *snapshot.Entry) { e.Type, e.Username, e.Groups = kind, "set by EKS", []string{"system:nodes"} }
}

func groupsOf(groups ...string) func(*snapshot.Entry) {
	return func(e *snapshot.Entry) { e.Groups = groups }
}

func viewOf(t *testing.T, mode snapshot.Mode, partition string, entries ...snapshot.Entry) *snapshot.View {
	t.Helper()
	s := &snapshot.Snapshot{
		APIVersion: snapshot.APIVersion, Kind: snapshot.Kind, TakenAt: moment.Add(-5 * time.Minute), Entries: append([]snapshot.Entry{}, entries...),
		Cluster: snapshot.Cluster{Name: "blue", ARN: "arn:" + partition + ":eks:eu-west-1:111122223333:cluster/blue", AuthenticationMode: mode},
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return s.At(moment, time.Hour)
}

func TestVerify(t *testing.T) {
	created := moment.AddDate(0, 0, -1)
	for name, tt := range map[string]struct {
		roles, users, accounts string
		mode                   snapshot.Mode // Both where it is empty
		partition              string        // aws where it is empty
		entries                []snapshot.Entry
		none                   bool // no snapshot at all
		options                Options
		// want is the verdict and the mapping, or the ARN, of each principal.
		want []string
		// remove are the principals whose mappings may go, in short; said must be in the reasons or the notes.
		remove string
		safe   bool
		said   string
	}{
		// What `eksctl utils migrate-to-access-entry` gets wrong: the same maps.
		"eksctl keeps the first of two mappings; EKS takes the last": {
			roles: role("dev", developer) + role("dev", "  username: dev\n  groups: [developers, ops]\n"), entries: []snapshot.Entry{entryOf("role/dev", groupsOf("developers"))},
			want: []string{"weaker mapRoles[1]"}, said: "mapRoles[1] has the same ARN and wins",
		},
		"the last of two mappings is the weaker one": {
			roles: role("dev", "  username: dev\n  groups: [developers, ops]\n") + role("dev", developer), entries: []snapshot.Entry{entryOf("role/dev", groupsOf("developers"))},
			want: []string{"same mapRoles[1]"}, remove: "role/dev", safe: true,
		},
		"eksctl passes over who has an entry, though it gives less": {
			roles: role("dev", developer), entries: []snapshot.Entry{entryOf("role/dev", nil)},
			want: []string{"weaker mapRoles[0]"}, said: "the access entry of " + account + "role/dev gives less",
		},
		"eksctl stops at a role that is gone": {
			roles: role("gone", developer) + role("dev", developer),
			entries: []snapshot.Entry{
				entryOf("role/gone", func(e *snapshot.Entry) {
					e.PrincipalCreatedAt, e.PrincipalGone, e.Groups = nil, true, []string{"developers"}
				}),
				entryOf("role/dev", groupsOf("developers")),
			},
			want: []string{"stale mapRoles[0]", "same mapRoles[1]"}, remove: "role/dev", said: account + "role/gone is of a principal that is gone",
		},
		"eksctl takes no notice of a role that was created again": {
			roles: role("dev", developer), entries: []snapshot.Entry{entryOf("role/dev", func(e *snapshot.Entry) { e.PrincipalCreatedAt, e.Groups = &created, []string{"developers"} })},
			want: []string{"stale mapRoles[0]"}, said: "principal that is gone",
		},
		"eksctl looks a role of another account up by its name": {
			roles:   "- rolearn: arn:aws:iam::999922223333:role/dev\n" + developer + role("ops", developer),
			entries: []snapshot.Entry{entryOf("role/dev", groupsOf("developers")), entryOf("role/ops", groupsOf("developers"))},
			want:    []string{"missing mapRoles[0]", "same mapRoles[1]", "extra role/dev"}, remove: "role/ops", said: "arn:aws:iam::999922223333:role/dev has no access entry",
		},
		"the entry of a role of another account, whose age nobody knows": {
			roles:   "- rolearn: arn:aws:iam::999922223333:role/dev\n" + developer + role("ops", developer),
			entries: []snapshot.Entry{entryOf("arn:aws:iam::999922223333:role/dev", func(e *snapshot.Entry) { e.PrincipalCreatedAt, e.Groups = nil, []string{"developers"} }), entryOf("role/ops", groupsOf("developers"))},
			want:    []string{"unknown mapRoles[0]", "same mapRoles[1]"}, remove: "role/ops", said: "not known whether an access entry covers arn:aws:iam::999922223333:role/dev",
		},
		"eksctl writes the policy of the partition aws everywhere": {
			partition: "aws-cn", roles: "- rolearn: arn:aws-cn:iam::111122223333:role/admin\n  username: dev\n  groups: [system:masters]\n",
			entries: []snapshot.Entry{entryOf("arn:aws-cn:iam::111122223333:role/admin", func(e *snapshot.Entry) { e.Policies = adminPolicy("aws-cn") })},
			want:    []string{"same mapRoles[0]"}, remove: "arn:aws-cn:iam::111122223333:role/admin", safe: true,
		},
		"eksctl drops the other groups of an administrator": {
			roles:   role("admin", "  username: dev\n  groups: [system:masters, ops]\n"),
			entries: []snapshot.Entry{entryOf("role/admin", func(e *snapshot.Entry) { e.Policies = adminPolicy("aws") })},
			want:    []string{"same mapRoles[0]"}, remove: "role/admin", safe: true,
		},
		"eksctl passes over Fargate, hybrid nodes and accounts": {
			roles:    role("fargate", podUser+"  groups: [system:bootstrappers, system:nodes, system:node-proxier]\n") + role("hybrid", podUser+nodes),
			accounts: "- \"444455556666\"\n",
			entries:  []snapshot.Entry{entryOf("role/fargate", typed(snapshot.FargateLinux))},
			want:     []string{"same mapRoles[0]", "missing mapRoles[1]", "missing mapAccounts[0]"}, remove: "role/fargate", said: "these have no access entry: " + account + "role/hybrid, 444455556666",
		},
		"eksctl panics where a value is no ARN": {
			roles: "- rolearn: dev\n" + developer + role("ops", developer), entries: []snapshot.Entry{entryOf("role/ops", groupsOf("developers"))},
			want: []string{"same mapRoles[1]"}, remove: "role/ops", safe: true, said: "mapRoles[0] (dev) lets nobody in",
		},
		// The rest.
		"all are covered": {
			roles:   role("nodes", nodeUser+nodes) + role("dev", developer),
			entries: []snapshot.Entry{entryOf("role/nodes", typed(snapshot.EC2Linux)), entryOf("role/team/dev", groupsOf("developers", "ops"))},
			want:    []string{"same mapRoles[0]", "stronger mapRoles[1]"}, remove: "role/nodes role/dev", safe: true, said: "no access entry is known to allow everything",
		},
		"an empty map":     {want: nil, safe: true, said: "the map lets nobody in"},
		"no snapshot":      {none: true, roles: role("dev", developer), want: []string{"unknown mapRoles[0]"}, said: "no snapshot"},
		"mode CONFIG_MAP":  {mode: snapshot.ConfigMap, roles: role("dev", developer), want: []string{"missing mapRoles[0]"}, said: "has to become API_AND_CONFIG_MAP first"},
		"mode API already": {mode: snapshot.API, roles: role("dev", developer), want: []string{"missing mapRoles[0]"}, remove: "role/dev", safe: true, said: "nobody reads the map"},
		"a list that EKS can't read": {
			roles: "- rolearn: [\n", users: "- userarn: " + account + "user/bob\n  username: dev\n", entries: []snapshot.Entry{entryOf("user/bob", nil)},
			want: []string{"same mapUsers[0]"}, remove: "user/bob", said: "whom it was to let in is not known",
		},
		"what another tool fills in": {
			roles: "- rolearn: ${role}\n  username: dev\n" + role("dev", "  username: ${name}\n"), entries: []snapshot.Entry{entryOf("role/dev", nil)},
			options: Options{Unrendered: func(s string) bool { return strings.Contains(s, "${") }},
			want:    []string{"unknown mapRoles[0]", "unknown mapRoles[1]"},
		},
		"a role with its path is never matched by the map": {
			roles: role("team/dev", developer), entries: []snapshot.Entry{entryOf("role/team/dev", nil)},
			want: []string{"extra role/team/dev"}, safe: true, said: "mapRoles[0] (" + account + "role/team/dev) lets nobody in",
		},
		"entries of AWS and of the root user belong there": {
			entries: []snapshot.Entry{
				entryOf("role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS", nil), entryOf("root", func(e *snapshot.Entry) { e.PrincipalCreatedAt, e.Policies = nil, adminPolicy("aws") }),
			},
			want: []string{"extra role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS", "extra root"}, safe: true, said: "the map lets nobody in",
		},
		"the map of another cluster": {
			roles:   "- rolearn: arn:aws:iam::999922223333:role/dev\n" + developer,
			entries: []snapshot.Entry{entryOf("arn:aws:iam::999922223333:role/dev", groupsOf("developers"))},
			want:    []string{"same mapRoles[0]"}, remove: "arn:aws:iam::999922223333:role/dev", said: "probably of another cluster",
		},
	} {
		t.Run(name, func(t *testing.T) {
			data := map[string]string{}
			for key, text := range map[string]string{"mapRoles": tt.roles, "mapUsers": tt.users, "mapAccounts": tt.accounts} {
				if text != "" {
					data[key] = text
				}
			}
			mode, partition := tt.mode, tt.partition
			if mode == "" {
				mode = snapshot.Both
			}
			if partition == "" {
				partition = "aws"
			}
			var view *snapshot.View
			if !tt.none {
				view = viewOf(t, mode, partition, tt.entries...)
			}
			v := Verify(awsauth.Read(data), view, tt.options)
			var got []string
			for i := range v.Principals {
				p := &v.Principals[i]
				place := p.Place()
				if place == "" {
					place = strings.TrimPrefix(p.ARN, account)
				}
				got = append(got, string(p.Verdict)+" "+place)
				if p.Because == "" || p.Lost == nil {
					t.Errorf("%s explains nothing: %+v", place, p)
				}
				if p.Verdict == access.Extra && strings.Contains(p.Because, "superfluous") {
					t.Errorf("%s: %s", place, p.Because)
				}
			}
			if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			if remove := strings.ReplaceAll(strings.Join(v.SafeToRemove, " "), account, ""); remove != tt.remove {
				t.Errorf("safe to remove %q, want %q", remove, tt.remove)
			}
			said := strings.Join(append(v.Because, v.Notes...), "\n")
			if v.SafeToSwitch != tt.safe || !strings.Contains(said, tt.said) {
				t.Errorf("safe %t, want %t, and %q in\n%s", v.SafeToSwitch, tt.safe, tt.said, said)
			}
		})
	}
}

// TestVerifyForms writes one verification that has every verdict in each format.
func TestVerifyForms(t *testing.T) {
	created := moment.AddDate(0, 0, -1)
	view := viewOf(t, snapshot.Both, "aws",
		entryOf("role/nodes", typed(snapshot.EC2Linux)), entryOf("role/team/dev", groupsOf("developers", "ops")), entryOf("role/weak", nil),
		entryOf("role/again", func(e *snapshot.Entry) { e.PrincipalCreatedAt = &created }), entryOf("role/when", func(e *snapshot.Entry) { e.PrincipalCreatedAt = nil }),
		entryOf("root", nil),
	)
	v := Verify(awsauth.Read(map[string]string{
		"mapRoles": role("nodes", nodeUser+nodes) + role("dev", developer) + role("weak", developer) + role("again", developer) + role("when", developer) +
			role("none", developer) + role("x/path", developer) + "- rolearn: \"a\\u202e|<b>*`\"\n  username: x\n",
	}), view, Options{})
	v.File = "map.yaml"
	v.At = func(section awsauth.Key, entry int) manifest.Position {
		return manifest.Position{Line: 10 + entry, Column: len(section)}
	}
	for name, write := range map[string]func(*strings.Builder) error{
		"verify.txt":    func(b *strings.Builder) error { return v.Text(b) },
		"verify.json":   func(b *strings.Builder) error { return v.JSON(b) },
		"verify.md":     func(b *strings.Builder) error { return v.Sheet().Markdown(b) },
		"verify.xml":    func(b *strings.Builder) error { return v.Sheet().JUnit(b) },
		"verify.sarif":  func(b *strings.Builder) error { return report.SARIF(b, v.Sheet().Findings("", "v1.2.3")) },
		"verify.github": func(b *strings.Builder) error { return report.GitHub(b, v.Sheet().Findings("", "v1.2.3")) },
		"verify.html":   func(b *strings.Builder) error { return v.Sheet().HTML(b) },
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			got := b.String()
			if name == "verify.html" { // The style is that of every page.
				before, rest, _ := strings.Cut(got, "<style>")
				_, after, _ := strings.Cut(rest, "</style>")
				got = before + "<style></style>" + after
			}
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs; -update updates it:\n%s", path, got)
			}
		})
	}
}
