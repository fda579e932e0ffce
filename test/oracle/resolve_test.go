package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

func TestResolveAgainstAuthenticator(t *testing.T) {
	real := authenticator.Start(t)
	for _, c := range cases.All() {
		t.Run(c.ID, func(t *testing.T) {
			doc := compareRead(t, c.Data)
			compareResolve(t, real, doc)
			if c.ID == "E62" {
				return // what the API's JSON fixes, Read never sees
			}
			for _, call := range c.Calls {
				if got, want := resolveAll(doc, call.Caller), summary(call.Want); !slices.Equal(got, want) {
					t.Errorf("%s: got %v, want %v", call.Caller.ARN, got, want)
				}
			}
		})
	}
}

// compareResolve checks that every caller whom the map could be meant for gets from pkg/awsauth what the real server
// gives. Texts that are not UTF-8 can't be told apart from their fixed form there, so they are left out.
func compareResolve(t *testing.T, real *authenticator.Authenticator, doc *awsauth.Document) {
	t.Helper()
	data := doc.Data()
	for _, text := range data {
		if !utf8.ValidString(text) {
			return
		}
	}
	if err := real.Load(data); err != nil {
		t.Fatal(err)
	}
	for _, caller := range naturalCallers(data) {
		outcomes, err := real.Outcomes(caller)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := resolveAll(doc, caller), summary(outcomes); !slices.Equal(got, want) {
			t.Errorf("%q\ncaller %s, session %q\nawsauth resolves to %v\nthe authenticator gives %v", data, caller.ARN, caller.SessionName, got, want)
		}
	}
}

// resolveAll are the outcomes that pkg/awsauth foresees, without reasons.
func resolveAll(doc *awsauth.Document, caller cases.Caller) []string {
	asked := awsauth.Caller{
		ARN: caller.ARN, SessionName: caller.SessionName, AccessKeyID: cases.AccessKeyID, PrivateDNSName: cases.PrivateDNSName,
	}
	first := doc.Resolve(asked)
	outcomes := []cases.Outcome{outcomeOf(first, caller)}
	for _, other := range first.Others {
		alone := &awsauth.Document{
			Roles: &awsauth.Section{Key: awsauth.MapRoles}, Users: &awsauth.Section{Key: awsauth.MapUsers}, Accounts: &awsauth.Section{Key: awsauth.MapAccounts},
		}
		section := alone.Section(other.Section.Key)
		section.Entries = []*awsauth.Entry{other}
		outcomes = append(outcomes, outcomeOf(alone.Resolve(asked), caller))
	}
	return summary(outcomes)
}

func outcomeOf(r awsauth.Resolution, caller cases.Caller) cases.Outcome {
	_, err := arn.Canonicalize(caller.ARN)
	switch {
	case r.Mapped:
		return cases.Outcome{Kind: cases.Mapped, Username: r.Username, Groups: r.Groups}
	case err != nil:
		return cases.Outcome{Kind: cases.Rejected}
	case r.Match != nil:
		return cases.Outcome{Kind: cases.Denied}
	default:
		return cases.Outcome{Kind: cases.NotMapped}
	}
}

// summary puts outcomes into a form that can be compared: sorted, each once, without reasons.
func summary(outcomes []cases.Outcome) []string {
	set := map[string]bool{}
	for _, o := range outcomes {
		set[fmt.Sprintf("%s %q %q", o.Kind, o.Username, o.Groups)] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// maxPrincipals bounds how many ARNs of one map are tried.
const maxPrincipals = 12

// naturalCallers are those whom a map could be meant for: each of its ARNs as a caller, with and without its path, with
// sessions of a person, a node and a node that is gone, in lower case too, and one of each account.
func naturalCallers(data map[string]string) []cases.Caller {
	roles, users, accounts, _ := authenticator.Parse(data)
	written := map[string]bool{}
	for _, r := range roles {
		written[r.RoleARN] = true
	}
	for _, u := range users {
		written[u.UserARN] = true
	}
	for _, account := range accounts {
		written["arn:aws:iam::"+account+":role/anybody"] = true
		written["arn:aws:iam::"+account+":user/path/anybody"] = true
	}
	// STS answers in JSON, so no caller's ARN is anything but UTF-8.
	maps.DeleteFunc(written, func(s string, _ bool) bool { return !utf8.ValidString(s) })
	arns := slices.Sorted(maps.Keys(written))
	set := map[cases.Caller]bool{{ARN: "arn:aws:iam::123456789012:root"}: true}
	for _, principal := range arns[:min(len(arns), maxPrincipals)] {
		for _, form := range []string{principal, strings.ToLower(principal)} {
			for _, caller := range callersOf(form) {
				// IAM allows no colon in a session name: the token verifier counts on it.
				if !strings.Contains(caller.SessionName, ":") {
					set[caller] = true
				}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b cases.Caller) int {
		return strings.Compare(a.ARN+"\x00"+a.SessionName, b.ARN+"\x00"+b.SessionName)
	})
}

// callersOf are the callers that an ARN of the map may stand for.
func callersOf(written string) []cases.Caller {
	callers := []cases.Caller{{ARN: written, SessionName: arn.SessionName(written)}}
	parts := strings.SplitN(written, ":", 6)
	if len(parts) != 6 {
		return callers
	}
	resource, name, found := strings.Cut(parts[5], "/")
	if !found || resource != "role" {
		return callers
	}
	for _, session := range []string{"alice", "jane@example.com", "i-0123456789abcdef0", "i-0123456789abdead0"} {
		for _, role := range []string{name, name[strings.LastIndex(name, "/")+1:]} {
			assumed := strings.Join([]string{parts[0], parts[1], "sts", parts[3], parts[4], "assumed-role/" + role + "/" + session}, ":")
			callers = append(callers, cases.Caller{ARN: assumed, SessionName: session})
		}
	}
	return callers
}
