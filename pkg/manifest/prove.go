package manifest

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
)

// Change is what one repair does to one data value: all of its edits or none.
type Change struct {
	Document *Document
	Key      string
	// Edits of the value. They do not overlap.
	Edits []Edit
}

// Proof says what a change is in the file, or why it can't be made there.
type Proof struct {
	// Edits of the file, as many as the change has.
	Edits []Edit
	Err   error
}

// Prove maps each change to the file and makes sure that it does there what it does to the value. The proofs come in the
// order of the changes. It tries all at once, and halves where that fails: to read a large file again for each single
// change would take too long.
func (f *File) Prove(changes []Change) []Proof {
	proofs := make([]Proof, len(changes))
	var open []int
	for i, c := range changes {
		proofs[i].Edits, proofs[i].Err = c.Document.Edits(c.Key, c.Edits)
		if proofs[i].Err == nil {
			open = append(open, i)
		}
	}
	f.prove(changes, proofs, open)
	return proofs
}

func (f *File) prove(changes []Change, proofs []Proof, open []int) {
	if len(open) == 0 {
		return
	}
	chosen := make([]Change, 0, len(open))
	for _, i := range open {
		chosen = append(chosen, changes[i])
	}
	_, err := f.Make(chosen)
	switch {
	case err == nil:
	case len(open) == 1:
		proofs[open[0]].Err = err
	default:
		half := len(open) / 2
		f.prove(changes, proofs, open[:half])
		f.prove(changes, proofs, open[half:])
	}
}

// Make makes all changes in the file and returns it as it is then. It fails where a change can't be made, where two
// overlap, or where the result does not read exactly as meant.
func (f *File) Make(changes []Change) (*File, error) {
	var edits []Edit
	inValue := map[*Document]map[string][]Edit{}
	for _, c := range changes {
		mapped, err := c.Document.Edits(c.Key, c.Edits)
		if err != nil {
			return nil, err
		}
		edits = append(edits, mapped...)
		if inValue[c.Document] == nil {
			inValue[c.Document] = map[string][]Edit{}
		}
		inValue[c.Document][c.Key] = append(inValue[c.Document][c.Key], c.Edits...)
	}
	want := map[*Document]map[string]string{}
	for d, keys := range inValue {
		want[d] = map[string]string{}
		for key, e := range keys {
			text, err := splice.Apply(d.Data[key], e)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			want[d][key] = text
		}
	}
	return f.Apply(edits, want)
}
