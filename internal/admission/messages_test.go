package admission

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// swollen makes an example as long as it can be: the value of each item that ends a line gets a long tail, and each list
// of groups many more of them.
func swollen(data map[string]string, tail string) map[string]string {
	out := maps.Clone(data)
	for key, value := range out {
		lines := strings.SplitAfter(value, "\n")
		for i, line := range lines {
			bare := strings.TrimRight(line, "\n\"'}])")
			if strings.HasSuffix(strings.TrimSpace(bare), ":") || strings.TrimSpace(bare) == "" || strings.ContainsAny(line, "|>&*") {
				continue
			}
			lines[i] = bare + tail + line[len(bare):]
		}
		out[key] = strings.Join(lines, "")
	}
	return out
}

// TestTextsOfAnyLengthLeaveRulePlaceAndWayOut holds the causes and warnings of every rule, for its own examples and for
// the same with long texts, against their bounds: what is cut is the middle.
func TestTextsOfAnyLengthLeaveRulePlaceAndWayOut(t *testing.T) {
	tails := map[string]string{"as it is": "", "long": strings.Repeat("x", 5000), "hidden": strings.Repeat("\u202e", 2000), "letters": strings.Repeat("é", 3000)}
	met := map[string]bool{}
	for _, rule := range validate.Rules() {
		for i, example := range rule.Bad {
			for how, tail := range tails {
				t.Run(fmt.Sprintf("%s/%d/%s", rule.Name, i, how), func(t *testing.T) {
					p := policy.Default()
					p.Rules = map[string]policy.Rule{rule.Name: {Action: validate.Deny, Params: example.Params}}
					p.Protected, p.Limits = example.Protected, example.Limits
					c := &validate.Change{
						Old: awsauth.Read(swollen(example.Old, tail)), New: awsauth.Read(swollen(example.Data, tail)), Requester: example.Requester,
						Facts: example.Facts,
					}
					c.New.Immutable, c.New.Bytes = example.Immutable, max(c.New.Bytes, example.Bytes)
					r := &Request{User: authenticationv1.UserInfo{Username: alice}, FieldManager: terraform, Old: withData(example.Old), New: withData(swollen(example.Data, tail))}
					checkWords(t, r, Validate(p, r, c), met)
					p.Profile, p.Rules[rule.Name] = validate.Audit, policy.Rule{Action: validate.Warn, Params: example.Params}
					checkWords(t, r, Validate(p, r, c), met)
				})
			}
		}
	}
	for _, rule := range validate.Rules() {
		// What is said of a map that nobody reads, or of one as it stands, refuses nothing.
		if rule.AtAdmission() && !rule.Unread && !rule.Standing && len(rule.Bad) > 0 && !met[rule.Name] {
			t.Errorf("the rule %s was never refused for", rule.Name)
		}
	}
}

func checkWords(t *testing.T, r *Request, d *Decision, met map[string]bool) {
	t.Helper()
	checkLimits(t, d)
	var refused []EvaluatedFinding
	for _, j := range d.Findings {
		if j.Refused {
			refused = append(refused, j)
		}
	}
	slices.SortStableFunc(refused, worst)
	for i, cause := range d.Causes[:min(len(refused), maxCauses)] {
		j := refused[i]
		met[j.Rule] = true
		why, _, _ := strings.Cut(cause.Message, "\n")
		end := unansweredHint(j) + r.overrideHint(j) + " [" + j.Rule + "]"
		if !strings.HasPrefix(why, at(j)) || !strings.HasSuffix(why, end) || len(why) > maxCause {
			t.Errorf("a cause of %d bytes, which is to begin with %q and to end with %q: %q", len(why), at(j), end, why)
		}
		if len(cause.Field) > maxPlace || cause.Field != j.Path() && len(j.Path()) <= maxPlace {
			t.Errorf("a field of %d bytes: %q", len(cause.Field), cause.Field)
		}
		if text.Visible(why) != why || text.Visible(cause.Field) != cause.Field {
			t.Errorf("not one line: %q: %q", cause.Field, why)
		}
	}
	for _, w := range d.Warnings {
		if text.Visible(w) != w {
			t.Errorf("not one line: %q", w)
		}
	}
}

// TestALockoutNamesItsOverrideWhateverIsLost has more groups and longer ones than a cause can hold.
func TestALockoutNamesItsOverrideWhateverIsLost(t *testing.T) {
	for name, tt := range map[string]struct {
		username string
		groups   int
		long     int
	}{
		"few groups":       {"dev", 2, 1},
		"many groups":      {"dev", 100, 1},
		"many long groups": {"dev", 100, 200},
		"a long username":  {strings.Repeat("u", 5000), 100, 200},
	} {
		t.Run(name, func(t *testing.T) {
			entry := "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: " + tt.username + "\n  groups:\n"
			all, groups := entry, ""
			for i := range tt.groups {
				name := fmt.Sprintf("g%d%s", i, strings.Repeat("x", tt.long))
				all, groups = all+"  - "+name+"\n", groups+" "+name
			}
			r := request(tt.username, person, node+all, node+entry+"  - other\n")
			r.User.Groups = strings.Fields(groups)
			r.User.Extra = map[string]authenticationv1.ExtraValue{"arn": {"arn:aws:sts::111122223333:assumed-role/dev/jane"}}
			d := validateNow(policy.Default(), r)
			if d.Result != Refused || len(d.Causes) != 1 {
				t.Fatalf("%s, %d causes", d.Result, len(d.Causes))
			}
			checkWords(t, r, d, map[string]bool{})
			why := d.Causes[0].Message
			for _, part := range []string{"you authenticated through mapRoles[1]", "you would no longer be in g0", policy.OverrideAnnotation + `: "self-lockout: <reason>" [self-lockout]`} {
				if !strings.Contains(why, part) {
					t.Errorf("%q is not in %q", part, why)
				}
			}
			if tt.groups == 100 && tt.long == 1 && !strings.Contains(why, "and 96 more") {
				t.Errorf("it does not say how many are left out: %q", why)
			}
		})
	}
}
