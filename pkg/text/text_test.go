package text

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

func TestWhatIsShown(t *testing.T) {
	for name, tt := range map[string]struct{ text, visible, name string }{
		"plain":                  {"team-a:dev", "team-a:dev", "team-a:dev"},
		"nothing":                {"", "", `""`},
		"blanks":                 {"a b", "a b", `"a b"`},
		"a comma":                {"a,b", "a,b", `"a,b"`},
		"quotes and backslashes": {`a"b\c`, `a"b\c`, `"a\"b\\c"`},
		"letters of the world":   {"héllo-日本-עברית-👍", "héllo-日本-עברית-👍", "héllo-日本-עברית-👍"},
		"a wiped line":           {"\r\x1b[2Kno change", `\r\x1b[2Kno change`, `"\r\x1b[2Kno change"`},
		"a new line":             {"a\n::error::b", `a\n::error::b`, `"a\n::error::b"`},
		"a C1 control":           {"a\u009b2Kb", `a\u009b2Kb`, `"a\u009b2Kb"`},
		"a tab":                  {"a\tb", `a\tb`, `"a\tb"`},
		"another direction":      {"a\u202eb\u2066", `a\u202eb\u2066`, `"a\u202eb\u2066"`},
		"line separators":        {"a\u2028b\u2029c\u0085", `a\u2028b\u2029c\u0085`, `"a\u2028b\u2029c\u0085"`},
		"no width":               {"a\u200bb\ufeff\u00ad", `a\u200bb\ufeff\u00ad`, `"a\u200bb\ufeff\u00ad"`},
		"blanks that are none":   {"a\u00a0b\u3000\u2800", `a\u00a0b\u3000\u2800`, `"a\u00a0b\u3000\u2800"`},
		"letters without a mark": {"a\u3164b\u115f", `a\u3164b\u115f`, `"a\u3164b\u115f"`},
		"tags":                   {"a\U000e0041", `a\U000e0041`, `"a\U000e0041"`},
		"no UTF-8":               {"a\xff\xc3b", `a\xff\xc3b`, `"a\xff\xc3b"`},
		"a workflow command":     {"::warning::x", `\x3a:warning::x`, `"\x3a:warning::x"`},
		"after blanks":           {" \u00a0::warning::x", ` \u00a0\x3a:warning::x`, `" \u00a0\x3a:warning::x"`},
		"an older one":           {"x##[error]y", `x#\x23[error]y`, `"x#\x23[error]y"`},
		"of another server":      {"###vso[task.a]y", `##\x23vso[task.a]y`, `"##\x23vso[task.a]y"`},
		"no command":             {"a::b ##c", "a::b ##c", `"a::b ##c"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Visible(tt.text); got != tt.visible {
				t.Errorf("Visible: %q, want %q", got, tt.visible)
			}
			if got := Name(tt.text); got != tt.name {
				t.Errorf("Name: %q, want %q", got, tt.name)
			}
		})
	}
}

func TestSourceAndLinesKeepWhatSetsThemOut(t *testing.T) {
	if got, want := Source("\ta\r"), "\ta\\r"; got != want {
		t.Errorf("Source: %q, want %q", got, want)
	}
	if got, want := Lines("a\n\t::b\x1b\n"), "a\n\t\\x3a:b\\x1b\n"; got != want {
		t.Errorf("Lines: %q, want %q", got, want)
	}
	if got, want := Lines("a\r\n\rb\r\nc\r"), "a\r\n\\rb\r\nc\\r"; got != want {
		t.Errorf("Lines: %q, want %q", got, want)
	}
	var b strings.Builder
	if n, err := (Writer{&b}).Write([]byte("a\x1b\n")); n != 3 || err != nil || b.String() != "a\\x1b\n" {
		t.Errorf("Writer: %d, %v, %q", n, err, b.String())
	}
}

func TestListsAndCuts(t *testing.T) {
	for name, tt := range map[string]struct{ got, want string }{
		"no names":               {List(nil), "none"},
		"some names":             {List([]string{"a", "b c"}), `a, "b c"`},
		"few texts":              {Some([]string{"a", "b"}, 2), "a, b"},
		"more texts than fit":    {Some([]string{"a", "b", "c"}, 1), "a and 2 more"},
		"shown and short":        {Short("a\x1b"+strings.Repeat("b", 20), 12), `a\x1bbbbb…`},
		"shown, short anyway":    {Short("a\nb", 12), `a\nb`},
		"short enough":           {Cut("exactly 10", 10), "exactly 10"},
		"too long":               {Cut("one over 10", 10), "one ove…"},
		"cut at a blank":         {Cut("two words", 7), "two…"},
		"cut at a character":     {Cut("éééé", 6), "é…"},
		"no room":                {Cut("abc", 2), ""},
		"the middle":             {Middle("0123456789", 9), "012…789"},
		"the middle, uneven":     {Middle("0123456789", 8), "012…89"},
		"the middle, characters": {Middle("éééééé", 9), "é…é"},
		"nothing to cut":         {Middle("abc", 3), "abc"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", name, tt.got, tt.want)
		}
	}
}

// FuzzVisible: what is shown is one line, says the same when it is shown again, and keeps to its bound.
func FuzzVisible(f *testing.F) {
	for _, s := range []string{"a\nb\xff\u202e", " ::error::x", "####[x]##vso[", "\u0085::", "é\U000e0041"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		for how, shown := range map[string]string{"Visible": Visible(s), "Name": Name(s), "Quote": Quote(s), "Source": Source(s)} {
			for _, r := range shown {
				if r != '\t' && (Hidden(r) || unicode.IsControl(r)) || r == '\t' && how != "Source" {
					t.Fatalf("%s(%q) = %q holds %U", how, s, shown, r)
				}
			}
			if !utf8.ValidString(shown) || strings.HasPrefix(strings.TrimSpace(shown), "::") || strings.Contains(shown, "##[") || strings.Contains(shown, "##vso[") {
				t.Fatalf("%s(%q) = %q", how, s, shown)
			}
		}
		if once := Visible(s); Visible(once) != once {
			t.Fatalf("Visible(%q) = %q, again %q", s, once, Visible(once))
		}
		limit = max(0, limit%1000)
		for how, short := range map[string]string{"Cut": Cut(Visible(s), limit), "Short": Short(s, limit), "Middle": Middle(Visible(s), limit)} {
			if len(short) > limit || !utf8.ValidString(short) {
				t.Fatalf("%s(%q, %d) = %q", how, s, limit, short)
			}
		}
	})
}

// TestWhatProgramsRead has the same value, and nothing hidden in it.
func TestWhatProgramsRead(t *testing.T) {
	const value = "a\u202eb\u009bc\u2028\U000e0041 ##[error] ##vso[x] <&\"é\n\t\x7f"
	type element struct {
		Name string `xml:"name,attr"`
	}
	var b strings.Builder
	if err := WriteJSON(&b, []string{value}); err != nil {
		t.Fatal(err)
	}
	raw, err := xml.Marshal(element{value})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	var e element
	if err := json.Unmarshal([]byte(b.String()), &list); err != nil || len(list) != 1 || list[0] != value {
		t.Errorf("%v: %s", err, &b)
	}
	if err := xml.Unmarshal([]byte(XML(string(raw))), &e); err != nil || e.Name != value {
		t.Errorf("%v: %s", err, XML(string(raw)))
	}
	var quoted string
	if err := yaml.Unmarshal([]byte(InQuotes(`"`+strings.NewReplacer(`"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(value)+`"`)), &quoted); err != nil || quoted != value {
		t.Errorf("%v: %q", err, quoted)
	}
	for line := range strings.SplitSeq(b.String()+XML(string(raw)), "\n") {
		if Visible(line) != line {
			t.Errorf("%q", line)
		}
	}
}

func TestCount(t *testing.T) {
	for _, tt := range []struct {
		n          int
		noun, want string
	}{{0, "entry", "0 entries"}, {1, "entry", "1 entry"}, {2, "entry", "2 entries"}, {1, "key", "1 key"}, {2, "key", "2 keys"}, {2, "map", "2 maps"}, {2, "node class", "2 node classes"}} {
		if got := Count(tt.n, tt.noun); got != tt.want {
			t.Errorf("%d %s: %q, want %q", tt.n, tt.noun, got, tt.want)
		}
	}
	if got := Choose(1, "is", "are") + Choose(2, "is", "are") + Choose(0, "is", "are"); got != "isareare" {
		t.Errorf("got %q", got)
	}
}
