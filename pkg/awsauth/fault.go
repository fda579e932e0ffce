package awsauth

import (
	"errors"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlfault"
)

// Fault finds where a text that does not parse, or that ends before its end, goes wrong, and the smallest change that fixes
// it. It reads the text many times. It is false where nothing is wrong, or where the error itself names its place, as of a
// character that YAML does not allow.
func (s *Section) Fault() (yamlfault.Fault, bool) {
	if s.fault == nil {
		fault, ok := s.findFault()
		s.fault = &foundFault{fault, ok}
	}
	return s.fault.Fault, s.fault.ok
}

// foundFault is what Fault has found.
type foundFault struct {
	yamlfault.Fault
	ok bool
}

func (s *Section) findFault() (yamlfault.Fault, bool) {
	at, trailing := s.Trailing()
	line := 0
	switch {
	case trailing:
		line = s.Position(at).Line
	case s.Err != nil:
		line = s.Err.line
	}
	if line == 0 {
		return yamlfault.Fault{}, false
	}
	return yamlfault.Find(s.Text, line, func(text string) (int, error) {
		// Most changes fix nothing, and Read goes on to say where such a text is broken.
		if _, err := toJSON(text); err != nil {
			return 0, err
		}
		read := Read(map[string]string{string(s.Key): text}).Section(s.Key)
		if read.Err != nil {
			return 0, read.Err
		}
		sense := read.sense()
		if _, trailing := read.Trailing(); trailing || read.Discarded() {
			return sense, errLost
		}
		return sense, nil
	}), true
}

// errLost is a text that EKS does not read to its end.
var errLost = errors.New("the list is lost")

// Sense says how much of a text under a data key is what belongs there; a text that does not parse makes none. Only a
// comparison means something.
func Sense(key Key, text string) int {
	if _, err := toJSON(text); err != nil {
		return senseLost
	}
	return Read(map[string]string{string(key): text}).Section(key).sense()
}

// The weights of Sense: what is certainly wrong outweighs what might be right.
const (
	senseField = 2
	senseWrong = -5
	senseLost  = -100
)

func (s *Section) sense() int {
	switch {
	case s.Blank:
		return 0
	case s.Discarded():
		return senseLost
	}
	sense := senseField * len(s.Accounts)
	if _, trailing := s.Trailing(); trailing {
		sense += senseLost
	}
	for _, e := range s.Entries {
		sense += e.sense()
	}
	return sense
}

func (e *Entry) sense() int {
	if e.Shape() != Mapping {
		return senseWrong
	}
	sense := 0
	fields := map[string]bool{}
	for _, f := range e.Fields() {
		known := f.Name == e.ARNField() || f.Name == FieldUsername || f.Name == FieldGroups || f.Name == FieldUserID
		switch {
		case !known || fields[f.Name]:
			sense += senseWrong
		case f.Name == FieldGroups && f.Shape() != List:
			sense += senseWrong
		case f.Name == FieldGroups:
			sense += senseField
		case f.Shape() != String:
			sense += senseWrong
		case isWord(nodeText(f.Value)):
			sense += senseField
		}
		fields[f.Name] = true
	}
	for _, g := range e.Groups {
		if isWord(g) {
			sense++
		} else {
			sense += senseWrong
		}
	}
	return sense
}

// isWord reports a text that can be a name: blanks and quotes in it are what a repair at the wrong place leaves.
func isWord(s string) bool {
	return s != "" && !strings.ContainsAny(s, " \t\n\"'[]") && !strings.HasPrefix(s, "-") && !strings.HasSuffix(s, ":")
}
