package cli

import (
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// The values of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

// registerColor adds --color to a command.
func registerColor(c *cobra.Command, flag *string) {
	registerChoice(c, flag, "color", "", colorAuto, "color in text: auto (on a terminal, unless NO_COLOR is set), always or never",
		colorAuto, colorAlways, colorNever)
}

// wantsColor reports whether to write in color to w, by the flag --color. NO_COLOR counts where it is set to anything
// (no-color.org), and a terminal that calls itself dumb has no colors.
func wantsColor(flag string, w io.Writer) bool {
	if flag != colorAuto {
		return flag == colorAlways
	}
	file, ok := bare(w).(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}

// bare is the writer below those that change what is written.
func bare(w io.Writer) io.Writer {
	for {
		outer, ok := w.(interface{ Unwrap() io.Writer })
		if !ok {
			return w
		}
		w = outer.Unwrap()
	}
}

// The colors, as ANSI terminals take them.
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// stroke gives what it finds in a line a color: the first group of the pattern, or all that it fits.
type stroke struct {
	pattern *regexp.Regexp
	color   string
}

// palette is what a line may hold; the first stroke that fits is made.
type palette []stroke

// The palettes of what the commands write.
var (
	unified = palette{
		{regexp.MustCompile(`^(?:diff|---|\+\+\+) .*`), bold}, {regexp.MustCompile(`^@@ .*`), cyan},
		{regexp.MustCompile(`^\+.*`), green}, {regexp.MustCompile(`^-.*`), red},
	}
	gains = palette{
		{regexp.MustCompile(`^GAINS ADMIN\b`), yellow}, {regexp.MustCompile(`^GAINS\b`), green},
		{regexp.MustCompile(`^LOSES(?: ADMIN| ALL GROUPS)?\b`), red}, {regexp.MustCompile(`^CHANGES\b`), yellow},
	}
	levels = palette{
		{regexp.MustCompile(`: (error:) `), red}, {regexp.MustCompile(`: ((?:warning|note):) `), yellow}, {regexp.MustCompile(`: ((?:fixed|to fix):) `), green},
	}
	answers = palette{
		{regexp.MustCompile(`^(not let in:)`), red}, {regexp.MustCompile(`^(matches:)`), green}, {regexp.MustCompile(`^((?:note|near|but also):)`), yellow},
	}
	plans    = palette{{regexp.MustCompile(`: (ready)$`), green}, {regexp.MustCompile(`: (needs attention)$`), yellow}, {regexp.MustCompile(`^  (to do):`), cyan}}
	verdicts = palette{
		{regexp.MustCompile(`^(same|stronger|extra) `), green}, {regexp.MustCompile(`^(weaker|missing|stale) `), red}, {regexp.MustCompile(`^(unknown) `), yellow},
		{regexp.MustCompile(`^safe to switch to API: (yes)`), green}, {regexp.MustCompile(`^safe to switch to API: (no)`), red},
		{regexp.MustCompile(`^(create|associate|keep|made) `), green}, {regexp.MustCompile(`^(decide) `), yellow}, {regexp.MustCompile(`^(not made) `), red},
		{regexp.MustCompile(`^ +(to do):`), cyan},
	}
	states = palette{{regexp.MustCompile(`\bnot good\b`), red}, {regexp.MustCompile(`\blive\b`), green}, {regexp.MustCompile(`\bNOT GOOD\b`), red}}
	titles = palette{{regexp.MustCompile(`^[A-Z][A-Z ,-]+$`), bold}, {regexp.MustCompile(`^(?:not installed|installed, but .*)$`), red}}
)

// line paints one line.
func (p palette) line(line string) string {
	for _, s := range p {
		if m := s.pattern.FindStringSubmatchIndex(line); m != nil {
			at := m[len(m)-2:]
			return line[:at[0]] + "\x1b[" + s.color + "m" + line[at[0]:at[1]] + "\x1b[0m" + line[at[1]:]
		}
	}
	return line
}

// painter paints the lines that are written, each in one piece.
type painter struct {
	io.Writer
	palette palette
}

// Write implements io.Writer.
func (p painter) Write(b []byte) (int, error) {
	var out strings.Builder
	for line := range strings.Lines(string(b)) {
		words := strings.TrimRight(line, "\r\n")
		out.WriteString(p.palette.line(words) + line[len(words):])
	}
	if _, err := io.WriteString(p.Writer, out.String()); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Unwrap gives the writer below, as text.Writer does.
func (p painter) Unwrap() io.Writer { return p.Writer }

// painted gives streams that paint what is written for people, where that is wanted. What passes through text.Writer can hold no
// color, so the painter is below it.
func (s Streams) painted(flag string, isText bool, palettes ...palette) Streams {
	if !isText {
		return s
	}
	all := palette{}
	for _, p := range palettes {
		all = append(all, p...)
	}
	if wantsColor(flag, s.Out) {
		s.Out = painter{s.Out, all}
	}
	if wantsColor(flag, s.Err) {
		s.Err = text.Writer{Writer: spoken{painter{bare(s.Err), all}, s.program()}}
	}
	return s
}
