package companion

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

func roles(text string) map[string]string { return map[string]string{"mapRoles": text} }

const nodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"

// nothings are the ways in which a value can be empty.
func nothings() []string {
	return []string{"", " \n", `""`, "''", "``", "[]", "[]\n", "[ ] # none\n", "null", "~\n", "---\n", "# nobody\n", "# nobody\n\n  # at all\n", "---\n[]\n", "[\n]\n", "# r\u00f4les\n[]\n", "[]\r\n"}
}

// nearLists hold nobody although they look like lists that do.
func nearLists() []string {
	const arn = "arn:aws:iam::111122223333:role/x"
	return []string{
		"  - username: x\n- rolearn: " + arn + "\n",
		"    - username: x\n- rolearn: " + arn + "\n",
		"    - username: x\n  - rolearn: " + arn + "\n",
		"- username: x\n...\n- rolearn: " + arn + "\n",
		"- username: x\n---\n- rolearn: " + arn + "\n",
		"- rolearn: " + arn + "\n  username: x:\n",
		"- rolearn: " + arn + "\n  groups:\n    - a\n  - b\n",
		"- rolearn: " + arn + "\n  username: \"a\n",
		"- username: \"rolearn: " + arn + "\"\n",
		"# - rolearn: " + arn + "\n",
		"rolearn: " + arn + "\n",
		"  rolearn: " + arn + "\n- username: x\n",
		`[{"username":"\"rolearn\":\"` + arn + `\""}]`,
		`[{"rolearn":"` + arn + `" "username":"x"}]`,
		`[{"rolearn":"` + arn + `"},{"username"` + "\n" + `:"x"}]`,
		`{"rolearn":"` + arn + `"}`,
		`[{"rolearn":"` + arn + `"}] }`,
	}
}

// knownMaps are all maps of the table and of the corpus, and those that only look like maps.
func knownMaps(t testing.TB) []map[string]string {
	t.Helper()
	var all []map[string]string
	for _, c := range cases.All() {
		all = append(all, c.Data)
	}
	for _, text := range nearLists() {
		all = append(all, roles(text))
	}
	return append(all, corpus(t)...)
}

