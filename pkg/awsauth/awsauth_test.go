package awsauth

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

const node = `- rolearn: arn:aws:iam::111122223333:role/nodes
  username: system:node:{{EC2PrivateDNSName}}
  groups:
  - system:bootstrappers
  - system:nodes
`

func roles(text string) *Document { return Read(map[string]string{"mapRoles": text}) }

func TestReadKeepsWhatTheAuthenticatorKeeps(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string // the readings of kept entries: ARN, username, groups
		lost bool
	}{
		"plain":              {node, []string{"arn:aws:iam::111122223333:role/nodes system:node:{{EC2PrivateDNSName}} system:bootstrappers,system:nodes"}, false},
		"blank":              {" \n", nil, false},
		"quotes only":        {`""`, nil, false},
		"null":               {"~", nil, false},
		"a mapping":          {"rolearn: x\n", nil, true},
		"a JSON object":      {`{"rolearn":"x"}`, nil, true},
		"broken JSON":        {`{"rolearn":`, nil, true},
		"bad indentation":    {"- rolearn: x\n username: y\n", nil, true},
		"wrong types":        {"- rolearn: x\n  username: 123\n  groups: system:masters\n- rolearn: yy\n  groups: [1, a, ~]\n", []string{"x  ", "yy  ,a,"}, false},
		"dropped entries":    {"- ~\n- text\n- username: x\n- rolearn: yy\n", []string{"yy  "}, false},
		"keys fold":          {"- roleARN: x\n  USERNAME: yy\n", []string{"x yy "}, false},
		"exact key last":     {"- rolearn: x\n  roleARN: yy\n", []string{"x  "}, false},
		"last of two":        {"- rolearn: x\n  rolearn: yy\n", []string{"yy  "}, false},
		"second document":    {"- rolearn: x\n---\n- rolearn: yy\n", []string{"x  "}, false},
		"unquoted template":  {"- rolearn: x\n  username: {{SessionName}}\n", nil, true},
		"reused group slots": {"- rolearn: x\n  Groups: [a, b]\n  groups: [~]\n", []string{"x  a"}, false},
	} {
		s := roles(tt.text).Roles
		var got []string
		for _, e := range s.Entries {
			if e.Valid {
				got = append(got, e.ARN+" "+e.Username+" "+strings.Join(e.Groups, ","))
			}
		}
		if !slices.Equal(got, tt.want) || s.Discarded() != tt.lost {
			t.Errorf("%s: read %q, lost %v; want %q, %v", name, got, s.Discarded(), tt.want, tt.lost)
		}
	}
}

func TestReadAccounts(t *testing.T) {
	d := Read(map[string]string{"mapAccounts": "- \"111122223333\"\n- 012345670123\n- ~\n- [x]\n- a\n", "other": "x"})
	var got []string
	for _, a := range d.Accounts.Accounts {
		got = append(got, a.Value+":"+map[bool]string{true: "kept", false: "dropped"}[a.Valid])
	}
	want := []string{"111122223333:kept", "012345670123:kept", ":kept", ":dropped", "a:kept"}
	if !slices.Equal(got, want) {
		t.Errorf("accounts %q, want %q", got, want)
	}
	if !slices.Equal(d.OtherKeys, []string{"other"}) {
		t.Errorf("other keys %q", d.OtherKeys)
	}
	undecodable := Read(map[string]string{"mapAccounts": "- \"111122223333\"\n- !!int x\n- \"444455556666\"\n"}).Accounts
	if undecodable.Discarded() || len(undecodable.Accounts) != 3 || undecodable.Accounts[0].Value != "111122223333" || undecodable.Accounts[2].Value != "" {
		t.Errorf("an item that can't be decoded: %+v", undecodable)
	}
	if !Read(map[string]string{"mapAccounts": "123"}).Accounts.Discarded() {
		t.Error("a scalar is not told as lost")
	}
}

func TestFieldsKnowTheirPlace(t *testing.T) {
	text := "# head\n- rolearn:   arn:x # c\n  Username: 'u'\n  groups: [a, \"b\"]\n- <<: &m\n    username: merged\n  rolearn: yy\n"
	s := roles(text).Roles
	e := s.Entries[0]
	at := func(sp Span) string { return text[sp.Start:sp.End] }
	if f := e.Field(FieldRoleARN); at(f.Span()) != "arn:x" || at(f.KeySpan()) != "rolearn" {
		t.Errorf("rolearn: %q under %q", at(f.Span()), at(f.KeySpan()))
	}
	if f := e.Field(FieldUsername); f.Name != "Username" || at(f.Span()) != "'u'" {
		t.Errorf("username: %+v", f)
	}
	if sp, ok := s.NodeSpan(e.GroupNode(1)); !ok || at(sp) != `"b"` || s.Position(sp.Start) != (Position{Line: 4, Column: 15}) {
		t.Errorf("groups[1]: %q at %v", at(sp), s.Position(sp.Start))
	}
	if f := s.Entries[1].Field(FieldUsername); !f.Aliased || f.Value.Value != "merged" || s.Entries[1].Username != "merged" {
		t.Errorf("merged username: %+v", f)
	}
}

