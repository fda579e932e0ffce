package aws

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	server "github.com/aws-auth-guard/aws-auth-guard/test/eks"
)

const (
	mapped = `- rolearn: arn:aws:iam::111122223333:role/dev
  username: dev
- rolearn: arn:aws:iam::111122223333:role/gone
  username: gone
- rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef
  username: sso
- rolearn: arn:aws:iam::444455556666:role/foreign
  username: foreign
- rolearn: arn:aws-cn:iam::111122223333:role/elsewhere
  username: elsewhere
`
	mappedUsers = "- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n"
	ssoFolder   = "role/aws-reserved/sso.amazonaws.com/eu-west-1/"
	lets        = `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"a b+c%"}}}]}`
)

// asked asks the test server about a map, and gives what the rules find and what is not known.
func asked(t *testing.T, o server.Options, change func(*server.Server)) (found map[string]string, untold []string, s *server.Server) {
	t.Helper()
	s, r := start(t, o, "API_AND_CONFIG_MAP", "role/team/dev", "user/team/bob", ssoFolder+"AWSReservedSSO_Dev_fedcba9876543210", ssoFolder+"AWSReservedSSO_Ops_fedcba9876543210")
	s.SetRole(account+"role/team/dev", server.Role{Trust: lets, Used: now.AddDate(0, -6, 0), Region: "eu-west-1"})
	for _, name := range []string{"a", "b", "c"} {
		s.SetPrincipal(account+"role/other/"+name, now)
	}
	if change != nil {
		change(s)
	}
	doc := awsauth.Read(map[string]string{"mapRoles": mapped, "mapUsers": mappedUsers})
	caller, err := Caller(t.Context(), Settings{})
	if err != nil {
		t.Fatal(err)
	}
	of, err := r.Account(t.Context(), caller, validate.InIAM(doc))
	if err != nil {
		t.Fatal(err)
	}
	known, err := (*iam.Accounts)(nil).With(of)
	if err != nil {
		t.Fatal(err)
	}
	found = map[string]string{}
	for _, f := range validate.Check(doc, validate.Options{IAM: known}) {
		if validate.Lookup(f.Rule).FromIAM() {
			found[f.Rule] += f.Sentence().Text + "\n"
		}
	}
	return found, validate.UntoldByIAM(doc, known, nil), s
}

// foreign is what is not known whatever IAM answers.
var foreign = []string{
	"IAM is not known of the account 111122223333 in the partition aws-cn: it was asked about your own, 111122223333, alone; give its file with --iam too",
	"IAM is not known of the account 444455556666: it was asked about your own, 111122223333, alone; give its file with --iam too",
}

func TestAccount(t *testing.T) {
	want := map[string]string{
		"iam-role-missing": `as "gone"`, "iam-sso-suffix": "write arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_fedcba9876543210",
		"iam-trust": "the account 444455556666 (with conditions on sts:ExternalId, not judged)", "iam-unused": "since 2025-09-01 (eu-west-1)",
		"iam-path": "write arn:aws:iam::111122223333:user/team/bob",
	}
	for name, o := range map[string]server.Options{"one page": {}, "pages of one": {PageSize: 1}} {
		t.Run(name, func(t *testing.T) {
			found, untold, s := asked(t, o, nil)
			for rule, part := range want {
				if !strings.Contains(found[rule], part) || strings.Count(found[rule], "\n") != 1 {
					t.Errorf("%s: %q, want %q", rule, found[rule], part)
				}
			}
			if len(found) != len(want) || !slices.Equal(untold, foreign) {
				t.Errorf("found %q, not known %q", found, untold)
			}
			calls := s.Calls()
			if n := len(slices.DeleteFunc(slices.Clone(calls), func(c string) bool { return c != "GetRole" })); n != 3 {
				t.Errorf("%d roles were asked for, want those of the caller's account that are in the map: %q", n, calls)
			}
		})
	}
	t.Run("no permission set, no list", func(t *testing.T) {
		_, _, s := asked(t, server.Options{}, func(s *server.Server) { s.SetPrincipal(account+ssoFolder+"AWSReservedSSO_Dev_0123456789abcdef", now) })
		if slices.Contains(s.Calls(), "ListRoles") {
			t.Errorf("%q", s.Calls())
		}
	})
	t.Run("never used", func(t *testing.T) {
		found, _, _ := asked(t, server.Options{}, func(s *server.Server) { s.SetRole(account+"role/team/dev", server.Role{}) })
		if !strings.Contains(found["iam-unused"], "the role is there since 2025-03-01") || found["iam-trust"] != "" {
			t.Errorf("%q", found)
		}
	})
}

