package text

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/unseen"
)

// Visible gives a text as a part of one line.
func Visible(s string) string { return visible(s, func(r rune) bool { return false }) }

// Source gives a line of a file. Its tabs stay, because they set its columns.
func Source(s string) string { return visible(s, func(r rune) bool { return r == '\t' }) }

// Lines gives a text of several lines: line breaks (LF and CRLF) and tabs stay.
func Lines(s string) string {
	if !strings.Contains(s, "\n") {
		return Source(s)
	}
	lines := strings.Split(s, "\n")
	for i := range lines {
		bare, windows := strings.CutSuffix(lines[i], "\r")
		if windows = windows && i+1 < len(lines); !windows {
			bare = lines[i]
		}
		if lines[i] = Source(bare); windows {
			lines[i] += "\r"
		}
	}
	return strings.Join(lines, "\n")
}

// OneLine gives a text of several lines as one.
func OneLine(s string) string { return Visible(strings.Join(strings.Fields(s), " ")) }

func visible(s string, keep func(rune) bool) string {
	s = disarmed(s)
	var b strings.Builder
	from := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if bad := r == utf8.RuneError && size == 1; bad || Hidden(r) && !keep(r) {
			b.WriteString(s[from:i])
			b.WriteString(escape(s[i : i+size]))
			from = i + size
		}
		i += size
	}
	if from == 0 {
		return s
	}
	return b.String() + s[from:]
}

// escape writes one character, or one byte that is none, as Go writes it in quotes.
func escape(character string) string {
	if quoted := strconv.QuoteToASCII(character); quoted != `"`+character+`"` {
		return quoted[1 : len(quoted)-1]
	}
	return character
}

// Hidden reports whether a character can't be seen as what it is: controls, format characters, separators, blanks that
// look like a space and are none, and characters that leave no mark.
func Hidden(r rune) bool {
	if ' ' <= r && r <= '~' {
		return false
	}
	return unseen.Is(r) || unicode.In(r, unicode.C, unicode.Z)
}

// disarmed breaks up the commands that build servers look for in what a job prints: GitHub Actions takes lines that begin
// with "::" and "##[…]" anywhere in a line, Azure Pipelines and TeamCity take "##vso[…]" and "##teamcity[…]".
func disarmed(s string) string {
	if begin := strings.TrimLeftFunc(s, unicode.IsSpace); strings.HasPrefix(begin, "::") {
		s = s[:len(s)-len(begin)] + `\x3a` + begin[1:]
	}
	return parted(s, `\x23`)
}

// parted writes the second of two marks that begin a command as an escape.
func parted(s, escape string) string {
	if !strings.Contains(s, "##") {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, "##")
		if i < 0 {
			return b.String() + s
		}
		if rest := strings.TrimLeftFunc(s[i+2:], unicode.IsLetter); strings.HasPrefix(rest, "[") {
			b.WriteString(s[:i+1] + escape)
			s = s[i+2:]
			continue
		}
		b.WriteString(s[:i+1])
		s = s[i+1:]
	}
}

// JSON gives a text in JSON with the same value, in which all that is hidden is an escape. What is laid out stays so.
func JSON(s string) string {
	return escaped(parted(s, `\u0023`), func(b *strings.Builder, r rune) {
		if r > 0xffff {
			first, second := utf16.EncodeRune(r)
			fmt.Fprintf(b, `\u%04x\u%04x`, first, second)
			return
		}
		fmt.Fprintf(b, `\u%04x`, r)
	})
}

// XML gives a text in XML with the same value, in which all that is hidden is a reference. No such thing may stand in a
// CDATA section.
func XML(s string) string {
	return escaped(parted(s, "&#x23;"), func(b *strings.Builder, r rune) { fmt.Fprintf(b, "&#x%X;", r) })
}

// InQuotes gives a text in YAML or HCL with the same value, in which all that is hidden is an escape. It must stand in double
// quotes there.
func InQuotes(s string) string {
	return escaped(parted(s, `\u0023`), func(b *strings.Builder, r rune) {
		if r > 0xffff {
			fmt.Fprintf(b, `\U%08x`, r)
			return
		}
		fmt.Fprintf(b, `\u%04x`, r)
	})
}

func escaped(s string, escape func(*strings.Builder, rune)) string {
	var b strings.Builder
	for _, r := range s {
		if r <= '~' || !Hidden(r) {
			b.WriteRune(r)
			continue
		}
		escape(&b, r)
	}
	return b.String()
}

// inQuotes has what a text in quotes can't hold as it is.
var inQuotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// Quote gives a text in quotes, as part of one line.
func Quote(s string) string { return `"` + Visible(inQuotes.Replace(s)) + `"` }

// Name gives a name as part of one line: in quotes where blanks, commas, escapes or nothing at all could be misread, else
// as it is.
func Name(s string) string {
	if s == "" || strings.ContainsAny(s, ` ,"\`) || Visible(s) != s {
		return Quote(s)
	}
	return s
}

// List gives names with commas between them, "none" where there are none.
func List(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(all(names), ", ")
}

// Some joins texts with commas, and says how many there are besides the first few.
func Some(texts []string, most int) string {
	if len(texts) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], ", "), len(texts)-most)
	}
	return strings.Join(texts, ", ")
}

func all(names []string) []string {
	shown := make([]string, 0, len(names))
	for _, n := range names {
		shown = append(shown, Name(n))
	}
	return shown
}

const ellipsis = "…"

// Cut shortens a text to so many bytes.
func Cut(s string, limit int) string {
	switch {
	case len(s) <= limit:
		return s
	case limit < len(ellipsis):
		return ""
	}
	return strings.TrimRight(s[:Boundary(s, limit-len(ellipsis))], " ") + ellipsis
}

// Short is Visible and Cut: it reads no more of a text than it shows, so it is cheap for texts of any length.
func Short(s string, limit int) string {
	if len(s) <= limit {
		return Cut(Visible(s), limit)
	}
	return Cut(Visible(s[:Boundary(s, limit)])+ellipsis, limit)
}

// Middle shortens a text to so many bytes and keeps its beginning and its end.
func Middle(s string, limit int) string {
	if len(s) <= limit || limit < len(ellipsis) {
		return Cut(s, limit)
	}
	left := limit - len(ellipsis)
	tail := Boundary(s, len(s)-left/2)
	for tail < len(s) && len(s)-tail > left/2 {
		_, size := utf8.DecodeRuneInString(s[tail:])
		tail += size
	}
	return s[:Boundary(s, left-left/2)] + ellipsis + s[tail:]
}

// Boundary is the nearest place at or before an offset where a character begins.
func Boundary(s string, at int) int {
	for at > 0 && at < len(s) && !utf8.RuneStart(s[at]) {
		at--
	}
	return at
}

// Count writes a number with its noun in the right form.
func Count(n int, noun string) string {
	stem, isY := strings.CutSuffix(noun, "y")
	switch {
	case n == 1:
		return "1 " + noun
	case isY && !strings.HasSuffix(stem, "a") && !strings.HasSuffix(stem, "e") && !strings.HasSuffix(stem, "o"):
		return strconv.Itoa(n) + " " + stem + "ies"
	case strings.HasSuffix(noun, "s"):
		return strconv.Itoa(n) + " " + noun + "es"
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// Choose is the form of a word for one thing, or for any other number of them.
func Choose(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
