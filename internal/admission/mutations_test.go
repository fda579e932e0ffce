package admission

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// everyByte is the variable of the environment that makes TestEveryMutation take each byte for each place, which takes
// minutes, instead of a few.
const everyByte = "AWS_AUTH_GUARD_EVERY_BYTE"

// seed is a map, and the key whose text is changed.
type seed struct {
	name string
	key  awsauth.Key
	data map[string]string
}

// seeds are twenty maps: one of each family of the table, and others in every style of writing.
func seeds() []seed {
	var all []seed
	families := map[byte]bool{}
	for _, c := range cases.All() {
		for _, key := range awsauth.Keys() {
			if n := len(c.Data[string(key)]); n >= 60 && n <= 220 && len(c.Data) == 1 && !families[c.ID[0]] {
				families[c.ID[0]] = true
				all = append(all, seed{c.ID, key, c.Data})
			}
		}
	}
	roles := func(name, text string) seed { return seed{name, awsauth.MapRoles, mapRoles(text)} }
	const r = "arn:aws:iam::111122223333:role/"
	written := []seed{
		roles("path", path),
		roles("template", "- rolearn: "+r+"dev\n  username: {{SessionName}}\n  groups: [devs]\n"),
		roles("upper case", "- rolearn: "+r+"t/dev # why\n  username: Dev:{{SessionName}}\n"),
		roles("JSON", `[{"rolearn":"`+r+`t/dev","username":"Dev","groups":["a","b"]}]`),
		roles("flow", "- {rolearn: "+r+"dev, username: 'it''s', groups: [a, \"b\"]}\n"),
		roles("anchors", "- &a\n  rolearn: "+r+"t/dev\n  username: dev\n- <<: *a\n  rolearn: "+r+"ops\n"),
		roles("blocks", "- rolearn: >-\n    "+r+"t/dev\n  username: |-\n    Dev\n"),
		roles("CRLF", "- rolearn: "+r+"t/dev\r\n  username: dev\r\n"),
		roles("documents", "---\n- rolearn: "+r+"t/dev\n  username: \"d\\u0065v\"\n---\n"),
		roles("duplicates", "- rolearn: "+r+"dev\n  username: dev\n- rolearn: "+r+"t/dev\n  username: Dev\n"),
		{"user", awsauth.MapUsers, map[string]string{"mapRoles": node, "mapUsers": "- userarn: arn:aws:iam::111122223333:user/p/Bob\n  username: Bob\n  groups:\n  - devs\n"}},
		{"account", awsauth.MapAccounts, map[string]string{"mapRoles": node, "mapAccounts": "- \"111122223333\"\n- 012345678901\n- '444455556666'\n"}},
	}
	return append(all, written...)
}

// TestEveryMutation changes and cuts seeds everywhere, and holds each result of the whole decision to what must be true
// of any text. It takes a few bytes for each place, or all where everyByte is set.
func TestEveryMutation(t *testing.T) {
	p := policy.Default()
	all := os.Getenv(everyByte) != ""
	var met outcomes
	if n := len(seeds()); n != 20 {
		t.Errorf("%d seeds", n)
	}
	for _, s := range seeds() {
		t.Run(s.name, func(t *testing.T) {
			text := s.data[string(s.key)]
			places := make(chan int)
			var workers sync.WaitGroup
			for range runtime.GOMAXPROCS(0) {
				workers.Go(func() {
					for at := range places {
						checkText(t, p, s, text[:at], &met)
						for _, b := range bytesFor(at, all) {
							if b != text[at] {
								checkText(t, p, s, text[:at]+string([]byte{b})+text[at+1:], &met)
							}
						}
					}
				})
			}
			for at := range len(text) {
				places <- at
			}
			close(places)
			workers.Wait()
		})
	}
	if met.repaired.Load() == 0 || met.refused.Load() == 0 || met.passed.Load() == 0 {
		t.Errorf("the texts do not meet every outcome: %+v", &met)
	}
	t.Logf("%d texts let pass, %d of them repaired first; %d refused", met.passed.Load(), met.repaired.Load(), met.refused.Load())
}

// outcomes count what became of the texts.
type outcomes struct{ repaired, passed, refused atomic.Int64 }

// telling are bytes that mean something to YAML or JSON, or that no text should have.
const telling = "\n \t:-#\"'{}[]&*!|>%@`,?~/\\\r\x00\x7f\x85\xc2\xffA0az9_.=+"

// bytesFor are those to put at a place: all, or six that go on from place to place.
func bytesFor(at int, all bool) []byte {
	var bytes []byte
	if all {
		for b := range 256 {
			bytes = append(bytes, byte(b))
		}
		return bytes
	}
	for i := range 6 {
		bytes = append(bytes, telling[(at*6+i*5)%len(telling)])
	}
	return bytes
}

// checkText takes a text through both webhooks, as a new map and as an edit of its seed, written by a person and by a
// pipeline.
func checkText(t *testing.T, p *policy.Policy, s seed, text string, met *outcomes) {
	data := maps.Clone(s.data)
	data[string(s.key)] = text
	for _, old := range []map[string]string{nil, s.data} {
		if problem := checkDecision(p, old, data, met); problem != "" {
			t.Errorf("%q (an edit: %v): %s", text, old != nil, problem)
		}
	}
}

