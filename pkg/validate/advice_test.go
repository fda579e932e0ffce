package validate

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// written is the text that a remedy gives for a value.
var written = regexp.MustCompile(`^(?:write|did you mean|use) ("(?:[^"\\]|\\.)*"|[^\s;,?]+)\??(?: for nodes)?(?: or [^;]*|, or bind it)?$`)

// marked names the marker of a document to remove.
var marked = regexp.MustCompile(`remove the (---|\.\.\.) here`)

// TestAdvice follows the remedies, over the bad examples of all rules: where one gives the text to write, or a change that fixes
// the value, the finding is gone with it and no other error comes.
func TestAdvice(t *testing.T) {
	followed := 0
	for _, r := range Rules() {
		for i, ex := range r.Bad {
			if r.AboutEdit || r.Live {
				continue
			}
			doc := awsauth.Read(ex.Data)
			before := Check(doc, Options{})
			for _, f := range before {
				if f.Rule != r.Name {
					continue
				}
				now, ok := follow(doc, &f)
				if !ok {
					continue
				}
				followed++
				data := map[string]string{}
				for key, text := range ex.Data {
					data[key] = text
				}
				data[string(f.Section)] = now
				after := Check(awsauth.Read(data), Options{})
				if n := len(slices.DeleteFunc(slices.Clone(after), func(o Finding) bool { return o.Rule != f.Rule })); n >= count(before, f.Rule) {
					t.Errorf("%s, example %d: after %q is done, it is there still:\n%s\n%v", r.Name, i, f.Sentence().Text, now, after)
				}
				for _, o := range after {
					if count(before, o.Rule) == 0 && Lookup(o.Rule).Standard == Deny {
						t.Errorf("%s, example %d: after %q is done, %s comes: %s\n%s", r.Name, i, f.Sentence().Text, o.Rule, o.Sentence().Text, now)
					}
				}
			}
		}
	}
	t.Logf("%d messages followed", followed)
	if followed < 30 {
		t.Errorf("only %d messages could be followed", followed)
	}
}

// step is how a person follows the words of a message. Without do, no map is left.
type step struct {
	words *regexp.Regexp
	do    func(ex *Example, f *Finding)
}

// byHand are the steps of messages about edits and about a map as it stands.
var byHand = []step{
	{regexp.MustCompile(`leave the key with an empty list`), func(ex *Example, f *Finding) { ex.Data[string(f.Section)] = "[]\n" }},
	{regexp.MustCompile(`write the list that is to stay|leave the entry as it was|correct the text`), func(ex *Example, _ *Finding) { ex.Data = ex.Old }},
	{regexp.MustCompile(`protects the entry .*; add it,`), func(ex *Example, _ *Finding) {
		ex.Data["mapRoles"] += "- rolearn: " + ex.Protected[0].ARN + "\n  username: x\n  groups: [" + strings.Join(ex.Protected[0].Groups, ", ") + "]\n"
	}},
	{regexp.MustCompile(`remove entries`), func(ex *Example, _ *Finding) { ex.Bytes = 0 }},
	{words: regexp.MustCompile(`delete the map`)},
	{regexp.MustCompile(`(?:remove|without|leave out|take out|delete) .*immutable|immutable.*(?:remove|delete|leave)`), func(ex *Example, _ *Finding) { ex.Immutable = false }},
}

// TestAdviceOnEdits follows the messages of the rules about edits and about a map as it stands, as TestAdvice does those of
// the others. Where a message gives nothing to write, the edit itself is what is wrong: taking it back must end the finding.
func TestAdviceOnEdits(t *testing.T) {
	followed, takenBack := 0, 0
	for _, r := range Rules() {
		for i, ex := range r.Bad {
			if !r.AboutEdit && !r.Live && ex.Bytes == 0 && !ex.Immutable {
				continue
			}
			_, before := ex.Run(r.Name)
			for _, f := range before {
				now := ex
				now.Data = maps.Clone(ex.Data)
				if now.Data == nil {
					now.Data = map[string]string{}
				}
				at := slices.IndexFunc(byHand, func(s step) bool { return s.words.MatchString(f.Sentence().Text) })
				switch {
				case at >= 0 && byHand[at].do == nil:
					continue
				case at >= 0:
					byHand[at].do(&now, &f)
					followed++
				case ex.Old != nil:
					now.Data, now.Immutable = ex.Old, false
					takenBack++
				default:
					t.Errorf("%s, example %d says nothing that can be followed: %s", r.Name, i, f.Sentence().Text)
				}
				if _, after := now.Run(r.Name); count(after, r.Name) >= count(before, r.Name) {
					t.Errorf("%s, example %d: after %q is done, it is there still: %v", r.Name, i, f.Sentence().Text, after)
				}
			}
		}
	}
	if followed < 3 || takenBack < 6 {
		t.Errorf("only %d messages followed, %d edits taken back", followed, takenBack)
	}
}

func count(findings []Finding, rule string) int {
	n := 0
	for _, f := range findings {
		if f.Rule == rule {
			n++
		}
	}
	return n
}

// follow does what a message says, false where it leaves the text to the reader.
func follow(doc *awsauth.Document, f *Finding) (string, bool) {
	s := doc.Section(f.Section)
	if s == nil {
		return "", false
	}
	if f.Fix != nil {
		return Splice(s.Text, f.Fix.Edits), true
	}
	if m := marked.FindStringSubmatch(f.Remedy); m != nil {
		return s.Text[:f.Span.Start] + strings.TrimLeft(s.Text[f.Span.Start+len(m[1]):], " \n"), true
	}
	if f.Entry < 0 {
		if fault, ok := s.Fault(); ok && len(fault.Edits) > 0 && f.Span.Start == fault.Start {
			return Splice(s.Text, fault.Edits), true
		}
		return "", false
	}
	m := written.FindStringSubmatch(f.Remedy)
	if m == nil || f.Field == "" || strings.Contains(m[1], "ACCOUNT") || slices.Contains([]string{"a", "the", "each", "all", "one", "it", "that", "names", "text", "username:", "rolearn:", "userarn:"}, m[1]) {
		return "", false
	}
	value := m[1]
	if unquoted, err := strconv.Unquote(value); err == nil {
		value = unquoted
	}
	return Splice(s.Text, []Edit{{Start: f.Span.Start, End: f.Span.End, New: strconv.Quote(value)}}), true
}
