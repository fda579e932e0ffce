package manifest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
)

// Apply edits the text of the file, reads the result, and proves that every document holds exactly what is meant.
// want gives the new texts by document and key; all other texts must be what they were. It fails, with the reason, where
// that can't be had.
func (f *File) Apply(edits []Edit, want map[*Document]map[string]string) (*File, error) {
	text, err := splice.Apply(f.Text, edits)
	if err != nil {
		return nil, err
	}
	edited := f.reread(text)
	if len(edited.Documents) != len(f.Documents) || len(edited.Problems) != len(f.Problems) {
		return nil, errors.New("the edited file would not read as the same manifests")
	}
	for i, d := range f.Documents {
		intended := maps.Clone(d.Data)
		maps.Copy(intended, want[d])
		for _, key := range slices.Sorted(maps.Keys(intended)) {
			if got, ok := edited.Documents[i].Data[key]; !ok || got != intended[key] {
				return nil, fmt.Errorf("in the style that %s has in this file, the edit would read as something else", key)
			}
		}
		if len(edited.Documents[i].Data) != len(intended) {
			return nil, errors.New("the edited file would have other data keys")
		}
	}
	return edited, nil
}
