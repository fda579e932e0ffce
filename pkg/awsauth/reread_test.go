package awsauth

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// entriesOf is a regular text with so many entries.
func entriesOf(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "- rolearn: arn:aws:iam::111122223333:role/%d\n  username: u%d\n  groups:\n  - g\n", i, i)
	}
	return b.String()
}

// TestReread tells which texts are read from the one before: the entries that are read anew, -1 for the whole text.
func TestReread(t *testing.T) {
	ten := entriesOf(10)
	for _, tt := range []struct {
		name, before, after string
		want                int
	}{
		{"a group", ten, strings.Replace(ten, "- g\n- rolearn: arn:aws:iam::111122223333:role/4", "- h\n- rolearn: arn:aws:iam::111122223333:role/4", 1), 1},
		{"the last line without its end", ten, strings.TrimSuffix(ten, "\n"), 1},
		{"two entries far apart, and those between", ten, strings.NewReplacer("u3", "x3", "u7", "x7").Replace(ten), 5},
		{"an entry more at the end", ten, entriesOf(11), 1},
		{"an entry less at the end", entriesOf(11), ten, 0},
		{"an entry less in front", ten, ten[strings.Index(ten, "- rolearn: arn:aws:iam::111122223333:role/1"):], 0},
		{"a comment before all", ten, "# hello\n" + ten, 1},
		{"a comment that is none", ten, "# hello\r- x\n" + ten, -1},
		{"an entry that the authenticator drops", ten, ten + "- username: u\n  groups:\n  - g\n", 1},
		{"a username that is a number", ten, strings.Replace(ten, "u3", "3", 1), -1},
		{"an entry that does not parse", ten, strings.Replace(ten, "u3", "\"u3", 1), -1},
		{"a value that is a mapping", ten, strings.Replace(ten, "u3", "a: b", 1), -1},
		{"a second document", ten, ten + "---\n", -1},
		{"another indent", ten, "  " + strings.ReplaceAll(strings.TrimSuffix(ten, "\n"), "\n", "\n  "), -1},
		{"nothing in common", ten, strings.ReplaceAll(ten, "u", "v"), -1},
		{"flow style before", "[{rolearn: x, username: u}]", ten, -1},
		{"what does not parse before", ten + "bad", ten, -1},
		{"an alias to an entry before", strings.Replace(ten, "u0", "&a u0", 1), strings.Replace(ten, "u3", "*a", 1), -1},
	} {
		r := NewReader()
		r.ReadAll(map[string]string{"mapRoles": tt.before}, nil)
		s := newSection(MapRoles, map[string]string{"mapRoles": tt.after})
		l, ok := r.reread(s)
		got := -1
		if ok {
			old := Read(map[string]string{"mapRoles": tt.before}).Roles
			head, tail := inCommon(tt.before, old.lines().starts, tt.after, s.lines().starts)
			got = l.len() - head - tail
		}
		if got != tt.want {
			t.Errorf("%s: %d entries were read, want %d", tt.name, got, tt.want)
		}
		checkReread(t, r, MapRoles, tt.after)
	}
}

// checkReread holds what a reader makes of a text against what it says to one who has read nothing.
func checkReread(t *testing.T, r *Reader, key Key, text string) {
	t.Helper()
	data := map[string]string{string(key): text}
	got, want := r.ReadAll(data, nil).Section(key), Read(data).Section(key)
	if fmt.Sprint(got.Err, got.TypeErr, got.Shape, got.Lost(), got.Regular()) != fmt.Sprint(want.Err, want.TypeErr, want.Shape, want.Lost(), want.Regular()) || len(got.Entries) != len(want.Entries) {
		t.Fatalf("%q:\ngot  %v %v %v, %d entries\nwant %v %v %v, %d entries", text, got.Err, got.TypeErr, got.Shape, len(got.Entries), want.Err, want.TypeErr, want.Shape, len(want.Entries))
	}
	for i, e := range got.Entries {
		w := want.Entries[i]
		if !e.SameReading(w) || e.Kept != w.Kept || e.Dropped != w.Dropped || e.Index != w.Index || e.Section != got || !reflect.DeepEqual(e.Groups, w.Groups) || i < maxParts && e.Span() != w.Span() {
			t.Fatalf("%q: entry %d is %+v at %v, want %+v at %v", text, i, *e, e.Span(), *w, w.Span())
		}
	}
}

