package oracle

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	yamlv2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// tails are what may follow a list of entries. The authenticator reads none of it, and each holds or breaks something.
var tails = []string{
	"--- - rolearn: tail\n  username: tail\n",
	"---\n- rolearn: tail\n  username: tail\n",
	"---\n\t- rolearn: tail\n",
	"---\n@\n- rolearn: tail\n",
	"---\n`\n",
	"---\n\"\n- rolearn: tail\n",
	"---\n'- rolearn: tail\n",
	"--- [\n- rolearn: tail\n",
	"--- %\n- rolearn: tail\n",
	"--- |\n- rolearn: tail\n",
	"--- !!seq\n- rolearn: tail\n",
	"--- *tail\n",
	"--- &tail\n",
	"--- ~\n",
	"---\n---\n# comment\n---\n- rolearn: tail\n",
	"---\r- rolearn: tail\r",
	"---\u0085- rolearn: tail\u0085",
	"---\u2028- rolearn: tail\u2028",
	"---\n\ufeff- rolearn: tail\n",
	"---\n# " + strings.Repeat("far ", 500) + "\n\x01\n",
	"...\n- rolearn: tail\n  username: tail\n",
	"... - rolearn: tail\n",
	"...\n@\n",
	"...\n%YAML 1.1\n---\n- rolearn: tail\n",
	"...\n%YAML 1.2\n---\n- rolearn: tail\n",
	"...\n%\n",
	"%YAML 1.1\n---\n- rolearn: tail\n",
	"[{rolearn: tail, username: tail}]\n",
	"[@\n",
	"]\n",
}

// addTails seeds a fuzz target with each tail after lists in each style.
func addTails(f *testing.F) {
	for _, list := range []string{
		"- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n",
		"  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: dev\n    groups: [devs]\n",
		"[{\"rolearn\": \"arn:aws:iam::111122223333:role/dev\", \"username\": \"dev\"}]\n",
		"- rolearn: arn:aws:iam::111122223333:role/team/dev\n  username: Dev\n  groups:\n  - a\n   - b\n  Groups: [c]\n",
		"[]\n", "# nobody\n", "---\n",
	} {
		for _, tail := range tails {
			f.Add(list+tail, strings.ReplaceAll(list+tail, "rolearn", "userarn"), "- \"111122223333\"\n"+tail, []byte(nil))
		}
	}
}

// checkEnds holds what is said of the end of each text against the authenticator's parser, read to its end, and the nodes of
// what comes before against what that parser reads, key by key. Then it puts something after the text.
func checkEnds(t *testing.T, data map[string]string) {
	t.Helper()
	doc := awsauth.Read(data)
	found := validate.Check(doc, validate.Options{})
	for _, s := range doc.Sections() {
		if s.Blank || s.Discarded() {
			continue
		}
		checkEnd(t, s, found)
		checkNodes(t, s)
		if !strings.HasSuffix(s.Text, "\n") {
			continue
		}
		checkTailIsFound(t, s, tails[len(s.Text)%len(tails)])
	}
}

// marker is a line that may end a document.
var marker = regexp.MustCompile("(?:^|[\n\r\u0085\u2028\u2029])(?:---|\\.\\.\\.|%)")

func checkEnd(t *testing.T, s *awsauth.Section, found []validate.Finding) {
	t.Helper()
	at, trailing := s.Trailing()
	if follows := follows(s.Text); follows && !trailing || trailing && !follows && !marker.MatchString(s.Text) {
		t.Errorf("%s %q: something follows the first document: %v, want %v", s.Key, s.Text, trailing, follows)
	}
	if trailing && (at < 0 || at >= len(s.Text)) {
		t.Errorf("%s %q: what follows begins at %d", s.Key, s.Text, at)
	}
	if trailing && !has(found, s.Key, "extra-document") {
		t.Errorf("%s %q: nothing is reported of what follows the first document", s.Key, s.Text)
	}
	if s.Unplaced() != nil && !has(found, s.Key, "yaml-syntax") {
		t.Errorf("%s %q: nothing is reported though %v", s.Key, s.Text, s.Unplaced())
	}
}

func has(found []validate.Finding, key awsauth.Key, rule string) bool {
	return slices.ContainsFunc(found, func(f validate.Finding) bool { return f.Section == key && f.Rule == rule })
}

