package manifest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	show "github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Elsewhere finds names in all texts that arguments name, whatever their form, outside of the maps in them: Terraform, patches,
// values of charts, templates and programs can all make a binding. It reads the files when it is first asked for a name. It
// does not see a name that is put together from parts, or that does not stand there in clear.
type Elsewhere struct {
	args    []string
	exclude Excludes
	stdin   string
	known   map[sought]string
	// inputs are what the arguments name; failed says where that could not be found out.
	inputs []Input
	failed string
	// sheets are the texts that were read, by their paths, as far as they fit into heldBytes.
	sheets map[string]*sheet
	held   int
}

// heldBytes bounds the texts that are kept from one name to the next.
const heldBytes = 64 << 20

type sought struct {
	part        string
	first, last bool
}

// maxSought bounds the names that are looked for, as each one takes a reading of all files.
const maxSought = 100

// NewElsewhere looks in the files that arguments name, of folders in all, without those that are excluded and those that
// others have put there. stdin is what standard input holds.
func NewElsewhere(args []string, exclude Excludes, stdin string) *Elsewhere {
	return &Elsewhere{args: args, exclude: exclude, stdin: stdin, known: map[sought]string{}, sheets: map[string]*sheet{}}
}

// Find says where a part of a name is found in any case, as "x.tf:3, which has it too", or what was not searched; "" where it
// is nowhere. Where the name begins or ends with the part, the word does too.
func (e *Elsewhere) Find(part string, first, last bool) string {
	s := sought{strings.ToLower(part), first, last}
	place, known := e.known[s]
	switch {
	case known:
	case len(e.known) >= maxSought:
		return "the other files, which were not searched for so many names"
	default:
		place = e.search(s)
		e.known[s] = place
	}
	return place
}

func (e *Elsewhere) search(s sought) string {
	if e.inputs == nil && e.failed == "" {
		e.inputs, e.failed = e.find()
	}
	for _, in := range e.inputs {
		sheet, err := e.sheet(in)
		if err != nil {
			return unsearched(in.Name())
		}
		if line := sheet.line(s); line > 0 {
			return fmt.Sprintf("%s:%d, which has it too", show.Visible(in.Name()), line)
		}
	}
	return e.failed
}

// find gives what the arguments name, and why that may not be all.
func (e *Elsewhere) find() (inputs []Input, failed string) {
	for _, arg := range e.args {
		info, err := os.Stat(arg)
		if arg == "-" || err != nil || !info.IsDir() {
			inputs = append(inputs, Input{Path: arg})
			continue
		}
		w := walker{root: arg, exclude: e.exclude, all: true}
		if err := w.walk("."); err != nil {
			failed = unsearched(arg)
		}
		inputs = append(inputs, w.inputs...)
	}
	return inputs, failed
}

// sheet reads an input.
func (e *Elsewhere) sheet(in Input) (*sheet, error) {
	if s := e.sheets[in.Path]; s != nil {
		return s, nil
	}
	text, err := e.raw(in)
	if err != nil {
		return nil, err
	}
	s := &sheet{name: in.Name(), text: text, whole: plainTexts(text)}
	for _, t := range s.whole {
		e.held += 2 * len(t)
	}
	if e.held <= heldBytes {
		e.sheets[in.Path] = s
	}
	return s, nil
}

func unsearched(name string) string { return show.Visible(name) + ", which could not be searched" }

