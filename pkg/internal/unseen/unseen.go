package unseen

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// brailleBlank is a sign that is drawn as nothing, though Unicode counts it among the symbols.
const brailleBlank = '\u2800'

// Is reports whether a character has no place in a name, wherever it stands: controls, line breaks, and what is drawn as
// nothing.
func Is(r rune) bool {
	if r > ' ' && r < 0x7f {
		return false
	}
	switch {
	case unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp), r == brailleBlank:
		return true
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false // These are format characters that are drawn.
	}
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Noncharacter_Code_Point)
}

// IsAround is Is for the ends of a name, where blanks have no place either.
func IsAround(r rune) bool { return Is(r) || unicode.IsSpace(r) }

// Find gives the first character that has no place in a name, and where it stands; false for none.
func Find(name string) (r rune, at int, found bool) {
	if at := strings.IndexFunc(name, Is); at >= 0 {
		r, _ := utf8.DecodeRuneInString(name[at:])
		return r, at, true
	}
	if r, _ := utf8.DecodeRuneInString(name); name != "" && IsAround(r) {
		return r, 0, true
	}
	if r, size := utf8.DecodeLastRuneInString(name); name != "" && IsAround(r) {
		return r, len(name) - size, true
	}
	return 0, 0, false
}

// Without is the name without them.
func Without(name string) string {
	return strings.TrimFunc(strings.Map(func(r rune) rune {
		if Is(r) {
			return -1
		}
		return r
	}, name), IsAround)
}

// names are those that people know; of others the code point and the kind must do.
var names = map[rune]string{
	0x00: "null", '\t': "tab", '\n': "line feed", '\r': "carriage return", 0x1b: "escape", ' ': "blank", 0x7f: "delete",
	0x85: "next line", 0xa0: "no-break space", 0xad: "soft hyphen", 0x34f: "combining grapheme joiner",
	0x115f: "Hangul filler", 0x1160: "Hangul filler", 0x3164: "Hangul filler", 0xffa0: "Hangul filler",
	0x200b: "zero width space", 0x200c: "zero width non-joiner", 0x200d: "zero width joiner",
	0x200e: "left-to-right mark", 0x200f: "right-to-left mark", 0x2028: "line separator", 0x2029: "paragraph separator",
	0x202a: "left-to-right embedding", 0x202b: "right-to-left embedding", 0x202c: "pop directional formatting",
	0x202d: "left-to-right override", 0x202e: "right-to-left override", 0x2060: "word joiner",
	0x2066: "left-to-right isolate", 0x2067: "right-to-left isolate", 0x2068: "first strong isolate", 0x2069: "pop directional isolate",
	brailleBlank: "braille blank", 0x3000: "ideographic space", 0xfeff: "byte order mark",
}

// Describe names a character for people, as U+200B (zero width space).
func Describe(r rune) string {
	name := names[r]
	switch {
	case name != "":
	case unicode.IsControl(r):
		name = "a control character"
	case unicode.IsSpace(r):
		name = "a blank"
	default:
		name = "an invisible character"
	}
	return fmt.Sprintf("%U (%s)", r, name)
}
