package edit

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// ErrStyle says that the text is written in a way in which the edit can't be made without changing more than was asked for.
var ErrStyle = errors.New("this list is written in a way that can't be edited without changing more than this; edit it by hand")

// reading is a key for what an item of a list says.
type reading string

func readingOf(e Entry) reading {
	r := fmt.Sprintf("%q %q %q", e.ARN, e.Username, e.Groups)
	return reading(r)
}

func readings(s *awsauth.Section) []reading {
	list := make([]reading, 0, len(s.Entries)+len(s.Accounts))
	for _, e := range s.Entries {
		r := readingOf(Entry{ARN: e.ARN, Username: e.Username, Groups: e.Groups})
		if e.SSO != nil {
			r += reading(fmt.Sprintf(" %q", *e.SSO))
		}
		list = append(list, r)
	}
	for _, a := range s.Accounts {
		list = append(list, reading(a.Value))
	}
	return list
}

// prove makes the edits, reads the map again, and makes sure that the list says what is wanted and all else what it said.
func prove(doc *awsauth.Document, key awsauth.Key, edits []validate.Edit, want func([]reading) []reading) (*Result, error) {
	slices.SortStableFunc(edits, func(a, b validate.Edit) int { return a.Start - b.Start })
	before := doc.Section(key)
	changed, err := splice.Apply(before.Text, edits)
	if err != nil {
		return nil, ErrStyle
	}
	data := doc.Data()
	data[string(key)] = changed
	after := awsauth.Read(data)
	after.Immutable, after.OtherKeys, after.BinaryKeys = doc.Immutable, doc.OtherKeys, doc.BinaryKeys
	s := after.Section(key)
	if s.Discarded() || s.TypeErr != nil && before.TypeErr == nil || !slices.Equal(readings(s), want(readings(before))) {
		return nil, ErrStyle
	}
	if _, cut := s.Trailing(); cut {
		return nil, ErrStyle
	}
	return &Result{Key: key, Edits: edits, Doc: after}, nil
}