func TestMergeAfterOverrides(t *testing.T) {
	text := "- &a\n  rolearn: x\n  username: a\n- rolearn: yy\n  username: b\n  <<: *a\n- rolearn: z\n  <<: [{username: first}, {username: second}]\n"
	s := roles(text).Roles
	for _, e := range s.Entries {
		for known, read := range map[string]string{FieldRoleARN: e.ARN, FieldUsername: e.Username} {
			if f := e.Field(known); f.Value.Value != read {
				t.Errorf("entry %d: %s was read as %q, the field found says %q", e.Index, known, read, f.Value.Value)
			}
		}
	}
}

func TestSyntaxErrorPlace(t *testing.T) {
	for text, want := range map[string]Position{
		node + "- rolearn: x\n username: y\n":                {Line: 7, Column: 2},
		"- rolearn: x\n\tusername: y\n":                      {Line: 2, Column: 2},
		node + "- rolearn: x\n  username: a: b\n":            {Line: 7, Column: 3},
		"- rolearn: x\n  groups:\n  - a\n  -b\n" + node:      {Line: 4, Column: 3},
		"- rolearn: x\n  username: @a\n":                     {Line: 2, Column: 3},
		`{"rolearn": "x",}`:                                  {Line: 1, Column: 17},
		"- rolearn: x\n  groups: [a\n- rolearn: yy\n" + node: {Line: 2, Column: 3},
	} {
		s := roles(text).Roles
		if s.Err == nil {
			t.Errorf("%q parses", text)
			continue
		}
		if got := s.Position(s.Err.Offset); got != want {
			t.Errorf("%q: %s at %v, want %v", text, s.Err, got, want)
		}
	}
}

func TestResolve(t *testing.T) {
	d := Read(map[string]string{
		"mapRoles": node + `- rolearn: arn:aws:iam::111122223333:role/dev
  username: first
- rolearn: ARN:aws:iam::111122223333:role/Dev
  username: "dev:{{SessionName}}:{{SessionNameRaw}}:{{AccountID}}"
  groups: ["g-{{AccountID}}"]
- rolearn: arn:aws:iam::111122223333:role/team/ops
  username: ops
- rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_0123456789abcdef
  username: admin
`,
		"mapUsers":    "- userarn: arn:aws:iam::111122223333:user/Bob\n  username: a\n- userarn: arn:aws:iam::111122223333:user/bob\n  username: b\n",
		"mapAccounts": "- 444455556666\n",
	})
	sts := "arn:aws:sts::111122223333:assumed-role/"
	for _, tt := range []struct {
		caller   string
		mapped   bool
		username string
		groups   []string
		section  Key
		entry    int
		reason   string
	}{
		{sts + "dev/jane@x.io", true, "dev:jane-x.io:jane@x.io:111122223333", []string{"g-111122223333"}, MapRoles, 2, ""},
		{sts + "nodes/i-0123456789abcdef0", true, "system:node:{{EC2PrivateDNSName}}", []string{"system:bootstrappers", "system:nodes"}, MapRoles, 0, ""},
		{sts + "nodes/jane", false, "", nil, MapRoles, 0, "needs a session named after an EC2 instance"},
		{sts + "ops/jane", false, "", nil, "", -1, `has the path "team/"`},
		{sts + "AWSReservedSSO_Admin_fedcba9876543210/jane", false, "", nil, "", -1, "another suffix"},
		{"arn:aws-cn:sts::111122223333:assumed-role/dev/jane", false, "", nil, "", -1, "is in the partition aws, the caller in aws-cn"},
		{"arn:aws:iam::111122223333:user/BOB", true, "b", []string{}, MapUsers, 1, ""},
		{"arn:aws:iam::444455556666:user/x", true, "arn:aws:iam::444455556666:user/x", []string{}, MapAccounts, 0, ""},
		{"arn:aws:iam::111122223333:group/x", false, "", nil, "", -1, "rejects this caller"},
	} {
		r := d.Resolve(Caller{ARN: tt.caller})
		said := r.Reason
		if len(r.Nearest) > 0 {
			said += "; " + r.Nearest[0].Why.Text
		}
		if r.Mapped != tt.mapped || r.Username != tt.username || !slices.Equal(r.Groups, tt.groups) || r.Section != tt.section || r.Entry != tt.entry || !strings.Contains(said, tt.reason) {
			t.Errorf("%s: %+v", tt.caller, r)
		}
	}
	if r := d.Resolve(Caller{ARN: "arn:aws:iam::111122223333:user/bob"}); len(r.Others) != 1 {
		t.Errorf("user ARNs that differ in case: %d others, want 1 (the authenticator picks at random)", len(r.Others))
	}
}

