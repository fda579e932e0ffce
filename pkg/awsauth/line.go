package awsauth

import (
	"fmt"
	"slices"
	"strconv"
)

// Line is a line of a section's text that a sentence names. Whoever shows the text in a file names the line of the file instead.
type Line struct {
	Section Key
	// Number counts from 1.
	Number int
	// At is where the number is in the sentence, in bytes.
	At int
}

// Line is the line of an offset, for Say.
func (s *Section) Line(offset int) Line { return Line{Section: s.Key, Number: s.Position(offset).Line} }

// Sentence is a text with the lines that it names, in its order.
type Sentence struct {
	Text  string
	Lines []Line
}

// Say joins parts: a Line is written as "line 3", a Sentence keeps its lines, and all else is text.
func Say(parts ...any) Sentence {
	var s Sentence
	for _, part := range parts {
		switch p := part.(type) {
		case Line:
			s.Text += "line "
			p.At = len(s.Text)
			s.Lines = append(s.Lines, p)
			s.Text += strconv.Itoa(p.Number)
		case Sentence:
			for _, l := range p.Lines {
				l.At += len(s.Text)
				s.Lines = append(s.Lines, l)
			}
			s.Text += p.Text
		default:
			s.Text += fmt.Sprint(p)
		}
	}
	return s
}

// Rewritten is the text with other numbers of lines; a line for which number returns false keeps its own.
func (s Sentence) Rewritten(number func(Line) (int, bool)) string {
	text := s.Text
	for _, l := range slices.Backward(s.Lines) {
		if n, ok := number(l); ok {
			text = text[:l.At] + strconv.Itoa(n) + text[l.At+len(strconv.Itoa(l.Number)):]
		}
	}
	return text
}
