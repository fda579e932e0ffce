package oracle

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sigs.k8s.io/aws-iam-authenticator/pkg/config"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/mutate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

// FuzzFix checks what repairs promise, on any map: they are refused, or nothing outside their edits changes, a second
// run has nothing to do, the real authenticator reads the result as intended, each repaired principal gets what its
// entry says, and everybody else gets what they got before.
func FuzzFix(f *testing.F) {
	addMaps(f)
	addTails(f)
	real := authenticator.Start(f)
	f.Fuzz(func(t *testing.T, roles, users, accounts string, script []byte) {
		data := mapOf(roles, users, accounts, script)
		if tooLong(data) {
			t.Skip("longer than what is interesting here")
		}
		checkSafeRepair(t, real, data)
		checkSuggestedRepair(t, data)
	})
}

func TestFixTable(t *testing.T) {
	real := authenticator.Start(t)
	for _, c := range cases.All() {
		t.Run(c.ID, func(t *testing.T) {
			checkSafeRepair(t, real, c.Data)
			checkSuggestedRepair(t, c.Data)
		})
	}
}

func TestFixCorpus(t *testing.T) {
	files := corpus(t)
	real := authenticator.Start(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		t.Run(name, func(t *testing.T) {
			for _, data := range files[name] {
				checkSafeRepair(t, real, data)
				checkSuggestedRepair(t, data)
			}
		})
	}
}

func findings(doc *awsauth.Document) []validate.Finding {
	return validate.Check(doc, validate.Options{Bindings: &validate.BindingFacts{}})
}

func safe(f *validate.Finding) bool { return f.Fix.Applicability == validate.Safe }

func anyRepair(*validate.Finding) bool { return true }

// checkSafeRepair follows Repair round by round: the edits that Choose reports, made here, give its result.
func checkSafeRepair(t *testing.T, real *authenticator.Authenticator, data map[string]string) {
	t.Helper()
	start := awsauth.Read(data)
	result := mutate.Repair(start, findings, safe, validate.Options{})
	texts := maps.Clone(start.Data())
	for range 10 {
		doc := awsauth.Read(texts)
		chosen := mutate.Choose(doc, findings(doc), safe, validate.Options{})
		if len(chosen) == 0 {
			break
		}
		next := splice(t, texts, chosen)
		checkRound(t, real, texts, next, chosen)
		texts = next
	}
	want := start.Data()
	maps.Copy(want, result.Data)
	if !maps.Equal(texts, want) {
		t.Errorf("%q\nrepaired to\n%q\nbut the edits told make\n%q", data, want, texts)
	}
	checkStable(t, want, safe)
	checkWhole(t, data, result)
}

// checkWhole checks that only texts are repaired of which EKS reads all, and that they are such texts afterwards.
func checkWhole(t *testing.T, data map[string]string, result *mutate.Result) {
	t.Helper()
	for key := range result.Data {
		for _, texts := range []map[string]string{data, result.Data} {
			s := awsauth.Read(texts).Section(awsauth.Key(key))
			if _, trailing := s.Trailing(); trailing || s.Unplaced() != nil {
				t.Errorf("%q\nis repaired to\n%q\nthough part of it is not read: %v", data[key], result.Data[key], s.Unplaced())
			}
		}
	}
}

// checkSuggestedRepair applies all repairs. What an entry should then read as is only told by the repair itself, so what is
// checked is that the authenticator agrees with the reading of the result and that it is stable.
func checkSuggestedRepair(t *testing.T, data map[string]string) {
	t.Helper()
	start := awsauth.Read(data)
	result := mutate.Repair(start, findings, anyRepair, validate.Options{})
	if !result.Changed() {
		return
	}
	texts := start.Data()
	maps.Copy(texts, result.Data)
	compareRead(t, texts)
	checkStable(t, texts, anyRepair)
	checkWhole(t, data, result)
}

func checkStable(t *testing.T, texts map[string]string, pick func(*validate.Finding) bool) {
	t.Helper()
	if again := mutate.Repair(awsauth.Read(texts), findings, pick, validate.Options{}); again.Changed() {
		t.Errorf("%q\nis the result of a repair, and repaired once more becomes\n%q", texts, again.Data)
	}
}

// splice makes the edits of findings, which must be in order, inside the text, and apart.
func splice(t *testing.T, texts map[string]string, chosen []validate.Finding) map[string]string {
	t.Helper()
	next := maps.Clone(texts)
	for key, text := range texts {
		var edits []validate.Edit
		for _, f := range chosen {
			if string(f.Section) == key {
				edits = append(edits, f.Fix.Edits...)
			}
		}
		slices.SortStableFunc(edits, func(a, b validate.Edit) int { return a.Start - b.Start })
		end := len(text)
		for _, e := range slices.Backward(edits) {
			if e.Start < 0 || e.Start > e.End || e.End > end {
				t.Fatalf("%q: the edits %v overlap or leave the text", text, edits)
			}
			next[key] = next[key][:e.Start] + e.New + next[key][e.End:]
			end = e.Start
		}
	}
	return next
}

