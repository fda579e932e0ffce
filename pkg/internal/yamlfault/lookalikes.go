package yamlfault

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/unseen"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// plainMarks are characters that word processors, chats and web pages write in the place of those that mean something to YAML.
var plainMarks = map[rune]string{
	'\u2010': "-", '\u2011': "-", '\u2012': "-", '\u2013': "-", '\u2014': "-", '\u2015': "-", '\u2212': "-", '\ufe58': "-",
	'\ufe63': "-", '\uff0d': "-", '\u2022': "-", '\u2023': "-", '\u00b7': "-", '\u2043': "-",
	'\u201c': `"`, '\u201d': `"`, '\u201e': `"`, '\u201f': `"`, '\u00ab': `"`, '\u00bb': `"`, '\uff02': `"`, '\u2033': `"`,
	'\u2018': "'", '\u2019': "'", '\u201a': "'", '\u201b': "'", '\uff07': "'", '\u2032': "'",
	'\uff1a': ":", '\ufe55': ":", '\ua789': ":", '\u2236': ":", '\uff0c': ",", '\uff3b': "[", '\uff3d': "]", '\uff5b': "{", '\uff5d': "}",
	'\uff5c': "|", '\uff03': "#",
	'\u00a0': " ", '\u2002': " ", '\u2003': " ", '\u2007': " ", '\u2009': " ", '\u202f': " ", '\u205f': " ", '\u3000': " ",
	'\u200b': "", '\u200c': "", '\u200d': "", '\u2060': "", '\ufeff': "",
}

// lookAlikes tries plain characters: on one line, then on all.
func (f *finder) lookAlikes() {
	var all []Edit
	for i, l := range f.lines {
		body := f.text[l.start:l.end]
		now, at, r := plainLine(body)
		if at < 0 {
			continue
		}
		all = append(all, Edit{Start: l.start, End: l.end, New: now})
		if i <= f.broken && i >= f.broken-3 {
			f.rewrite(i, at, now, looksLike(r), costSure)
		}
	}
	if len(all) < 2 {
		return
	}
	for _, e := range all {
		body := f.text[e.Start:e.End]
		now, at, r := plainLine(body)
		f.add(candidate{Fault: Fault{
			Span: yamlpos.Span{Start: e.Start + at, End: e.End}, Saw: looksLike(r), Advice: fmt.Sprintf("write `%s`, and so in the other lines that have it", shown(now)),
			Edits: all,
		}, cost: costSure + len(all)})
		return
	}
}

func looksLike(r rune) string {
	switch plain := plainMarks[r]; plain {
	case "":
		return unseen.Describe(r) + " stands here, which nobody sees"
	case " ":
		return unseen.Describe(r) + " is no blank to YAML"
	default:
		return fmt.Sprintf("%c (%U) is no plain %s", r, r, plain)
	}
}

// plainLine gives a line with plain characters, and the first that was none; at is -1 where all are.
func plainLine(body string) (now string, at int, first rune) {
	var b strings.Builder
	at = -1
	for i, r := range body {
		plain, ok := plainMarks[r]
		if !ok && !isForbidden(r) {
			b.WriteRune(r)
			continue
		}
		if at < 0 {
			at, first = i, r
		}
		b.WriteString(plain)
	}
	return b.String(), at, first
}

// isForbidden reports the control characters that YAML 1.1 does not allow.
func isForbidden(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\u0085' || r == '\ufffe' || r == '\uffff'
}
