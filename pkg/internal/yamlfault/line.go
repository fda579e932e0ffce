package yamlfault

import (
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

var (
	// glued is a key whose colon has no blank after it.
	glued = regexp.MustCompile(`^[ \t]*(?:-[ \t]*)*(["']?[A-Za-z][\w.-]*["']?):([^\s:].*)$`)
	// bare is a word without a colon, alone or before a value.
	bare = regexp.MustCompile(`^[ \t]*(?:-[ \t]+)*(["']?[A-Za-z][\w.-]*["']?)[ \t]*([^:\s].*|)$`)
	// noBlank is a dash without a blank after it.
	noBlank = regexp.MustCompile(`^([ \t]*)-([^\s-].*)$`)
	// valued is a line with a value: what stands before the value, and the value.
	valued = regexp.MustCompile(`^([ \t]*(?:-[ \t]+)*(?:["']?[\w.-]+["']?[ \t]*:[ \t]+)?)([^\s#].*)$`)
	// wideDash is a dash with more than one blank after it.
	wideDash = regexp.MustCompile(`^([ \t]*)-([ \t]{2,})(\S.*)$`)
	// comment begins where a value ends.
	comment = regexp.MustCompile(`[ \t]+#.*$`)
)

func (f *finder) body(i int) string { return f.text[f.lines[i].start:f.lines[i].end] }

// colon tries a colon after a word, and a blank after a colon. Above the broken line a text without a colon may go on, so
// there only a word that stands alone counts.
func (f *finder) colon(i int, above bool) {
	body := f.body(i)
	if m := glued.FindStringSubmatchIndex(body); m != nil {
		f.rewrite(i, m[3]+1, body[:m[3]]+": "+body[m[4]:], "there is no blank after the colon of "+body[m[2]:m[3]], costSure)
	}
	if m := bare.FindStringSubmatchIndex(body); m != nil && (!above || m[4] == m[5] || i >= f.broken-2) {
		rest := strings.TrimLeft(body[m[3]:], " \t")
		if rest != "" {
			rest = " " + rest
		}
		f.rewrite(i, m[3], body[:m[3]]+":"+rest, "there is no colon after "+body[m[2]:m[3]], costMark)
	}
}

// dash tries a dash before a key or a value, in the place of blanks or in front.
func (f *finder) dash(i int) {
	body, ink := f.body(i), f.lines[i].indent()
	if m := noBlank.FindStringSubmatchIndex(body); m != nil {
		f.rewrite(i, m[3]+1, body[:m[3]]+"- "+body[m[4]:], "there is no blank after the dash", costSure)
		return
	}
	if body[ink] == '-' {
		return
	}
	word := strings.FieldsFunc(body[ink:], func(r rune) bool { return strings.ContainsRune(" \t:", r) })
	if len(word) == 0 {
		return
	}
	saw := "there is no dash before " + strings.Trim(word[0], `{"'`)
	if ink >= 2 {
		f.rewrite(i, ink, body[:ink-2]+"- "+body[ink:], saw, costMark)
	}
	f.rewrite(i, ink, body[:ink]+"- "+body[ink:], saw, costMark)
}

// afterDash tries one blank after a dash, or as many as the next line asks for.
func (f *finder) afterDash(i int) {
	body := f.body(i)
	m := dashes.FindStringIndex(body[f.lines[i].indent():])
	if m == nil {
		return
	}
	ink := f.lines[i].indent()
	if wide := wideDash.FindStringSubmatchIndex(body); wide != nil {
		f.rewrite(i, wide[6], body[:wide[3]]+"- "+body[wide[6]:], "there is more than one blank after the dash", costMark)
	}
	for j := i + 1; j < len(f.lines); j++ {
		if f.lines[j].void {
			continue
		}
		if n := f.lines[j].indent() - ink - 1; n > 0 && n <= maxShift {
			f.rewrite(i, ink+m[1], body[:ink]+"-"+strings.Repeat(" ", n)+body[ink+m[1]:], "what follows the dash does not stand above the next line", costMove+oddColumn+costGuess)
		}
		break
	}
}

// quotes tries to close a quote, or to leave one out.
func (f *finder) quotes(i int) {
	body := f.body(i)
	for _, mark := range []string{`"`, `'`} {
		n := strings.Count(body, mark)
		if n == 0 {
			continue
		}
		first := strings.Index(body, mark)
		if n%2 == 1 {
			end := len(comment.ReplaceAllString(body, ""))
			for _, at := range []int{end, first + 1 + strings.IndexAny(body[first+1:]+",", ",]}")} {
				if at > first && at <= len(body) {
					f.rewrite(i, first, body[:at]+mark+body[at:], "this quote is not closed", costMark)
				}
			}
			if m := valued.FindStringSubmatchIndex(body); m != nil && m[4] < first {
				f.rewrite(i, m[4], body[:m[4]]+mark+body[m[4]:], "this quote is not opened", costMark+1)
			}
		}
		for at, left := 0, 6; left > 0; left-- {
			next := strings.Index(body[at:], mark)
			if next < 0 {
				break
			}
			at += next
			cost := costQuote
			if at == first {
				cost++ // The one that opens is more often meant.
			}
			f.rewrite(i, at, body[:at]+body[at+1:], "a quote stands where none belongs", cost)
			at++
		}
		if trimmed := strings.ReplaceAll(body, mark, ""); n > 2 {
			if m := valued.FindStringSubmatchIndex(trimmed); m != nil {
				f.rewrite(i, first, trimmed[:m[4]]+mark+trimmed[m[4]:]+mark, "quotes stand inside of quotes", costGuess)
			}
		}
	}
}

// brackets tries to close a bracket, to leave one out, and to put commas between items.
func (f *finder) brackets(i int) {
	body := f.body(i)
	for _, pair := range []string{"[]", "{}"} {
		open, closed := strings.Count(body, pair[:1]), strings.Count(body, pair[1:])
		switch {
		case open > closed:
			end := len(comment.ReplaceAllString(body, ""))
			f.rewrite(i, strings.Index(body, pair[:1]), body[:end]+pair[1:]+body[end:], "this bracket is not closed", costMark)
		case closed > open:
			at := strings.LastIndex(body, pair[1:])
			f.rewrite(i, at, body[:at]+body[at+1:], "a bracket stands where none belongs", costMark)
			if m := valued.FindStringSubmatchIndex(body); m != nil {
				f.rewrite(i, m[4], body[:m[4]]+pair[:1]+body[m[4]:], "this bracket is not opened", costMark+1)
			}
		}
	}
	if m := noComma.FindStringIndex(body); m != nil {
		f.rewrite(i, m[0]+1, body[:m[0]+1]+", "+strings.TrimLeft(body[m[0]+1:], " \t"), "there is no comma between two items", costMark)
	}
	if i < f.broken && strings.TrimRight(body, " \t,[{") == body {
		f.rewrite(i, len(body), body+",", "there is no comma after this", costGuess)
	}
}

// itemInLine is a key with the first item of its list on the same line.
var itemInLine = regexp.MustCompile(`^([ \t]*(?:-[ \t]+)*["']?[\w.-]+["']?[ \t]*:)[ \t]+-[ \t]+([^\s\-].*)$`)

// ownLine tries a line of its own for each item that stands on the line of its key.
func (f *finder) ownLine(i int) {
	m := itemInLine.FindStringSubmatchIndex(f.body(i))
	if m == nil {
		return
	}
	item := strings.TrimRight(f.body(i)[m[4]:m[5]], " \t")
	c := candidate{cost: costSure, Fault: Fault{
		Span: yamlpos.Span{Start: f.lines[i].start + m[3] + 1, End: f.lines[i].end}, Saw: "an item of a list can't begin on the line of its key",
		Advice: "write `- " + shown(item) + "` on a line of its own below",
	}}
	for j := range f.lines {
		body := f.body(j)
		m := itemInLine.FindStringSubmatchIndex(body)
		if m == nil {
			continue
		}
		column := len(dashes.FindString(body[f.lines[j].indent():])) + f.lines[j].indent()
		if below := f.inked(j + 1); below < len(f.lines) && f.lines[below].indent() >= column && strings.HasPrefix(f.body(below)[f.lines[below].indent():], "- ") {
			column = f.lines[below].indent()
		}
		c.Edits = append(c.Edits, Edit{Start: f.lines[j].start + m[3], End: f.lines[j].start + m[4], New: "\n" + strings.Repeat(" ", column) + "- "})
	}
	f.add(c)
}

// noComma is the end of one quoted item or bracket before the next.
var noComma = regexp.MustCompile(`["'\]}][ \t]+["'\[{]`)

// needsQuotes tries quotes around a value.
func (f *finder) needsQuotes(i int) {
	body := f.body(i)
	m := valued.FindStringSubmatchIndex(body)
	if m == nil {
		return
	}
	value := comment.ReplaceAllString(body[m[4]:m[5]], "")
	mark := `"`
	switch {
	case value == "" || strings.ContainsAny(value[:1], `"'`):
		return
	case strings.ContainsAny(value, `"\`) && strings.Contains(value, "'"):
		return
	case strings.ContainsAny(value, `"\`):
		mark = "'"
	}
	saw := "a value can't begin with " + value[:1]
	switch {
	case strings.Contains(value, ": ") || strings.HasSuffix(value, ":"):
		saw = "a value with a colon and a blank inside needs quotes"
	case !strings.ContainsAny(value[:1], "@`%*&!|>[]{},?:-"):
		saw = "this value needs quotes"
	}
	f.rewrite(i, m[4], body[:m[4]]+mark+value+mark+body[m[4]+len(value):], saw, costQuote)
}
