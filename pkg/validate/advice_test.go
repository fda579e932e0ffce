package validate

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// imperative are the words with which a message says what to do.
var imperative = regexp.MustCompile(`(?:^|[;:,.] |and |, so |first )(?:write|remove|put|add|choose|keep|indent|quote|use|begin|move|name|map|make|bind|give|ask|see|did you mean|split|merge|leave|check|decide|drop|lower|turn|set|look|wait|confirm|recreate|delete|create|let|have|ignore|review|apply|override|say|empty|grant|exempt|take)\b`)

// written is the text that a message tells to write for a value.
var written = regexp.MustCompile(`; (?:write|did you mean|use) ("(?:[^"\\]|\\.)*"|[^\s;,?]+)\??(?: for nodes)?(?: or [^;]*)?$`)

// marked names the marker of a document to remove.
var marked = regexp.MustCompile(`remove the (---|\.\.\.) here`)

// TestAdvice follows what the messages say, over the bad examples of all rules: each says what to do, and where it gives the
// text to write, or a change that fixes the value, the finding is gone with it and no other error comes.
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
				// To be an admin may be meant: there is nothing else to write.
				if f.Fix == nil && f.Rule != "system-masters" && !imperative.MatchString(f.Message) {
					t.Errorf("%s, example %d does not say what to do: %s", r.Name, i, f.Message)
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
					t.Errorf("%s, example %d: after %q is done, it is there still:\n%s\n%v", r.Name, i, f.Message, now, after)
				}
				for _, o := range after {
					if count(before, o.Rule) == 0 && Lookup(o.Rule).Standard == Deny {
						t.Errorf("%s, example %d: after %q is done, %s comes: %s\n%s", r.Name, i, f.Message, o.Rule, o.Message, now)
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
	if m := marked.FindStringSubmatch(f.Message); m != nil {
		return s.Text[:f.Span.Start] + strings.TrimLeft(s.Text[f.Span.Start+len(m[1]):], " \n"), true
	}
	if f.Entry < 0 {
		if fault, ok := s.Fault(); ok && len(fault.Edits) > 0 && f.Span.Start == fault.Start {
			return Splice(s.Text, fault.Edits), true
		}
		return "", false
	}
	m := written.FindStringSubmatch(f.Message)
	if m == nil || f.Field == "" || strings.Contains(m[1], "ACCOUNT") || slices.Contains([]string{"a", "the", "each", "all", "one", "it", "that", "names", "text", "username:", "rolearn:", "userarn:"}, m[1]) {
		return "", false
	}
	value := m[1]
	if unquoted, err := strconv.Unquote(value); err == nil {
		value = unquoted
	}
	return Splice(s.Text, []Edit{{Start: f.Span.Start, End: f.Span.End, New: strconv.Quote(value)}}), true
}
