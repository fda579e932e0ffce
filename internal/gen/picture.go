package main

import (
	_ "embed"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"text/template"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/ruledoc"
)

// pictureFile is the drawing of the console block that the README begins with, from the root of the repository. What it
// shows is what the README's test holds against the real kubectl.
const pictureFile = "docs/img/edit.svg"

// columns is the width of the drawn terminal in characters. Longer lines are broken, with a mark before the rest.
const columns = 100

// Sizes in pixels of the drawing. The advance is that of the widest common monospace fonts, 0.602 of 13 px; with
// narrower ones the margin at the right grows.
const (
	advance    = 7.83
	lineHeight = 20
	margin     = 18
	bar        = 30
	indent     = 2 * advance // of the rest of a broken line, after its mark
)

// prompt comes before what was typed.
const prompt = "$ "

// repaired is the guard's warning of a repair: what was written, and what is there now.
var repaired = regexp.MustCompile(`^Warning: repaired \S+ \d+:\d+: (.+) -> (.+) \[[a-z-]+\]$`)

//go:embed picture.svg.tmpl
var window string

func picture() (map[string]string, error) {
	page, err := os.ReadFile(ruledoc.Readme)
	if err != nil {
		return nil, err
	}
	block, err := firstBlock(string(page))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ruledoc.Readme, err)
	}
	drawing, err := draw(block)
	return map[string]string{pictureFile: drawing}, err
}

// firstBlock is the first console block of a page, without its fences. It fails where there is none, or where it does
// not begin with a command.
func firstBlock(page string) (string, error) {
	_, rest, ok := strings.Cut(page, "```console\n")
	if !ok {
		return "", errors.New("the page has no console block: put one between ```console and ```")
	}
	block, _, ok := strings.Cut(rest, "```")
	if !ok {
		return "", errors.New("the page's first console block has no end: close it with ```")
	}
	if !strings.HasPrefix(block, prompt) {
		return "", fmt.Errorf("the page's first console block must begin with %q and a command", prompt)
	}
	return block, nil
}

// draw draws a console block. The text is the block's, byte for byte; it has the colors of the reader's scheme. Of
// them, the yellow of "Warning:" is kubectl's own on a terminal; the others set off the command and the two sides of
// a repair.
func draw(block string) (string, error) {
	var text strings.Builder
	y := bar + margin + 7 // the baseline of the first row
	for line := range strings.Lines(block) {
		line = strings.TrimSuffix(line, "\n")
		look, x := looks(line), float64(margin)
		for i, row := range wrap(line, columns) {
			if i > 0 {
				fmt.Fprintf(&text, "<use href=\"#rest\" x=\"%d\" y=\"%d\"/>\n", margin, y)
				x = margin + indent
			}
			fmt.Fprintf(&text, "<text x=\"%.2f\" y=\"%d\">%s</text>\n", x, y, markup(row, look[:len(row)]))
			look = look[len(row):]
			y += lineHeight
		}
	}
	var svg strings.Builder
	width, height := int(columns*advance)+2*margin, y-lineHeight+margin
	err := template.Must(template.New("").Parse(window)).Execute(&svg, map[string]any{
		"Width": width, "Right": width - 1, "Height": height, "Bottom": height - 1, "Bar": bar, "Text": text.String(),
	})
	return svg.String(), err
}

// looks gives each byte of a line its look, "" for plain.
func looks(line string) []string {
	all := make([]string, len(line))
	set := func(from, to int, look string) {
		for i := from; i < to; i++ {
			all[i] = look
		}
	}
	const warning = "Warning:"
	switch {
	case strings.HasPrefix(line, prompt):
		set(0, len(prompt), "prompt")
		set(len(prompt), len(line), "command")
	case strings.HasPrefix(line, warning):
		set(0, len(warning), "warning")
		if m := repaired.FindStringSubmatchIndex(line); m != nil {
			set(m[2], m[3], "old")
			set(m[4], m[5], "new")
		}
	}
	return all
}

// wrap breaks a line into rows of at most so many characters; the rows after the first leave room for the mark. It
// breaks after a blank where there is one in the row, else where the row is full. Together the rows are the line.
func wrap(line string, columns int) []string {
	var rows []string
	for room := columns; ; room = columns - 2 {
		cut := breakAt(line, room)
		rows = append(rows, line[:cut])
		if line = line[cut:]; line == "" {
			return rows
		}
	}
}

// breakAt is the number of bytes that go into a row of so many characters.
func breakAt(line string, room int) int {
	blank, count := 0, 0
	for i, r := range line {
		if count == room {
			if blank > 0 {
				return blank
			}
			return i
		}
		count++
		if r == ' ' {
			blank = i + 1
		}
	}
	return len(line)
}

// markup writes a row, each piece in its look.
func markup(row string, look []string) string {
	var b strings.Builder
	for from, to := 0, 0; from < len(row); from = to {
		for to = from; to < len(row) && look[to] == look[from]; to++ {
		}
		if look[from] != "" {
			fmt.Fprintf(&b, "<tspan class=\"%s\">", look[from])
		}
		// A strings.Builder takes every write.
		_ = xml.EscapeText(&b, []byte(row[from:to]))
		if look[from] != "" {
			b.WriteString("</tspan>")
		}
	}
	return b.String()
}
