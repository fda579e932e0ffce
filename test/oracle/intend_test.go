package oracle

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/aws-iam-authenticator/pkg/config"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

// entries is what the authenticator keeps of a map.
type entries struct {
	roles    []config.RoleMapping
	users    []config.UserMapping
	accounts []string
	// resurrected sections did not parse before.
	resurrected map[awsauth.Key]bool
}

// intend works out what a map should be kept as after its repairs, and the ARNs that they wake, without the help of the
// code under test.
func intend(t *testing.T, before map[string]string, chosen []validate.Finding) (entries, []string) {
	t.Helper()
	e := entries{resurrected: map[awsauth.Key]bool{}}
	e.roles, e.users, e.accounts, _ = authenticator.Parse(before)
	doc := awsauth.Read(before)
	var awake []string
	for _, f := range chosen {
		if f.Rule == "unquoted-template" {
			e.resurrected[f.Section] = true
			e.requote(t, before, f)
			continue
		}
		at := keptIndex(doc.Section(f.Section), f.Entry)
		if at < 0 {
			t.Fatalf("%q: %s repairs an entry that is not kept", before, f.Rule)
		}
		var arn, username *string
		if f.Section == awsauth.MapRoles {
			arn, username = &e.roles[at].RoleARN, &e.roles[at].Username
		} else {
			arn, username = &e.users[at].UserARN, &e.users[at].Username
		}
		switch f.Rule {
		case "username-uppercase":
			*username = lowerOutsideTemplates(*username)
		case "role-path", "sso-role-path":
			*arn = withoutPath(*arn)
			awake = append(awake, *arn)
		default:
			t.Fatalf("the rule %s has a safe repair that this test does not know", f.Rule)
		}
	}
	return e, awake
}

// requote finds what a text with quoted templates means by writing a plain word in place of each.
func (e *entries) requote(t *testing.T, before map[string]string, f validate.Finding) {
	t.Helper()
	text := before[string(f.Section)]
	var words []string
	edits := f.Fix.Edits
	if len(edits)%2 != 0 {
		t.Fatalf("%q: quotes do not come in pairs: %v", text, edits)
	}
	plain := text
	for i := len(edits) - 2; i >= 0; i -= 2 {
		from, to := edits[i], edits[i+1]
		if from.Start != from.End || to.Start != to.End || from.New != to.New || (from.New != `"` && from.New != "'") {
			t.Fatalf("%q: these are not quotes: %v", text, edits)
		}
		word := fmt.Sprintf("qz%dzq", i)
		words = append(words, word, text[from.Start:to.Start])
		plain = plain[:from.Start] + word + plain[to.Start:]
	}
	restore := strings.NewReplacer(words...).Replace
	roles, users, accounts, err := authenticator.Parse(map[string]string{string(f.Section): plain})
	if err != nil && strings.Contains(err.Error(), "yaml: ") {
		t.Errorf("%q: does not parse with plain words for its templates either: %v", text, err)
	}
	for i, r := range roles {
		roles[i].RoleARN, roles[i].Username = restore(r.RoleARN), restore(r.Username)
		restoreAll(r.Groups, restore)
	}
	for i, u := range users {
		users[i].UserARN, users[i].Username = restore(u.UserARN), restore(u.Username)
		restoreAll(u.Groups, restore)
	}
	restoreAll(accounts, restore)
	switch f.Section {
	case awsauth.MapRoles:
		e.roles = roles
	case awsauth.MapUsers:
		e.users = users
	default:
		e.accounts = accounts
	}
}

func restoreAll(list []string, restore func(string) string) {
	for i, s := range list {
		list[i] = restore(s)
	}
}

func keptIndex(s *awsauth.Section, index int) int {
	at := 0
	for _, e := range s.Entries {
		switch {
		case e.Index == index && e.Valid:
			return at
		case e.Valid:
			at++
		}
	}
	return -1
}

func withoutPath(arn string) string {
	return arn[:strings.Index(arn, "/")+1] + arn[strings.LastIndex(arn, "/")+1:]
}

var template = regexp.MustCompile(`\{\{[^{}]*\}\}|[^{]+|\{`)

func lowerOutsideTemplates(s string) string {
	return template.ReplaceAllStringFunc(s, func(part string) string {
		if strings.HasPrefix(part, "{{") {
			return part
		}
		return strings.ToLower(part)
	})
}