// raw is what an input holds, text or not.
func (e *Elsewhere) raw(in Input) (string, error) {
	if in.Stdin() {
		return e.stdin, nil
	}
	file, err := os.Open(in.Path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	raw, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err == nil && len(raw) > MaxSize {
		err = errors.New("too large")
	}
	return string(raw), err
}

// sheet is a text as names are looked for in it.
type sheet struct {
	name, text string
	// whole is all of it, outside what is outside of its maps, which is found out when a name is in it; see plainTexts.
	whole, outside []string
}

// line is the first line of a text that has the name outside of maps, 0 where none has.
func (t *sheet) line(s sought) int {
	if s.in(t.whole) == 0 {
		return 0
	}
	if t.outside == nil {
		t.outside = plainTexts(outsideMaps(Scan(filepath.ToSlash(t.name), t.text)))
	}
	return s.in(t.outside)
}

// layers bounds how often a text can be packed into strings of other texts.
const layers = 4

// plainTexts are a text in lower case as it stands there, and with one layer of escapes after the other resolved.
func plainTexts(text string) []string {
	text = strings.ReplaceAll(text, "\x00", "") // Of UTF-16, what is ASCII.
	var texts []string
	for range layers {
		texts = append(texts, strings.ToLower(text))
		plain := unescape(text)
		if plain == text {
			break
		}
		text = plain
	}
	return texts
}

// in is the first line of a text that has the name.
func (s sought) in(texts []string) int {
	for _, text := range texts {
		if line := s.asWord(text); line > 0 {
			return line
		}
	}
	return 0
}

func (s sought) asWord(text string) int {
	for at := 0; ; {
		i := strings.Index(text[at:], s.part)
		if i < 0 {
			return 0
		}
		start, end := at+i, at+i+len(s.part)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if !(s.first && inWord(before)) && !(s.last && inWord(after)) {
			return 1 + strings.Count(text[:start], "\n")
		}
		_, size := utf8.DecodeRuneInString(text[start:])
		at = start + max(size, 1)
		if at > len(text) {
			return 0
		}
	}
}

// inWord reports whether a letter beside a name makes it part of another: cluster-admin does not name admin.
func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-')
}

// escaped are the escapes of JSON, YAML, HCL and of most programs.
var escaped = regexp.MustCompile(`\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[^\n])`)

// unescape resolves one layer of escapes. Lines stay.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	return escaped.ReplaceAllStringFunc(text, func(s string) string {
		if len(s) > 3 && strings.ContainsRune("uUx", rune(s[1])) {
			code, err := strconv.ParseUint(s[2:], 16, 32)
			if err == nil && code > ' ' {
				return string(rune(code))
			}
			return " "
		}
		if len(s) == 2 && unicode.IsLetter(rune(s[1])) {
			return " " // A line feed, a tab.
		}
		return s[1:]
	})
}

// outsideMaps is the text of a file with blanks in the place of the lines of its maps. Of a map that the file puts together
// or does not hold as it is, the lines stay.
func outsideMaps(f *File) string {
	text := []byte(f.Text)
	for _, d := range f.Documents {
		for _, key := range awsauth.Keys() {
			value, at := d.Data[string(key)], 0
			for line := range strings.Lines(value) {
				start := at + len(line) - len(strings.TrimLeft(line, " \t"))
				span := d.Span(string(key), Span{Start: start, End: at + len(strings.TrimRight(line, " \t\r\n"))})
				at += len(line)
				end := heldEnd(f.Text, span, strings.TrimSpace(line))
				for i := span.Start; i < end; i++ {
					text[i] = ' '
				}
			}
		}
	}
	return withoutLastApplied(string(text))
}

// withoutLastApplied blanks the copies of objects that kubectl apply keeps in their annotations, where these have lines of
// their own.
func withoutLastApplied(text string) string {
	if !strings.Contains(text, lastApplied) {
		return text
	}
	var b strings.Builder
	inside := -1 // the indentation of the key, whose value goes on in deeper lines
	for line := range strings.Lines(text) {
		rest := strings.TrimLeft(line, " ")
		indent := len(line) - len(rest)
		begins := strings.HasPrefix(strings.TrimLeft(rest, `"'`), lastApplied)
		switch {
		case begins:
			inside = indent
		case indent <= inside && strings.TrimSpace(line) != "":
			inside = -1
		}
		if inside >= 0 {
			line = strings.Repeat(" ", len(strings.TrimRight(line, "\r\n"))) + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// lastApplied is the annotation in which kubectl apply keeps what it was given.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// heldEnd is where a line of a map ends that a text holds from the begin of a span on, as it is or with escapes; no later than
// it begins where the text does not. A span leaves out an escape at its end.
func heldEnd(text string, span Span, line string) int {
	for _, end := range []int{span.End, span.End + len(`\"`)} {
		if end = min(end, len(text)); span.Start < end && (text[span.Start:end] == line || unescape(text[span.Start:end]) == line) {
			return end
		}
	}
	return span.Start
}