// TestManyEditsReread makes edits that are small and often wrong, each of the text before.
func TestManyEditsReread(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	nasty := []string{
		"- rolearn: y\n  username: y\n", "- rolearn: y\n  username: \"y: z\"\n", "- username: 'y'\n  rolearn: x\n", "- rolearn: z\n",
		"", "#", "# é\n", "# \r- rolearn: z\n", "\n", "---\n", "...\n", "\t", "  ", "- ", "-\n", ": ", ":\n", "\"", "'", "\\", "|\n", ">-\n", "&a ", "*a", "!!str ", "<<: ", "{", "}", "[", "]", ", ", "1", "~", "yes", "null",
		"- rolearn: y\n  username: y\n", "  - rolearn: y\n    username: y\n", "  groups:\n  - a\n  - \"b\"\n", "  groups:\n    - a\n    - b\n", "  username: again\n", "  userid: x\n", "  Groups:\n  - c\n", "  sso:\n    accountID: '1'\n", "- g\n",
	}
	reread := 0
	for _, key := range []Key{MapRoles, MapUsers} {
		field := map[Key]string{MapRoles: "rolearn", MapUsers: "userarn"}[key]
		for range 300 {
			r := NewReader()
			text := strings.ReplaceAll(entriesOf(1+random.IntN(6)), "rolearn", field)
			for range 12 {
				checkReread(t, r, key, text)
				at := random.IntN(len(text) + 1)
				switch random.IntN(4) {
				case 0, 1:
					at = max(0, strings.LastIndex(text[:at], "\n- ")+1)
				case 2:
					at = strings.LastIndexByte(text[:at], '\n') + 1
				}
				drop := 0
				if random.IntN(3) == 0 {
					drop = random.IntN(min(30, len(text)-at) + 1)
				}
				next := text[:at] + strings.ReplaceAll(nasty[random.IntN(len(nasty))], "rolearn", field) + text[at+drop:]
				s := newSection(key, map[string]string{string(key): next})
				if _, ok := r.reread(s); ok {
					reread++
				}
				checkReread(t, r, key, next)
				if s := Read(map[string]string{string(key): next}).Section(key); s.Regular() {
					checkRegular(t, s)
				}
				if Read(map[string]string{string(key): next}).Section(key).Regular() || random.IntN(20) == 0 {
					text = next
				}
			}
		}
	}
	if reread < 200 {
		t.Errorf("only %d of the texts were read from the one before", reread)
	}
}

func FuzzReread(f *testing.F) {
	for _, c := range cases.All() {
		f.Add(c.Data["mapRoles"], node+c.Data["mapRoles"], false)
		f.Add(node+node, node+c.Data["mapRoles"]+node, false)
		f.Add(c.Data["mapUsers"], c.Data["mapUsers"]+c.Data["mapUsers"], true)
	}
	f.Fuzz(func(t *testing.T, before, after string, users bool) {
		key := MapRoles
		if users {
			key = MapUsers
		}
		r := NewReader()
		r.ReadAll(map[string]string{string(key): before}, nil)
		checkReread(t, r, key, after)
	})
}

func TestAReaderKeepsLittle(t *testing.T) {
	text := func(i, padding int) string {
		return fmt.Sprintf("- rolearn: arn:aws:iam::111122223333:role/%d\n  username: a\n# %s\n", i, strings.Repeat("x", padding))
	}
	short := strings.Repeat("- \n", 5000)
	r := NewReader()
	r.ReadAll(map[string]string{"mapRoles": short}, nil)
	if _, ok := r.recall(MapRoles, short); ok {
		t.Error("5,000 entries are kept because they are short")
	}
	for padding, want := range map[int]int{0: 8, 200 << 10: 2, 300 << 10: 0} {
		r := NewReader()
		for i := range 100 {
			r.ReadAll(map[string]string{"mapRoles": text(i, padding)}, nil)
		}
		kept := 0
		for i := range 100 {
			if _, ok := r.recall(MapRoles, text(i, padding)); ok {
				kept++
			}
		}
		if kept != want {
			t.Errorf("of texts of %d bytes it keeps %d, want %d", padding, kept, want)
		}
	}
}