// corpus reads the maps that were collected from public places, where they lie beside the repository.
func corpus(t testing.TB) []map[string]string {
	t.Helper()
	var all []map[string]string
	err := filepath.WalkDir(filepath.Join("..", "..", "..", "shared", "corpus"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file := manifest.Read(path, string(raw))
		if len(file.Notes) > 0 {
			return nil // Another tool has yet to fill in a part: no cluster holds such a map.
		}
		for _, d := range file.Documents {
			all = append(all, d.Data)
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return all
}

// TestSoundOverKnownMaps deletes every known map, creates it, empties it and turns it into every neighbor.
func TestSoundOverKnownMaps(t *testing.T) {
	e, j := newEvaluator(t), newJudge()
	known := knownMaps(t)
	check := func(made *edit) { sound(t, e, j, made) }
	for i, data := range known {
		old := configMap(data, "")
		check(&edit{Old: old})
		check(&edit{New: old})
		check(&edit{Old: old, New: configMap(known[(i+1)%len(known)], "")})
		check(&edit{Old: configMap(roles(nodes), ""), New: old})
		for key := range data {
			without := maps.Clone(data)
			delete(without, key)
			check(&edit{Old: old, New: configMap(without, "")})
			for _, nothing := range nothings() {
				with := maps.Clone(data)
				with[key] = nothing
				check(&edit{Old: old, New: configMap(with, "")})
			}
		}
	}
}

// TestSaves holds that the policy knows what the maps that people write are worth: it refuses to delete each that the guard refuses
// to delete.
func TestSaves(t *testing.T) {
	e, j := newEvaluator(t), newJudge()
	known := corpus(t)
	if len(known) == 0 {
		t.Skip("no corpus beside the repository")
	}
	worth := 0
	for _, data := range known {
		made := &edit{Old: configMap(data, "")}
		if len(j.refusals(t, made)) == 0 {
			continue
		}
		worth++
		if len(e.refusals(t, made)) == 0 {
			t.Errorf("the policy lets this be deleted: %q", data)
		}
	}
	t.Logf("refuses to delete %d maps that hold mappings", worth)
}

// TestOrdinaryEditsAreCheap holds that an edit that leaves something under mapRoles never asks what the old text held: those
// expressions are for the whole text, and the API server waits for them.
func TestOrdinaryEditsAreCheap(t *testing.T) {
	e := newEvaluator(t)
	for _, old := range []map[string]string{roles(nodes), {"mapRoles": nodes, "mapUsers": "[]\n", "mapAccounts": "[]\n"}} {
		written := maps.Clone(old)
		written["mapRoles"] = nodes + "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"
		refused, used := e.evaluate(t, &edit{Old: configMap(old, ""), New: configMap(written, "")})
		if len(refused) > 0 {
			t.Errorf("refused by %q: %q", refused, written)
		}
		if used.known["hadRoles"] != nil {
			t.Errorf("the edit asks what mapRoles held: %q", written)
		}
	}
}

func TestRulesOfOverridesAreThoseOfTheGuard(t *testing.T) {
	specs, err := Specs()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, r := range validate.Rules() {
		if r.AtAdmission() {
			want = append(want, r.Name)
		}
	}
	slices.Sort(want)
	for _, v := range specs.Main.Variables {
		if v.Name != "rules" {
			continue
		}
		var got []string
		if err := yaml.Unmarshal([]byte(v.Expression), &got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the policy knows the rules\n%q, the guard\n%q", got, want)
		}
		return
	}
	t.Error("no variable names the rules")
}

// TestSoundOverGeneratedEdits tries many edits; FuzzGenerated tries as many as there is time for.
func TestSoundOverGeneratedEdits(t *testing.T) {
	e, j := newEvaluator(t), newJudge()
	refused := map[string]int{}
	for seed := range uint64(4_000) {
		made := generate(seed)
		for _, r := range sound(t, e, j, made) {
			refused[r]++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("refused: %v", refused)
	for _, r := range []string{"map-deleted", "unknown-data-key", "not-a-list"} {
		if refused[r] < 50 {
			t.Errorf("only %d edits were refused by %s", refused[r], r)
		}
	}
}

func FuzzGenerated(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(seed)
	}
	e, j := newEvaluator(f), newJudge()
	f.Fuzz(func(t *testing.T, seed uint64) {
		made := generate(seed)
		sound(t, e, j, made)
	})
}

// FuzzSound tries texts that the fuzzer makes out of those of the table.
func FuzzSound(f *testing.F) {
	for i, c := range cases.All() {
		f.Add(c.Data["mapRoles"], c.Data["mapUsers"], c.Data["mapAccounts"], nothings()[i%len(nothings())], "", "")
	}
	f.Add(nodes, "", "", "[]", "", "map-deleted: why")
	e, j := newEvaluator(f), newJudge()
	f.Fuzz(func(t *testing.T, oldRoles, oldUsers, oldAccounts, newRoles, newUsers, override string) {
		old := map[string]string{"mapRoles": oldRoles, "mapUsers": oldUsers, "mapAccounts": oldAccounts}
		for _, made := range []*edit{
			{Old: configMap(old, override)},
			{Old: immutable(configMap(old, override))},
			{Old: configMap(old, ""), New: configMap(map[string]string{"mapRoles": newRoles, "mapUsers": newUsers}, override)},
		} {
			sound(t, e, j, made)
		}
	})
}

// generate makes an edit out of pieces that are right and pieces that are nearly so.
func generate(seed uint64) *edit {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	override := ""
	if r.IntN(4) == 0 {
		override = pick("map-deleted: why", " map-deleted , not-a-list:why", "map-deleted", "map-deleted: ", "no-such-rule,map-deleted: why",
			"unknown-data-key: why", "map-immutable: why", "not-a-list,unknown-data-key: why", "map-deleted:a:b", "\u00a0map-deleted\u2003: x", ":", strings.Repeat("map-deleted,", 300)+"map-deleted: x")
	}
	old := configMap(data(r), "")
	if r.IntN(8) == 0 {
		old.Annotations = configMap(nil, pick("map-deleted: why", "map-deleted: why\n", "map-deleted: other")).Annotations
	}
	made := &edit{Old: old}
	switch r.IntN(8) {
	case 0, 1:
		if override != "" {
			old.Annotations = configMap(nil, override).Annotations
		}
		if r.IntN(2) == 0 {
			made.Old = immutable(old)
		}
		return made
	case 2:
		made = &edit{New: configMap(data(r), override)}
		if r.IntN(4) == 0 {
			made.New = immutable(made.New)
		}
		return made
	case 3:
		made.New = configMap(data(r), override)
	default:
		next := maps.Clone(old.Data)
		for _, k := range awsauth.Keys() {
			switch r.IntN(4) {
			case 0:
				next[string(k)] = pick(append(nothings(), "{}", " {}\n", "{ }", "\u00a0", "\ufeff[]", "[]]", "[] []", "- ", "# \u0085- x\n", "# a\u2028- b\n", "\t# x\n", "null null", "--- []\n", "...\n", "[]\n---\n- rolearn: arn:x\n")...)
			case 1:
				delete(next, string(k))
			}
		}
		made.New = configMap(next, override)
	}
	if r.IntN(6) == 0 {
		made.New.BinaryData = map[string][]byte{pick("mapRoles", "maproles", "map-users.yml", "mapRole", "notes"): []byte("x")}
		for k := range made.New.BinaryData {
			delete(made.New.Data, k)
		}
	}
	if r.IntN(10) == 0 {
		old.BinaryData = map[string][]byte{pick("mapRoles", "maproles"): []byte("x")}
	}
	return made
}

func data(r *rand.Rand) map[string]string {
	d := map[string]string{}
	for _, k := range awsauth.Keys() {
		if r.IntN(3) > 0 {
			d[string(k)] = text(r, k)
		}
	}
	if r.IntN(6) == 0 {
		names := []string{"maproles", "MAPUSERS", "map_accounts", "mapRoles.yaml", "mapRoles.YAML", "map-roles.yml", "mapRole", "mapRoles.yaml.yml", "notes", "map.-_roles"}
		d[names[r.IntN(len(names))]] = text(r, awsauth.MapRoles)
	}
	return d
}

// text is a list as people write it, broken in about every other case.
func text(r *rand.Rand, key awsauth.Key) string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	arnKey := pick("rolearn", "rolearn", "userarn", `"rolearn"`, "Rolearn", `"rolearn`)
	if key == awsauth.MapUsers {
		arnKey = pick("userarn", "userarn", "rolearn", `"userarn"`)
	}
	var b strings.Builder
	if key == awsauth.MapAccounts {
		for range r.IntN(3) + 1 {
			b.WriteString(pick("- ", "- ", "-", "  - ") + pick("111122223333", `"111122223333"`, "'012345678901'", "1111", "[x]") + pick("\n", "\n", " # a\n", "#\n", "\r\n", ""))
		}
		return pick(b.String(), b.String(), b.String(), `["111122223333"]`, `[111122223333]`, `["111122223333",]`, `["111122223333" "x"]`)
	}
	if r.IntN(4) == 0 {
		b.WriteString(pick("[", "[\n", " ["))
		for i := range r.IntN(3) {
			if i > 0 {
				b.WriteString(pick(",", ",\n  ", ", ", ""))
			}
			b.WriteString("{" + strings.ReplaceAll(`"KEY":"arn:aws:iam::111122223333:role/x"`, `"KEY"`, `"`+strings.Trim(arnKey, `"`)+`"`) + pick(",", ", ", ",\n", "", ",,") +
				pick(`"username":"a:{{SessionName}}"`, `"username" :"x]}"`, `"username"`+"\n"+`:"x"`, `"username":"a\"b"`, `"username": 'x'`) +
				pick("", `,"groups":["a","b"]`, `,"groups":[ "a" , "b" ]`, `,"groups":["a" "b"]`, `,"groups":[,]`, `,"groups":[]`, `,"groups":["a",]`, ",") + pick("}", "}", "}", "\n}", ""))
		}
		return b.String() + pick("]", "]", "\n]\n", "", "]]", "]\n---\n", ",]")
	}
	b.WriteString(pick("", "", "", "---\n", "# c\n", "\n", "\ufeff", "  "))
	for range r.IntN(3) + 1 {
		field := func(first bool) string {
			lead := "  "
			if first {
				lead = "- "
			}
			return pick(lead, lead, lead, lead, lead, lead, lead, lead, " "+lead, "")
		}
		pairs := []string{
			arnKey + pick(": ", ": ", ": ", ":") + pick("arn:aws:iam::111122223333:role/x", `"arn:aws:iam::111122223333:role/x"`, "'arn:x'", "arn:x # c", "arn:x:", `"arn:x`, "arn:a b", "arn:\u00e9", "[arn:x]", "|", "arn:x #", "arn: x"),
			"username: " + pick("dev", "system:node:{{EC2PrivateDNSName}}", "{{SessionName}}", "yes", "123", "0x1f", "1e999", "a#b", "'it''s'", `"a\"`, "*x", "!!int x", "2020-01-01", ".nan", "a: b", "1_000", "x:"),
			pick("groups:\n  - a\n  - b:c", "groups:\n    - a\n    - b", "groups:\n    - a\n  - b", "groups:\n  - a\n    - b", "groups: []", "groups: x", "groups:", "groups: [a, b:c]", "groups: [a,b]", `groups: ["a", b]`, "groups: [a b]", "groups: [a: b]", "groups: [a:]", "groups: [a,, b]", "groups: [yes, 1]", "groups:\n# c\n  - a", "groups:\n\n  - \"a\"", "groups:\n- a", "groups:\n   - a", "sso: x", "userid: AIDA", "env: x"),
		}
		r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		for i, p := range pairs[:1+r.IntN(3)] {
			b.WriteString(field(i == 0) + p + pick("\n", "\n", "\n", "\n", "\n", " \n", " # c\n", " # \u00e9\u2190\u5c16\n", " # \u0085\n", " # \u2028x\n", "\n\n", "\n# c\n", "\r\n", "\n\t\n", "\r", "", " \u2028\n", "\n...\n", "\n---\n"))
		}
	}
	if r.IntN(5) == 0 {
		indent := pick("  ", "    ")
		return indent + strings.ReplaceAll(b.String(), "\n", "\n"+indent)
	}
	return b.String()
}
