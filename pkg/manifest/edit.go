package manifest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Apply edits the text of the file, reads the result, and proves that every document holds exactly what is meant.
// want gives the new texts by document and key; all other texts must be what they were. It fails, with the reason, where
// that can't be had.
func (f *File) Apply(edits []Edit, want map[*Document]map[string]string) (*File, error) {
	text, err := Splice(f.Text, edits)
	if err != nil {
		return nil, err
	}
	edited := readInto(&File{Name: f.Name, Text: text, found: f.found, givenNamespace: f.givenNamespace})
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

// Splice applies edits, in any order, to a text. It fails where they overlap or lie outside the text.
func Splice(text string, edits []Edit) (string, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int { return a.Start - b.Start })
	var b strings.Builder
	at := 0
	for _, e := range sorted {
		if e.Start < at || e.End < e.Start || e.End > len(text) {
			return "", errors.New("edits overlap or lie outside the text")
		}
		b.WriteString(text[at:e.Start])
		b.WriteString(e.New)
		at = e.End
	}
	b.WriteString(text[at:])
	return b.String(), nil
}
