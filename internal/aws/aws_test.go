package aws

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/accessentry"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	server "github.com/aws-auth-guard/aws-auth-guard/test/eks"
)

const (
	account = "arn:aws:iam::111122223333:"
	admin   = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
)

// now is the clock of both sides.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// start starts a server with the cluster blue in a mode and roles and users that are a year old, and the clients of the real SDK.
func start(t *testing.T, o server.Options, mode string, principals ...string) (*server.Server, *Applier) {
	t.Helper()
	o.Now = func() time.Time { return now }
	s, err := server.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	for _, e := range s.Environment() {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	s.SetCluster("blue", mode, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("blue")}))
	for _, p := range principals {
		if !strings.HasPrefix(p, "arn:") {
			p = account + p
		}
		s.SetPrincipal(p, now.AddDate(-1, 0, 0))
	}
	asks, people, err := Connect(t.Context(), Settings{})
	if err != nil {
		t.Fatal(err)
	}
	waits := func(context.Context, time.Duration) error { return nil }
	return s, &Applier{Reader: &Reader{EKS: asks, IAM: people, Now: func() time.Time { return now }}, Maker: asks, Wait: waits}
}

func entry(principal, kind string) server.Entry {
	return server.Entry{PrincipalARN: account + principal, Type: kind, Username: "u", Groups: []string{"g"}, Created: now.AddDate(0, -1, 0)}
}

// tells writes the entries of a snapshot in short.
func tells(s *snapshot.Snapshot) []string {
	var all []string
	for i := range s.Entries {
		e := &s.Entries[i]
		binding := map[snapshot.Binding]string{snapshot.Unknown: "unknown", snapshot.Bound: "bound", snapshot.Stale: "stale"}[e.Binding()]
		line := fmt.Sprintf("%s %s %s %s", strings.TrimPrefix(e.PrincipalARN, account), e.Type, strings.Join(e.Groups, ","), binding)
		for _, p := range e.Policies {
			line += " " + p.Name() + " " + p.Scope.Type
		}
		all = append(all, line)
	}
	return all
}

// fill makes entries of every kind.
func fill(s *server.Server) {
	s.SetEntry("blue", entry("role/team/dev", "STANDARD"), admin)
	s.SetEntry("blue", entry("role/nodes", "EC2_LINUX"))
	s.SetEntry("blue", entry("role/auto", "EC2"), "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy")
	s.SetEntry("blue", entry("user/team/bob", "STANDARD"))
	s.SetEntry("blue", entry("role/gone", "STANDARD"))
	s.SetEntry("blue", entry("role/moved", "STANDARD"))
	s.SetEntry("blue", entry("root", "STANDARD"), admin)
	s.SetEntry("blue", server.Entry{PrincipalARN: "arn:aws:iam::999922223333:role/dev", Type: "STANDARD", Created: now.AddDate(0, -1, 0)})
	s.SetPrincipal(account+"role/again", now.AddDate(0, 0, -1))
	s.SetEntry("blue", entry("role/again", "STANDARD"))
}

func TestSnapshot(t *testing.T) {
	want := []string{
		"role/again STANDARD g stale", "role/auto EC2 g bound AmazonEKSAutoNodePolicy cluster", "role/gone STANDARD g stale", "role/moved STANDARD g stale", "role/nodes EC2_LINUX g bound",
		"role/team/dev STANDARD g bound AmazonEKSClusterAdminPolicy cluster", "root STANDARD g bound AmazonEKSClusterAdminPolicy cluster", "user/team/bob STANDARD g bound",
		"arn:aws:iam::999922223333:role/dev STANDARD  unknown",
	}
	for name, o := range map[string]server.Options{"one page": {}, "pages of one": {PageSize: 1}, "an empty page in front": {EmptyPages: true}, "short and empty pages": {PageSize: 2, EmptyPages: true}} {
		t.Run(name, func(t *testing.T) {
			s, r := start(t, o, "API_AND_CONFIG_MAP", "role/team/dev", "role/nodes", "role/auto", "user/team/bob", "role/other/moved", "arn:aws:iam::999922223333:role/dev")
			fill(s)
			taken, notes, err := r.Snapshot(t.Context(), "blue")
			if err != nil {
				t.Fatal(err)
			}
			if got := tells(taken); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if len(notes) != 2 || !strings.Contains(notes[0], "not of 1 principal of others") || !strings.Contains(notes[1], "999922223333") {
				t.Errorf("notes %q", notes)
			}
			hash, err := snapshot.HashCA(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("blue")}))
			if err != nil || taken.Cluster.CAHash != hash || !taken.TakenAt.Equal(now) || taken.Cluster.Account() != "111122223333" {
				t.Errorf("the snapshot says of the cluster %+v, %v", taken.Cluster, err)
			}
		})
	}
}