// TestWhatIAMDoesNotTell takes every right away by itself, and lets every call fail: what is not told is no "no such role", and the
// rest is found all the same.
func TestWhatIAMDoesNotTell(t *testing.T) {
	throttled := server.Fault{Status: http.StatusBadRequest, Type: "Throttling", Message: "Rate exceeded"}
	broken := server.Fault{Status: http.StatusBadRequest, Type: "SomethingElse", Message: "went\nwrong"}
	for name, tt := range map[string]struct {
		change func(*server.Server)
		// says is a part of each thing that is not known, found the rules that find something all the same.
		says, found []string
	}{
		"GetRole denied": {
			change: func(s *server.Server) { s.Deny("GetRole", true) }, found: []string{"iam-path"},
			says: []string{"AWS does not allow you iam:GetRole", "AWS does not allow you iam:GetRole", "AWS does not allow you iam:GetRole"},
		},
		"GetRole denied of one": {
			change: func(s *server.Server) {
				s.RemovePrincipal(account + "role/team/dev")
				s.SetPrincipal(account+"role/gone", now)
				s.SetPrincipal(account+ssoFolder+"AWSReservedSSO_Dev_0123456789abcdef", now)
				s.Fail("GetRole", server.Fault{Status: http.StatusForbidden, Type: "AccessDenied", Message: "not this one"})
			}, says: []string{"iam:GetRole: not this one"},
		},
		"GetUser denied": {
			change: func(s *server.Server) { s.Deny("GetUser", true) }, found: []string{"iam-role-missing", "iam-sso-suffix", "iam-trust", "iam-unused"},
			says: []string{`whether there is the user "arn:aws:iam::111122223333:user/bob" is not known: AWS does not allow you iam:GetUser`},
		},
		"ListRoles denied": {
			change: func(s *server.Server) { s.Deny("ListRoles", true) }, found: []string{"iam-path", "iam-role-missing", "iam-trust", "iam-unused"},
			says: []string{`whether the permission set of the role "AWSReservedSSO_Dev_0123456789abcdef" has another role now is not known: AWS does not allow you iam:ListRoles`},
		},
		"ListRoles fails": {
			change: func(s *server.Server) { s.Fail("ListRoles", broken) }, found: []string{"iam-path", "iam-role-missing", "iam-trust", "iam-unused"},
			says: []string{"iam:ListRoles: went wrong (SomethingElse)"},
		},
		"throttled": {
			change: func(s *server.Server) {
				s.Fail("GetRole", throttled, throttled)
				s.Fail("GetUser", throttled)
				s.Fail("ListRoles", throttled)
			}, found: []string{"iam-path", "iam-role-missing", "iam-sso-suffix", "iam-trust", "iam-unused"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			found, untold, _ := asked(t, server.Options{}, tt.change)
			for _, rule := range tt.found {
				if found[rule] == "" {
					t.Errorf("%s finds nothing", rule)
				}
			}
			if name != "GetRole denied of one" && len(found) != len(tt.found) {
				t.Errorf("found %q", found)
			}
			untold = slices.DeleteFunc(untold, func(s string) bool { return slices.Contains(foreign, s) })
			if len(untold) != len(tt.says) {
				t.Fatalf("not known: %q", untold)
			}
			for i, part := range tt.says {
				if !strings.Contains(untold[i], part) {
					t.Errorf("not known: %q, want %q", untold[i], part)
				}
			}
		})
	}
	t.Run("IAM breaks", func(t *testing.T) {
		found, untold, _ := asked(t, server.Options{}, func(s *server.Server) { s.Fail("GetRole", broken, broken, broken) })
		// How many were asked by then is chance; of those that were not, the reason is the same.
		if len(found["iam-role-missing"]+found["iam-trust"]+found["iam-sso-suffix"]) > 0 || !strings.Contains(strings.Join(untold, "\n"), "iam:GetRole: went wrong (SomethingElse)") {
			t.Errorf("found %q, not known %q", found, untold)
		}
	})
	t.Run("pages without an end", func(t *testing.T) {
		_, untold, _ := asked(t, server.Options{StuckPages: true, PageSize: 1}, nil)
		if !strings.Contains(strings.Join(untold, "\n"), "the same page of a list again and again") {
			t.Errorf("not known: %q", untold)
		}
	})
	t.Run("nobody knows whose account", func(t *testing.T) {
		_, r := start(t, server.Options{}, "API")
		if _, err := r.Account(t.Context(), "nonsense", nil); err == nil || !strings.Contains(err.Error(), "STS names no account for you") {
			t.Errorf("got %v", err)
		}
	})
}
