package validate

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// lookalikes are letters that look like those of built-in groups, in lower case, and have no compatibility mapping in Unicode.
var lookalikes = func() map[rune]rune {
	all := map[rune]rune{}
	for latin, others := range map[rune]string{
		'a': "аαᴀɑ", 'b': "ьвʙƅ", 'c': "сϲᴄ", 'd': "ԁᴅɗ", 'e': "еєεᴇҽ", 'g': "ɡɢ", 'h': "һнʜ", 'i': "іιıɪ", 'j': "јᴊ", 'k': "кκᴋ",
		'l': "ӏǀʟ", 'm': "мᴍ", 'n': "ոпɴη", 'o': "оοᴏօ", 'p': "рρᴘ", 'r': "гʀᴦ", 's': "ѕꜱʂ", 't': "тτᴛ", 'u': "υսᴜ", 'v': "νѵᴠ",
		'w': "ԝѡᴡω", 'x': "хχ", 'y': "уүʏγ",
	} {
		for _, r := range others {
			all[r] = latin
		}
	}
	return all
}()

// plain writes a name in the letters of ASCII that it looks like: full-width and styled letters as what they stand for, those
// with accents without them, those of other alphabets as their Latin lookalikes. Others stay.
func plain(name string) string {
	if strings.IndexFunc(name, notASCII) < 0 {
		return name
	}
	return strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		latin, ok := lookalikes[r]
		switch {
		case ok:
			return latin
		case unicode.Is(unicode.Mn, r):
			return -1
		}
		return r
	}, norm.NFKD.String(name))
}

// drawnAs writes letters and digits that look alike in one way: rn as m, 0 as o, and all that is drawn as one stroke as l.
func drawnAs(lower string) string { return strokes.Replace(lower) }

var strokes = strings.NewReplacer("rn", "m", "vv", "w", "0", "o", "1", "l", "i", "l", "|", "l", "!", "l", "5", "s", "$", "s", "3", "e", "4", "a", "@", "a", "7", "t", "8", "b")