func TestResolveNearestInLostText(t *testing.T) {
	for text, want := range map[string]string{
		node + "- rolearn: x\n bad: y\n":                                "does not parse",
		"- rolearn: x\n---\n" + node:                                    "after the first YAML document, where EKS reads nothing",
		"- role_arn: arn:aws:iam::111122223333:role/nodes\n":            "the entry is dropped",
		"- rolearn: \"arn:aws:iam::111122223333:role/nodes \"\n":        "extra characters around it",
		"- rolearn: arn:aws:sts::111122223333:assumed-role/nodes/x\n":   "names a session of the role",
		"- rolearn: arn:aws:iam::111122223333:instance-profile/nodes\n": "names the instance profile",
		"- rolearn: arn:aws:iam::111122223333:role/node\n":              "has the name node",
	} {
		r := roles(text).Resolve(Caller{ARN: "arn:aws:sts::111122223333:assumed-role/nodes/i-0123456789abcdef0"})
		if r.Mapped || len(r.Nearest) == 0 || !strings.Contains(r.Nearest[0].Why.Text, want) {
			t.Errorf("%q: %+v, want %q", text, r.Nearest, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(node, "- userarn: x\n", "- 1\n")
	f.Add("- &a {rolearn: x, <<: *a}\n", "[[[[", "- *x")
	for _, c := range cases.All() {
		f.Add(c.Data["mapRoles"], c.Data["mapUsers"], c.Data["mapAccounts"])
	}
	for _, tail := range tails {
		f.Add(node+tail, `[{"userarn": "x", "username": "y", "groups": ["a"]}]`+tail, "- 1\n"+tail)
	}
	f.Fuzz(func(t *testing.T, r, u, a string) {
		d := Read(map[string]string{"mapRoles": r, "mapUsers": u, "mapAccounts": a})
		for _, s := range d.Sections() {
			if at, ok := s.Trailing(); ok && (at < 0 || at >= len(s.Text)) {
				t.Errorf("what follows %d bytes begins at %d", len(s.Text), at)
			}
			if s.Unplaced() == nil && !s.Discarded() && len(s.Entries) > 0 && s.Root() == nil {
				t.Errorf("%q is accepted and has no tree", s.Text)
			}
			s.Mentions()
			if s.isPlain() {
				checkPlainText(t, s)
			}
			for _, e := range s.Entries {
				for _, fd := range e.Fields() {
					s.Position(fd.Span().Start)
				}
				if sp := e.Span(); sp.Start > sp.End || sp.End > len(s.Text) {
					t.Errorf("span %v of %d bytes", sp, len(s.Text))
				}
			}
			if s.Err != nil && (s.Err.Offset < 0 || s.Err.Offset > len(s.Text)) {
				t.Errorf("error offset %d of %d bytes", s.Err.Offset, len(s.Text))
			}
		}
		d.Resolve(Caller{ARN: "arn:aws:sts::111122223333:assumed-role/nodes/i-0123456789abcdef0"})
	})
}

// checkPlainText holds a text that is said to hide nothing against its syntax tree.
func checkPlainText(t *testing.T, s *Section) {
	t.Helper()
	if at, ok := yamlpos.Parse(s.Text).Trailing(); ok {
		t.Errorf("%q is called plain, but goes on at %d", s.Text, at)
	}
	if err := s.compare(); err != nil {
		t.Errorf("%q is called plain, but %v", s.Text, err)
	}
	checkParts(t, s)
	for _, e := range s.Entries {
		seen := map[string]bool{}
		for _, f := range e.Fields() {
			if f.Known == "" || seen[f.Known] || f.Aliased || f.Known == otherField(s) {
				t.Errorf("%q is called plain, but entry %d has the field %q", s.Text, e.Index, f.Name)
			}
			seen[f.Known] = true
		}
		for i := range e.Groups {
			if sp, ok := s.NodeSpan(e.GroupNode(i)); !ok || strings.ContainsAny(s.Text[sp.Start:sp.End], "\n\r") {
				t.Errorf("%q is called plain, but group %d of entry %d goes over lines", s.Text, i, e.Index)
			}
		}
	}
}

// checkParts holds entries that are parsed by themselves against those of the whole text.
func checkParts(t *testing.T, s *Section) {
	t.Helper()
	if s.parts == nil {
		if strings.HasPrefix(s.Text, "-") {
			t.Errorf("%q is plain, and its entries are not known", s.Text)
		}
		return
	}
	root := yamlpos.Parse(s.Text).Root
	if len(s.parts.starts) != len(root.Content) {
		t.Fatalf("%q: %d entries begin in it, it has %d", s.Text, len(s.parts.starts), len(root.Content))
	}
	for i, want := range root.Content {
		if i == maxParts {
			break
		}
		if got, ok := s.parts.item(i); !ok || !sameNode(got, want) {
			t.Errorf("%q: entry %d is read otherwise by itself", s.Text, i)
		}
	}
}

// sameNode compares all but comments.
func sameNode(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Style == b.Style && a.Tag == b.Tag && a.Value == b.Value && a.Anchor == b.Anchor && a.Line == b.Line && a.Column == b.Column &&
		slices.EqualFunc(a.Content, b.Content, sameNode)
}

// TestPartsOfALongList asks for more entries than are parsed one by one.
func TestPartsOfALongList(t *testing.T) {
	text := strings.Repeat(node, 3*maxParts)
	whole := roles(text).Roles
	whole.Root()
	byParts := roles(text).Roles
	for i, e := range byParts.Entries {
		if got, want := e.Field(FieldUsername).Span(), whole.Entries[i].Field(FieldUsername).Span(); got != want || got.Start == 0 {
			t.Errorf("entry %d: the username at %v, want %v", i, got, want)
		}
		if i == maxParts-1 && byParts.file != nil {
			t.Error("the whole text was parsed for a few entries")
		}
	}
	if byParts.file == nil {
		t.Error("the whole text was never parsed")
	}
}

func otherField(s *Section) string {
	if s.Key == MapRoles {
		return FieldUserARN
	}
	return FieldRoleARN
}

func TestPlainTexts(t *testing.T) {
	for text, want := range map[string]bool{
		node:                                 true,
		"# c\n" + node + "\n   # c\n" + node: true,
		"- groups:\n    - a\n    - \"b\"\n  rolearn: 'x'\n  username: u # c\n  userid: z\n":      true,
		"  - rolearn: x\n    username: u\n":                                                      true,
		"- rolearn: x\n  username: u\n  groups:\n  - a\n   - b\n":                                false,
		"- rolearn: x\n  username: u\n  rolearn: zz\n":                                           false,
		"- rolearn: x\n  username: u\n  group:\n  - a\n":                                         false,
		"- rolearn: x\n  username: u\n---\n" + node:                                              false,
		"  - rolearn: x\n    username: u\n" + node:                                               false,
		"- rolearn: x\n  username: &a u\n":                                                       false,
		"- rolearn: x\n  username: 1\n":                                                          false,
		"- rolearn: x\n  username: u\n  groups: [a]\n":                                           false,
		`[{"rolearn":"x","username":"u","groups":["a","b"]}, {"username": "v", "rolearn": "z"}]`: true,
		`[{"rolearn":"x","username":"u","rolearn":"zz"}]`:                                        false,
		`[{"rolearn":"x","username":"u","group":["a"]}]`:                                         false,
		`[{"rolearn":"x","username":"u","userid":["a"]}]`:                                        false,
		`[{"rolearn":"x","username":"u\\u0041"}]`:                                                false,
		`[{"rolearn":"x","username":"u"}] [{"rolearn":"z","username":"u"}]`:                      false,
		"- rolearn: x\n  username: u\n    more\n":                                                false,
		// What looks like a comment, a line break of YAML makes the text of an entry.
		"- rolearn: a\n  username: a\n  # x\r  userid: \"\n- rolearn: b\n  username: b\n  # x\r\"\r- rolearn: c\r  username: c\n": false,
		"# x\u2028- rolearn: a\n- rolearn: b\n  username: b\n":                                                                    false,
		"# x\u0085y\n" + node: false,
		"# é\t日本\n" + node:    true,
	} {
		s := roles(text).Roles
		if s.isPlain() != want {
			t.Errorf("%q: isPlain() is not %v", text, want)
		}
		if s.isPlain() {
			checkPlainText(t, s)
		}
	}
}
