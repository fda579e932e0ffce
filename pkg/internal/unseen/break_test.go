package unseen

import "testing"

func TestBreak(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		// at is where it stands, -1 for nowhere.
		at int
	}{
		"plain":                         {"a\nb\n", -1},
		"Windows":                       {"a\r\n# b\r\nc", -1},
		"old Mac":                       {"a\r# b\rc\r", -1},
		"carriage returns twice":        {"a\r\r\nb\r\r\n", -1},
		"in a comment":                  {"a\n# b\u0085- c\n", 5},
		"before a comment":              {"a\n# b\u2028# c\n", -1},
		"at the end":                    {"a\u2029\nb\n", -1},
		"at the end, with blanks":       {"a\u2029 \t\r\nb\n", -1},
		"at the beginning":              {" \u2028a\n", -1},
		"in a value":                    {"a: b\u2028c: d\n", 4},
		"a carriage return":             {"a\n# b\rc\n", 5},
		"a carriage return, then more":  {"# b\r\r c\n", 3},
		"old Mac with a separator":      {"a\r# b\u2028c\r", 5},
		"old Mac, at the end of a line": {"a\u2028\rb\r", -1},
		"after a comment that is none":  {"# a\u2028# b\u2028c\n", 9},
		"not one of them":               {"a\u200bb\vc\f\n", -1},
	} {
		r, at, found := Break(tt.text)
		if !found {
			at = -1
		}
		if at != tt.at || found && []rune(tt.text[at:])[0] != r {
			t.Errorf("%s: %U at %d, want %d", name, r, at, tt.at)
		}
	}
}