func checkDecision(p *policy.Policy, old, data map[string]string, met *outcomes) string {
	asWritten := decide(p, terraform, old, data)
	if got := Mutate(p, written(terraform, old, data), written(terraform, old, data).change()); got.Result != Unchanged {
		return "a pipeline's edit was repaired"
	}
	r := written(person, old, data)
	d := Mutate(p, r, r.change())
	stored := data
	if d.Result == Repaired {
		stored = maps.Clone(data)
		maps.Copy(stored, d.Data)
		if problem := compareRepair(data, stored); problem != "" {
			return problem
		}
		again := written(person, old, stored)
		if d := Mutate(p, again, again.change()); d.Result != Unchanged {
			return fmt.Sprintf("repaired to %q, and then to %q", stored, d.Data)
		}
	} else if len(d.Data) > 0 {
		return "a patch without a repair"
	}
	got := decide(p, person, old, stored)
	if got.Result == Refused && asWritten.Result != Refused {
		return "repaired, and refused for it: " + got.Message
	}
	if again := decide(p, person, old, stored); !reflect.DeepEqual(again, got) {
		return fmt.Sprintf("asked again, the answer is %s %q instead of %s %q", again.Result, again.Message, got.Result, got.Message)
	}
	if got.Result == Refused != (len(got.Causes) > 0) || got.Result == Refused != (got.Message != "") {
		return fmt.Sprintf("%s with %d causes and the message %q", got.Result, len(got.Causes), got.Message)
	}
	if got.Result == Refused {
		met.refused.Add(1)
		return ""
	}
	met.passed.Add(1)
	if d.Result == Repaired {
		met.repaired.Add(1)
	}
	if old != nil {
		return "" // what was there before may be broken
	}
	return works(stored)
}

func written(writer string, old, data map[string]string) *Request {
	r := request(alice, writer, "", "")
	r.New = withData(data)
	if old != nil {
		r.Operation, r.Old = "UPDATE", withData(old)
	}
	return r
}

func decide(p *policy.Policy, writer string, old, data map[string]string) *Decision {
	r := written(writer, old, data)
	return Validate(p, r, r.change())
}

// works says what EKS would not do with a map that was let pass as a new one, or "".
func works(data map[string]string) string {
	doc := awsauth.Read(data)
	for _, s := range doc.Sections() {
		if s.Discarded() {
			return "let pass, but EKS loses " + string(s.Key)
		}
		for _, e := range s.Entries {
			if _, err := arn.ParsePrincipal(e.ARN); !e.Valid || e.Username == "" || err != nil {
				return fmt.Sprintf("let pass, but %s[%d] does nothing or lets in an empty user: %+v", s.Key, e.Index, e)
			}
		}
		for _, a := range s.Accounts {
			if !a.Valid || !arn.IsAccountID(a.Value) {
				return fmt.Sprintf("let pass, but %s[%d] is no account", s.Key, a.Index)
			}
		}
	}
	return ""
}

// compareRepair says where a repaired map says more than that roles have lost their paths and usernames their upper
// case, or "". Of a text that did not parse nothing can be compared: it must parse now.
func compareRepair(before, after map[string]string) string {
	was, is := awsauth.Read(before), awsauth.Read(after)
	for _, s := range was.Sections() {
		now := is.Section(s.Key)
		if s.Text == now.Text {
			continue
		}
		if now.Discarded() {
			return fmt.Sprintf("repaired to %q, which EKS loses", now.Text)
		}
		if s.Discarded() {
			continue
		}
		if len(s.Entries) != len(now.Entries) {
			return fmt.Sprintf("repaired from %d to %d entries", len(s.Entries), len(now.Entries))
		}
		for i, e := range s.Entries {
			if n := now.Entries[i]; !sameButPath(e.ARN, n.ARN) || !strings.EqualFold(e.Username, n.Username) || !slices.Equal(e.Groups, n.Groups) || e.Valid != n.Valid {
				return fmt.Sprintf("%s[%d] was %q, is now %q", s.Key, i, e.Reading(), n.Reading())
			}
		}
	}
	return ""
}

func sameButPath(before, after string) bool {
	if before == after {
		return true
	}
	head, path, ok := strings.Cut(before, "/")
	return ok && after == head+"/"+path[strings.LastIndex(path, "/")+1:]
}

// FuzzDecide takes any step between any two maps through both webhooks.
func FuzzDecide(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s.data["mapRoles"], s.data["mapUsers"], s.data["mapAccounts"], "", false)
		f.Add(s.data["mapRoles"]+path, s.data["mapUsers"], s.data["mapAccounts"], s.data["mapRoles"], true)
	}
	p := policy.Default()
	f.Fuzz(func(t *testing.T, roles, users, accounts, before string, edited bool) {
		var old map[string]string
		if edited {
			old = map[string]string{"mapRoles": before, "mapUsers": users}
		}
		var met outcomes
		if problem := checkDecision(p, old, map[string]string{"mapRoles": roles, "mapUsers": users, "mapAccounts": accounts}, &met); problem != "" {
			t.Error(problem)
		}
	})
}