// checkRound holds one round of safe repairs against the real authenticator.
func checkRound(t *testing.T, real *authenticator.Authenticator, before, after map[string]string, chosen []validate.Finding) {
	t.Helper()
	intended, awake := intend(t, before, chosen)
	roles, users, accounts, err := authenticator.Parse(after)
	if got := kept(roles, users, accounts); !reflect.DeepEqual(got, kept(intended.roles, intended.users, intended.accounts)) {
		t.Errorf("%q\nrepaired to\n%q\nis kept as\n%+v\nbut meant as\n%+v\n%v", before, after, got, intended, err)
		return
	}
	for _, text := range after {
		if !utf8.ValidString(text) {
			return
		}
	}
	checkCallers(t, real, before, after, intended, awake)
	checkNames(t, before, intended)
}

// checkCallers compares what callers get before and after a round of repairs.
func checkCallers(t *testing.T, real *authenticator.Authenticator, before, after map[string]string, intended entries, awake []string) {
	t.Helper()
	callers := naturalCallers(after)
	for _, arn := range awake {
		callers = append(callers, callersOf(arn)...)
	}
	got := outcomes(t, real, after, callers)
	untouched := outcomes(t, real, encode(t, renamed(t, before, intended)), callers)
	for i, caller := range callers {
		canonical, err := authenticator.Canonicalize(caller.ARN)
		if err != nil || intended.matchesResurrected(canonical) {
			continue
		}
		want := untouched[i]
		if slices.ContainsFunc(awake, func(arn string) bool { return strings.EqualFold(arn, canonical) }) {
			want = summary(outcomeOfOne(t, real, intended, canonical, caller))
		}
		if !slices.Equal(got[i], want) {
			t.Errorf("%q\nrepaired to\n%q\ncaller %s, session %q gets %v, want %v", before, after, caller.ARN, caller.SessionName, got[i], want)
		}
	}
}

// matchesResurrected reports whether a caller matches an entry of a section that did not parse before.
func (e *entries) matchesResurrected(canonical string) bool {
	if e.resurrected[awsauth.MapAccounts] {
		return true
	}
	return e.resurrected[awsauth.MapRoles] && slices.ContainsFunc(e.roles, func(r config.RoleMapping) bool { return strings.EqualFold(r.RoleARN, canonical) }) ||
		e.resurrected[awsauth.MapUsers] && slices.ContainsFunc(e.users, func(u config.UserMapping) bool { return strings.EqualFold(u.UserARN, canonical) })
}

// renamed is the map before with no other change than the usernames that are intended: for callers whose ARN no repair
// touches, that is all that may differ.
func renamed(t *testing.T, before map[string]string, intended entries) entries {
	t.Helper()
	e := entries{}
	e.roles, e.users, e.accounts, _ = authenticator.Parse(before)
	if !intended.resurrected[awsauth.MapRoles] {
		for i := range e.roles {
			e.roles[i].Username = intended.roles[i].Username
		}
	}
	if !intended.resurrected[awsauth.MapUsers] {
		for i := range e.users {
			e.users[i].Username = intended.users[i].Username
		}
	}
	return e
}

// outcomeOfOne asks a map that holds only the entries of one ARN: more than one would be a collision.
func outcomeOfOne(t *testing.T, real *authenticator.Authenticator, intended entries, canonical string, caller cases.Caller) []cases.Outcome {
	t.Helper()
	var one entries
	for _, r := range intended.roles {
		if strings.EqualFold(r.RoleARN, canonical) {
			one.roles = append(one.roles, r)
		}
	}
	for _, u := range intended.users {
		if strings.EqualFold(u.UserARN, canonical) {
			one.users = append(one.users, u)
		}
	}
	if len(one.roles)+len(one.users) != 1 {
		t.Errorf("the repair of %s meets another entry: %+v", canonical, one)
	}
	if err := real.Load(encode(t, one)); err != nil {
		t.Fatal(err)
	}
	got, err := real.Outcomes(caller)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// encode writes entries as a map: JSON is YAML.
func encode(t *testing.T, e entries) map[string]string {
	t.Helper()
	data := map[string]string{}
	for key, value := range map[string]any{"mapRoles": e.roles, "mapUsers": e.users, "mapAccounts": e.accounts} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		// The one character that JSON leaves as it is and YAML does not take.
		data[key] = strings.ReplaceAll(string(text), "\x7f", `\u007f`)
	}
	return data
}

func outcomes(t *testing.T, real *authenticator.Authenticator, data map[string]string, callers []cases.Caller) [][]string {
	t.Helper()
	if err := real.Load(data); err != nil {
		t.Fatal(err)
	}
	all := make([][]string, len(callers))
	for i, caller := range callers {
		got, err := real.Outcomes(caller)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = summary(got)
	}
	return all
}

// checkNames checks that no repair gives two principals one username that had two before.
func checkNames(t *testing.T, before map[string]string, after entries) {
	t.Helper()
	if len(after.resurrected) > 0 {
		return // nobody had a name before
	}
	type holder struct{ arn, was, is string }
	roles, users, _, _ := authenticator.Parse(before)
	var holders []holder
	for i, r := range roles {
		holders = append(holders, holder{after.roles[i].RoleARN, r.Username, after.roles[i].Username})
	}
	for i, u := range users {
		holders = append(holders, holder{after.users[i].UserARN, u.Username, after.users[i].Username})
	}
	for i, a := range holders {
		for _, b := range holders[i+1:] {
			if a.is == b.is && a.was != b.was && !strings.EqualFold(a.arn, b.arn) {
				t.Errorf("%q: %s (%q) and %s (%q) are both %q after the repair", before, a.arn, a.was, b.arn, b.was, a.is)
			}
		}
	}
}