// follows reads a text to its end and reports whether anything but empty documents follows the first.
func follows(text string) bool {
	stream := yamlv2.NewDecoder(strings.NewReader(text))
	var first any
	if err := stream.Decode(&first); err != nil {
		return false // one that can't be decoded, but is read all the same as mapAccounts, or none at all
	}
	for {
		var next any
		err := stream.Decode(&next)
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil || next != nil {
			return true
		}
	}
}

// checkNodes compares the nodes of a text with what yaml.v2 reads of it.
func checkNodes(t *testing.T, s *awsauth.Section) {
	t.Helper()
	if s.Unplaced() != nil || len(s.Entries)+len(s.Accounts) == 0 {
		return
	}
	root := s.Root()
	for root != nil && root.Kind == yaml.AliasNode {
		root = root.Alias
	}
	if root == nil || root.Kind != yaml.SequenceNode || len(root.Content) != len(s.Entries)+len(s.Accounts) {
		t.Errorf("%s %q: accepted, and has no tree", s.Key, s.Text)
		return
	}
	for _, e := range s.Entries {
		if e.Valid && e.Node() == nil {
			t.Errorf("%s %q: entry %d is accepted and has no node", s.Key, s.Text, e.Index)
		}
	}
	if strings.Contains(s.Text, "<<") {
		return // yaml.v2 gives a merged mapping in no order
	}
	var items []item
	if yamlv2.Unmarshal([]byte(s.Text), &items) != nil {
		return
	}
	for i, it := range items {
		if why := differs(root.Content[i], it.value); why != "" {
			t.Errorf("%s %q: item %d is not what yaml.v2 reads: %s", s.Key, s.Text, i, why)
		}
	}
}

// item is anything, mappings with all of their keys in their order.
type item struct{ value any }

// UnmarshalYAML keeps the keys of a mapping apart.
func (i *item) UnmarshalYAML(unmarshal func(any) error) error {
	var m yamlv2.MapSlice
	if unmarshal(&m) == nil && m != nil {
		i.value = m
		return nil
	}
	return unmarshal(&i.value)
}

// differs says in what a node is not the value that yaml.v2 reads, or "".
func differs(n *yaml.Node, value any) string {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch v := value.(type) {
	case string:
		if n.Kind != yaml.ScalarNode || n.Value != v && n.ShortTag() != "!!binary" {
			return fmt.Sprintf("%q and %q", n.Value, v)
		}
	case []any:
		if n.Kind != yaml.SequenceNode || len(n.Content) != len(v) {
			return fmt.Sprintf("%d items and %d", len(n.Content), len(v))
		}
		for i := range v {
			if why := differs(n.Content[i], v[i]); why != "" {
				return why
			}
		}
	case yamlv2.MapSlice:
		if n.Kind != yaml.MappingNode || len(n.Content) != 2*len(v) {
			return fmt.Sprintf("%d keys and values, and %d keys", len(n.Content), len(v))
		}
		for i, kv := range v {
			if why := differs(n.Content[2*i], kv.Key) + differs(n.Content[2*i+1], kv.Value); why != "" {
				return why
			}
		}
	}
	return ""
}

// checkTailIsFound puts something after a text.
func checkTailIsFound(t *testing.T, s *awsauth.Section, tail string) {
	t.Helper()
	data := map[string]string{string(s.Key): s.Text + tail}
	doc := awsauth.Read(data)
	longer := doc.Section(s.Key)
	if s.Shape != awsauth.List || longer.Discarded() || len(longer.Entries)+len(longer.Accounts) != len(s.Entries)+len(s.Accounts) {
		return // it is no longer what it was, and all can see that
	}
	checkEnd(t, longer, validate.Check(doc, validate.Options{}))
	if _, trailing := longer.Trailing(); !trailing {
		t.Errorf("%s %q: what follows is not found", s.Key, longer.Text)
	}
	if (longer.Unplaced() == nil) != (s.Unplaced() == nil) {
		t.Errorf("%s %q: with what follows, %v; without it, %v", s.Key, longer.Text, longer.Unplaced(), s.Unplaced())
	}
}

// TestTails puts each tail after each case of the table.
func TestTails(t *testing.T) {
	for _, c := range cases.All() {
		t.Run(c.ID, func(t *testing.T) {
			checkEnds(t, c.Data)
			for _, s := range awsauth.Read(c.Data).Sections() {
				if s.Blank || s.Discarded() || !strings.HasSuffix(s.Text, "\n") {
					continue
				}
				for _, tail := range tails {
					checkTailIsFound(t, s, tail)
				}
			}
		})
	}
}
