// Package mutate applies repairs as byte edits of the text and proves that they did what they meant: outside the
// edits every byte stays, the result reads as intended, everything else reads as before, and a second run has
// nothing left to do. Where it can't be sure it refuses and says why.
package mutate

import (
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Vet proves the repairs of findings, the safe ones together and each suggested one by itself. It returns the
// findings in the same order; those whose repair can't be proven have lost it, and their message says why.
func Vet(doc *awsauth.Document, findings []validate.Finding, o validate.Options) []validate.Finding {
	out := slices.Clone(findings)
	var safe []int
	var suggested [][]int
	for i := range out {
		switch {
		case out[i].Fix == nil:
		case out[i].Fix.Applicability == validate.Safe:
			safe = append(safe, i)
		case len(suggested) < maxSuggested:
			suggested = append(suggested, []int{i})
		default:
			out[i].Fix = nil
		}
	}
	if len(safe)+len(suggested) == 0 {
		return out
	}
	v := newVetter(doc, out, o)
	v.prove(safe)
	for _, one := range suggested {
		v.prove(one)
	}
	for i, reason := range v.refused {
		out[i].Fix = nil
		out[i].Message += "; not repaired: " + reason
	}
	return out
}

// maxSuggested bounds the suggestions that are proven one by one; further ones are left out.
const maxSuggested = 50

// Result is a repaired document.
type Result struct {
	// Data holds the new text of the keys that changed, and no others.
	Data map[string]string
	// Applied are the findings that were repaired, in the order of the repairs. Repairs that only a first repair
	// brought to light have positions in the text as it was then.
	Applied []validate.Finding
	// Doc is the document as it is now.
	Doc *awsauth.Document
}

// Changed reports whether anything was repaired.
func (r *Result) Changed() bool { return len(r.Data) > 0 }

// maxRounds is one for the quotes that make a text readable, one for what then comes to light, and one to see
// that nothing is left; a suggested repair may bring another one to light.
const maxRounds = 5

// Repair applies the proven repairs of the findings that pick accepts, reads the result, and goes on with what
// only now comes to light (a text that did not parse before), until nothing is left to repair. check finds what
// is wrong with a document.
func Repair(doc *awsauth.Document, check func(*awsauth.Document) []validate.Finding, pick func(*validate.Finding) bool, o validate.Options) *Result {
	r := &Result{Doc: doc, Data: map[string]string{}}
	for range maxRounds {
		chosen := Choose(r.Doc, check(r.Doc), pick, o)
		if len(chosen) == 0 {
			break
		}
		next := apply(r.Doc, chosen)
		for _, s := range next.Sections() {
			if s.Text != r.Doc.Section(s.Key).Text {
				r.Data[string(s.Key)] = s.Text
			}
		}
		r.Applied = append(r.Applied, chosen...)
		r.Doc = next
	}
	return r
}

// Choose returns the findings that pick accepts and whose repairs can be applied together.
func Choose(doc *awsauth.Document, findings []validate.Finding, pick func(*validate.Finding) bool, o validate.Options) []validate.Finding {
	var chosen []validate.Finding
	for i := range findings {
		if findings[i].Fix != nil && pick(&findings[i]) {
			chosen = append(chosen, findings[i])
		}
	}
	if len(chosen) == 0 {
		return nil
	}
	v := newVetter(doc, chosen, o)
	all := make([]int, len(chosen))
	for i := range all {
		all[i] = i
	}
	v.prove(all)
	var proven []validate.Finding
	for i := range chosen {
		if _, refused := v.refused[i]; !refused {
			proven = append(proven, chosen[i])
		}
	}
	return proven
}

// apply makes the edits of all findings at once.
func apply(doc *awsauth.Document, findings []validate.Finding) *awsauth.Document {
	data := doc.Data()
	for _, k := range awsauth.Keys() {
		if edits := editsOf(findings, k); len(edits) > 0 {
			data[string(k)] = validate.Splice(data[string(k)], edits)
		}
	}
	return awsauth.Read(data)
}

// editsOf are the edits of a section in ascending order.
func editsOf(findings []validate.Finding, k awsauth.Key) []validate.Edit {
	var edits []validate.Edit
	for i := range findings {
		if f := &findings[i]; f.Section == k && f.Fix != nil {
			edits = append(edits, f.Fix.Edits...)
		}
	}
	slices.SortStableFunc(edits, func(a, b validate.Edit) int { return a.Start - b.Start })
	return edits
}