// TestWhatAWSRefuses takes every right away by itself, and lets every call fail by itself.
func TestWhatAWSRefuses(t *testing.T) {
	calls := []string{"DescribeCluster", "ListAccessEntries", "DescribeAccessEntry", "ListAssociatedAccessPolicies", "GetRole", "GetUser"}
	for _, operation := range calls {
		t.Run(operation+" denied", func(t *testing.T) {
			s, r := start(t, server.Options{}, "API_AND_CONFIG_MAP", "role/team/dev", "role/nodes", "role/auto", "user/team/bob")
			fill(s)
			s.Deny(operation, true)
			taken, notes, err := r.Snapshot(t.Context(), "blue")
			if isIAM := operation == "GetRole" || operation == "GetUser"; !isIAM {
				if err == nil || !strings.Contains(err.Error(), "AWS does not allow you eks:"+operation) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Join(notes, "\n")
			if !strings.Contains(said, "AWS does not allow you iam:"+operation) || !strings.Contains(said, "not known when") {
				t.Errorf("notes %q", notes)
			}
			for _, line := range tells(taken) {
				asked := map[string]string{"GetRole": "role/", "GetUser": "user/"}[operation]
				if strings.HasPrefix(line, asked) && !strings.Contains(line, "unknown") {
					t.Errorf("nobody told, and yet: %s", line)
				}
			}
		})
		t.Run(operation+" throttled", func(t *testing.T) {
			s, r := start(t, server.Options{}, "API_AND_CONFIG_MAP", "role/team/dev", "user/team/bob")
			fill(s)
			fault := server.Throttled()
			if operation == "GetRole" || operation == "GetUser" {
				fault = server.Fault{Status: http.StatusBadRequest, Type: "Throttling", Message: "Rate exceeded"}
			}
			s.Fail(operation, fault)
			if _, _, err := r.Snapshot(t.Context(), "blue"); err != nil {
				t.Error(err)
			}
		})
		t.Run(operation+" fails", func(t *testing.T) {
			s, r := start(t, server.Options{}, "API_AND_CONFIG_MAP", "role/team/dev", "user/team/bob")
			fill(s)
			s.Fail(operation, server.Fault{Status: http.StatusBadRequest, Type: "SomethingElse", Message: "went\nwrong"})
			if _, _, err := r.Snapshot(t.Context(), "blue"); err == nil || !strings.Contains(err.Error(), "went wrong (SomethingElse)") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSnapshotsThatAreNone(t *testing.T) {
	t.Run("mode CONFIG_MAP", func(t *testing.T) {
		s, r := start(t, server.Options{}, "CONFIG_MAP")
		taken, notes, err := r.Snapshot(t.Context(), "blue")
		if err != nil || len(taken.Entries)+len(notes) != 0 || !slices.Equal(s.Calls(), []string{"DescribeCluster"}) {
			t.Errorf("got %+v, %q, %v after %q", taken, notes, err, s.Calls())
		}
	})
	t.Run("no such cluster", func(t *testing.T) {
		_, r := start(t, server.Options{}, "API")
		if _, _, err := r.Snapshot(t.Context(), "green"); err == nil || !strings.Contains(err.Error(), "EKS knows no cluster green") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no mode", func(t *testing.T) {
		_, r := start(t, server.Options{}, "")
		if _, _, err := r.Snapshot(t.Context(), "blue"); err == nil || !strings.Contains(err.Error(), "does not say the authentication mode") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an entry that is deleted meanwhile", func(t *testing.T) {
		s, r := start(t, server.Options{}, "API", "role/dev", "role/ops")
		s.SetEntry("blue", entry("role/dev", "STANDARD"))
		s.SetEntry("blue", entry("role/ops", "STANDARD"))
		s.Fail("DescribeAccessEntry", server.Fault{Status: http.StatusNotFound, Type: "ResourceNotFoundException", Message: "gone"})
		taken, _, err := r.Snapshot(t.Context(), "blue")
		if err != nil || len(taken.Entries) != 1 {
			t.Errorf("got %+v, %v", taken, err)
		}
	})
	t.Run("pages without an end", func(t *testing.T) {
		s, r := start(t, server.Options{StuckPages: true}, "API", "role/dev")
		s.SetEntry("blue", entry("role/dev", "STANDARD"))
		if _, _, err := r.Snapshot(t.Context(), "blue"); err == nil || !strings.Contains(err.Error(), "the same page of a list again and again") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a type of tomorrow", func(t *testing.T) {
		s, r := start(t, server.Options{}, "API", "role/dev")
		s.SetEntry("blue", entry("role/dev", "EC2_BSD"))
		if _, _, err := r.Snapshot(t.Context(), "blue"); err == nil || !strings.Contains(err.Error(), "none that this version knows") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no region", func(t *testing.T) {
		t.Setenv("AWS_REGION", "")
		t.Setenv("AWS_DEFAULT_REGION", "")
		t.Setenv("AWS_CONFIG_FILE", "/dev/null")
		if _, _, err := Connect(t.Context(), Settings{}); err == nil || !strings.Contains(err.Error(), "give --region") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no credentials", func(t *testing.T) {
		_, _ = start(t, server.Options{}, "API")
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		asks, people, err := Connect(t.Context(), Settings{})
		if err != nil {
			t.Fatal(err)
		}
		r := &Reader{EKS: asks, IAM: people, Now: time.Now}
		if _, _, err := r.Snapshot(t.Context(), "blue"); err == nil || !strings.Contains(err.Error(), "no AWS credentials are found") {
			t.Errorf("got %v", err)
		}
	})
}

const roles = `- rolearn: arn:aws:iam::111122223333:role/nodes
  username: system:node:{{EC2PrivateDNSName}}
  groups: [system:bootstrappers, system:nodes]
- rolearn: arn:aws:iam::111122223333:role/dev
  username: dev:{{SessionName}}
  groups: [developers]
- rolearn: arn:aws:iam::111122223333:role/admin
  username: admin
  groups: [system:masters, ops]
`

// steps plans for the map roles.
func steps(t *testing.T, a *Applier) []accessentry.Step {
	t.Helper()
	doc := awsauth.Read(map[string]string{"mapRoles": roles})
	taken, _, err := a.Snapshot(t.Context(), "blue")
	if err != nil {
		t.Fatal(err)
	}
	plan, _, err := a.Resolve(t.Context(), accessentry.Make(doc, accessentry.Options{Cluster: "blue"}), taken.Cluster.Account())
	if err != nil {
		t.Fatal(err)
	}
	return plan.Steps(doc, taken.At(now, time.Hour))
}

// do carries the steps out as the command does, and gives what each of them did.
func do(t *testing.T, a *Applier, all []accessentry.Step) []string {
	t.Helper()
	var did []string
	for i := range all {
		s := &all[i]
		said := string(s.Action)
		if s.Makes() {
			if err := a.Do(t.Context(), "blue", s); err != nil {
				said += ": " + err.Error()
				if errors.Is(err, ErrStop) {
					return append(did, said)
				}
			}
		}
		did = append(did, said)
	}
	return did
}

func TestApply(t *testing.T) {
	three := []string{"role/nodes", "role/team/dev", "role/admin"}
	refusal := server.Fault{Status: http.StatusConflict, Type: "ResourceInUseException", Message: "in use"}
	notYet := server.Fault{Status: http.StatusNotFound, Type: "ResourceNotFoundException", Message: "not found"}
	for name, tt := range map[string]struct {
		principals []string
		before     func(*server.Server)
		// between happens after the steps are planned.
		between func(*server.Server)
		want    []string
		// entries are those in the end, and whether admin has its policy.
		entries int
		policy  bool
	}{
		"nothing is there": {principals: three, want: []string{"create", "create", "create"}, entries: 3, policy: true},
		"all is there": {principals: three, before: func(s *server.Server) {
			s.SetEntry("blue", server.Entry{PrincipalARN: account + "role/nodes", Type: "EC2_LINUX", Created: now.AddDate(0, -1, 0)})
			s.SetEntry("blue", server.Entry{PrincipalARN: account + "role/team/dev", Type: "STANDARD", Username: "dev:{{SessionName}}", Groups: []string{"developers"}, Created: now.AddDate(0, -1, 0)})
			s.SetEntry("blue", server.Entry{PrincipalARN: account + "role/admin", Type: "STANDARD", Username: "admin", Groups: []string{"ops"}, Created: now.AddDate(0, -1, 0)}, admin)
		}, want: []string{"keep", "keep", "keep"}, entries: 3, policy: true},
		"an attempt ended before its policy": {principals: three, before: func(s *server.Server) {
			s.SetEntry("blue", server.Entry{PrincipalARN: account + "role/admin", Type: "STANDARD", Username: "admin", Groups: []string{"ops"}, Created: now})
		}, want: []string{"create", "create", "associate"}, entries: 3, policy: true},
		"entries that give less stay as they are": {principals: three, before: func(s *server.Server) {
			s.SetEntry("blue", server.Entry{PrincipalARN: account + "role/team/dev", Type: "STANDARD", Username: "other", Created: now.AddDate(0, -1, 0)})
			s.SetEntry("blue", server.Entry{PrincipalARN: account + "role/nodes", Type: "STANDARD", Username: "x", Created: now.AddDate(0, -1, 0)})
		}, want: []string{"decide", "decide", "create"}, entries: 3, policy: true},
		"a stale entry stays as it is": {principals: three, before: func(s *server.Server) {
			s.SetEntry("blue", server.Entry{PrincipalARN: account + "role/team/dev", Type: "STANDARD", Username: "dev:{{SessionName}}", Groups: []string{"developers"}, Created: now.AddDate(-2, 0, 0)})
		}, want: []string{"create", "decide", "create"}, entries: 3, policy: true},
		"a role that is gone stops nothing": {principals: []string{"role/nodes", "role/admin"}, want: []string{"create", "decide", "create"}, entries: 2, policy: true},
		"one that goes meanwhile stops nothing": {
			principals: three, between: func(s *server.Server) { s.RemovePrincipal(account + "role/team/dev") },
			want: []string{"create", "create: EKS knows no " + account + "role/team/dev: if it is gone, remove its mapping", "create"}, entries: 2, policy: true,
		},
		"somebody made the same": {principals: three, between: func(s *server.Server) {
			s.SetEntry("blue", server.Entry{PrincipalARN: account + "role/team/dev", Type: "STANDARD", Username: "dev:{{SessionName}}", Groups: []string{"developers"}, Created: now})
		}, want: []string{"create", "create", "create"}, entries: 3, policy: true},
		"somebody made another one": {principals: three, between: func(s *server.Server) {
			s.SetEntry("blue", server.Entry{PrincipalARN: account + "role/team/dev", Type: "STANDARD", Username: "other", Created: now})
		}, want: []string{"create", "create: somebody has made another access entry for " + account + "role/team/dev meanwhile: it stays as it is", "create"}, entries: 3, policy: true},
		"EKS knows it only after a while": {
			principals: three, between: func(s *server.Server) { s.Fail("AssociateAccessPolicy", notYet, notYet, notYet) },
			want: []string{"create", "create", "create"}, entries: 3, policy: true,
		},
		"the answer got lost": {principals: three, between: func(s *server.Server) {
			s.Fail("CreateAccessEntry", refusal)
			s.Fail("DescribeAccessEntry", notYet)
			s.SetEntry("blue", server.Entry{PrincipalARN: account + "role/nodes", Type: "EC2_LINUX", Created: now})
		}, want: []string{"create", "create", "create"}, entries: 3, policy: true},
		"throttled": {
			principals: three, between: func(s *server.Server) {
				s.Fail("CreateAccessEntry", server.Throttled())
				s.Fail("AssociateAccessPolicy", server.Throttled())
			}, want: []string{"create", "create", "create"}, entries: 3, policy: true,
		},
		"no right to create": {
			principals: three, between: func(s *server.Server) { s.Deny("CreateAccessEntry", true) },
			want: []string{"create: AWS does not allow you eks:CreateAccessEntry"},
		},
		"no right to associate": {
			principals: three, between: func(s *server.Server) { s.Deny("AssociateAccessPolicy", true) },
			want: []string{"create", "create", "create: AWS does not allow you eks:AssociateAccessPolicy"}, entries: 3,
		},
		"no right to ask IAM": {
			principals: []string{"role/nodes", "role/dev", "role/admin"}, before: func(s *server.Server) { s.Deny("GetRole", true) },
			want: []string{"create", "create", "create"}, entries: 3, policy: true,
		},
		"the mode goes on": {
			principals: three, between: func(s *server.Server) { s.SetCluster("blue", "CONFIG_MAP", nil) },
			want: []string{"create: eks:CreateAccessEntry: The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, a := start(t, server.Options{}, "API_AND_CONFIG_MAP", tt.principals...)
			if tt.before != nil {
				tt.before(s)
			}
			all := steps(t, a)
			kept := s.Entries("blue")
			if tt.between != nil {
				tt.between(s)
			}
			got := do(t, a, all)
			if len(got) != len(tt.want) || slices.ContainsFunc(tt.want, func(w string) bool {
				return !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) })
			}) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			entries := s.Entries("blue")
			if policies := s.Policies("blue", account+"role/admin"); len(entries) != tt.entries || slices.Contains(policies, admin) != tt.policy {
				t.Errorf("%d entries, policies %q", len(entries), policies)
			}
			for _, e := range kept { // What was there is as it was.
				if !slices.ContainsFunc(entries, func(x server.Entry) bool {
					return x.PrincipalARN == e.PrincipalARN && x.Username == e.Username && x.Type == e.Type && slices.Equal(x.Groups, e.Groups)
				}) {
					t.Errorf("%+v has changed: %+v", e, entries)
				}
			}
			if slices.ContainsFunc(s.Calls(), func(c string) bool {
				return strings.HasPrefix(c, "Delete") || strings.HasPrefix(c, "Update") || strings.HasPrefix(c, "Disassociate")
			}) {
				t.Errorf("it called %q", s.Calls())
			}
			if tt.policy && !slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, ": ") }) {
				for _, step := range steps(t, a) { // Again, it has nothing to make.
					if step.Makes() {
						t.Errorf("made again: %s", step.Explain())
					}
				}
			}
		})
	}
}
