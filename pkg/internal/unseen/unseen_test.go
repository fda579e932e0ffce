package unseen

import (
	"testing"
	"unicode"
)

func TestFind(t *testing.T) {
	for name, want := range map[string]struct {
		at      int // -1 for none
		called  string
		without string
	}{
		"":                         {at: -1},
		"dev":                      {at: -1, without: "dev"},
		"alice smith":              {at: -1, without: "alice smith"},
		"alice\u00a0smith":         {at: -1, without: "alice\u00a0smith"},
		"山田\u3000太郎":               {at: -1, without: "山田\u3000太郎"},
		"zoë é\u0301 ñ":            {at: -1, without: "zoë é\u0301 ñ"},
		"\u0600 an Arabic number":  {at: -1, without: "\u0600 an Arabic number"},
		" dev":                     {0, "U+0020 (blank)", "dev"},
		"dev ":                     {3, "U+0020 (blank)", "dev"},
		"dev\u00a0":                {3, "U+00A0 (no-break space)", "dev"},
		"\u2003dev":                {0, "U+2003 (a blank)", "dev"},
		"dev\n":                    {3, "U+000A (line feed)", "dev"},
		"a\tb":                     {1, "U+0009 (tab)", "ab"},
		"a\x1b[2Kb":                {1, "U+001B (escape)", "a[2Kb"},
		"a\u0085b":                 {1, "U+0085 (next line)", "ab"},
		"a\u2028b":                 {1, "U+2028 (line separator)", "ab"},
		"a\u0001b":                 {1, "U+0001 (a control character)", "ab"},
		"dev\u200b":                {3, "U+200B (zero width space)", "dev"},
		"\ufeffdev":                {0, "U+FEFF (byte order mark)", "dev"},
		"de\u00adv":                {2, "U+00AD (soft hyphen)", "dev"},
		"de\u202ev":                {2, "U+202E (right-to-left override)", "dev"},
		"de\ufe0fv":                {2, "U+FE0F (an invisible character)", "dev"},
		"de\u3164v":                {2, "U+3164 (Hangul filler)", "dev"},
		"de\u2800v":                {2, "U+2800 (braille blank)", "dev"},
		"de\U000e0041v":            {2, "U+E0041 (an invisible character)", "dev"},
		"de\uffffv":                {2, "U+FFFF (an invisible character)", "dev"},
		" \u200b":                  {1, "U+200B (zero width space)", ""},
		"dev \u200b":               {4, "U+200B (zero width space)", "dev"},
		"system:\u2060masters":     {7, "U+2060 (word joiner)", "system:masters"},
		"\u180esystem:masters":     {0, "U+180E (an invisible character)", "system:masters"},
		"{{SessionName}}\u200d":    {15, "U+200D (zero width joiner)", "{{SessionName}}"},
		"one two \u1680":           {8, "U+1680 (a blank)", "one two"},
		"grapheme\u034fjoiner":     {8, "U+034F (combining grapheme joiner)", "graphemejoiner"},
		"a tag \U000e0001":         {6, "U+E0001 (an invisible character)", "a tag"},
		"musical\U0001d173beam":    {7, "U+1D173 (an invisible character)", "musicalbeam"},
		"delete\u007f":             {6, "U+007F (delete)", "delete"},
		"c1\u009bcsi":              {2, "U+009B (a control character)", "c1csi"},
		"interlinear\ufff9":        {11, "U+FFF9 (an invisible character)", "interlinear"},
		"supplement\U000e0100":     {10, "U+E0100 (an invisible character)", "supplement"},
		"left\u2066to\u2069right ": {4, "U+2066 (left-to-right isolate)", "lefttoright"},
	} {
		r, at, found := Find(name)
		if found != (want.at >= 0) || found && (at != want.at || Describe(r) != want.called) {
			t.Errorf("%q: %s at %d, %v; want %s at %d", name, Describe(r), at, found, want.called, want.at)
		}
		without := Without(name)
		if without != want.without {
			t.Errorf("%q without them is %q, want %q", name, without, want.without)
		}
		if _, _, again := Find(without); again {
			t.Errorf("%q: %q still has one", name, without)
		}
	}
}

// TestEveryCharacter holds all of Unicode: what is drawn, or is a blank inside, may be in a name, and what Go does not print is
// found, but for private and unassigned characters.
func TestEveryCharacter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		_, _, found := Find("a" + string(r) + "b")
		switch {
		case found && unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && r != brailleBlank && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
			t.Errorf("%U is drawn, and may not be in a name", r)
		case !found && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r):
			t.Errorf("%U is not drawn, and may be in a name", r)
		}
		if unicode.IsSpace(r) {
			if _, _, found := Find("a" + string(r)); !found {
				t.Errorf("the blank %U may be at the end of a name", r)
			}
		}
	}
}
