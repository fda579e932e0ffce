package mutate

import (
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Vet proves the repairs of findings, the safe ones together and each suggested one by itself. It returns the
// findings in the same order; those whose repair can't be proven have lost it, and say why.
func Vet(doc *awsauth.Document, findings []validate.Finding, o validate.Options) []validate.Finding {
	return NewProver(doc, o).Vet(findings)
}

// Prover proves repairs of one document. What the document is like without them is worked out once for all that it is
// asked.
type Prover struct {
	doc     *awsauth.Document
	options validate.Options
	known   map[spot]bool
}

// NewProver makes the prover of a document.
func NewProver(doc *awsauth.Document, o validate.Options) *Prover {
	return &Prover{doc: doc, options: o}
}

// Vet is the function of that name for findings of the prover's document.
func (p *Prover) Vet(findings []validate.Finding) []validate.Finding {
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
	if p.isNoise() {
		for i := range out {
			if out[i].Fix != nil {
				out[i].Fix = nil
				out[i].Unrepaired = awsauth.Say(tooMany)
			}
		}
		return out
	}
	v := p.verifier(out)
	v.prove(safe)
	for _, one := range suggested {
		v.prove(one)
	}
	for i, reason := range v.refused {
		out[i].Fix, out[i].Unrepaired = nil, reason
	}
	return out
}

// maxItems bounds what is still repaired, in entries, accounts and groups. The largest map has room for about 20,000
// entries that could work; one with more than these is noise, and to prove repairs of it would keep the writer waiting
// for seconds.
const (
	maxItems = 60_000
	tooMany  = "the map has too many items"
)

// isNoise reports that a map has too many items to be repaired.
func (p *Prover) isNoise() bool {
	items := 0
	for _, s := range p.doc.Sections() {
		items += len(s.Entries) + len(s.Accounts)
		for _, e := range s.Entries {
			items += len(e.Groups)
		}
	}
	return items > maxItems
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
	return NewProver(doc, o).Repair(check, pick)
}

// Repair is the function of that name for the prover's document.
func (p *Prover) Repair(check func(*awsauth.Document) []validate.Finding, pick func(*validate.Finding) bool) *Result {
	r := &Result{Doc: p.doc, Data: map[string]string{}}
	for range maxRounds {
		chosen, next := p.choose(check(r.Doc), pick)
		if len(chosen) == 0 {
			break
		}
		for _, s := range next.Sections() {
			if s.Text != r.Doc.Section(s.Key).Text {
				r.Data[string(s.Key)] = s.Text
			}
		}
		r.Applied = append(r.Applied, chosen...)
		r.Doc, p = next, NewProver(next, p.options)
	}
	return r
}

// Choose returns the findings that pick accepts and whose repairs can be applied together.
func Choose(doc *awsauth.Document, findings []validate.Finding, pick func(*validate.Finding) bool, o validate.Options) []validate.Finding {
	chosen, _ := NewProver(doc, o).choose(findings, pick)
	return chosen
}

// choose gives the document with the repairs made as well; nil where there are none.
func (p *Prover) choose(findings []validate.Finding, pick func(*validate.Finding) bool) ([]validate.Finding, *awsauth.Document) {
	var chosen []validate.Finding
	for i := range findings {
		if findings[i].Fix != nil && pick(&findings[i]) {
			chosen = append(chosen, findings[i])
		}
	}
	if len(chosen) == 0 || p.isNoise() {
		return nil, nil
	}
	v := p.verifier(chosen)
	all := make([]int, len(chosen))
	for i := range all {
		all[i] = i
	}
	v.prove(all)
	var proven []validate.Finding
	var indexes []int
	for i := range chosen {
		if _, refused := v.refused[i]; !refused {
			proven = append(proven, chosen[i])
			indexes = append(indexes, i)
		}
	}
	if len(proven) == 0 {
		return nil, nil
	}
	if slices.Equal(v.made, indexes) {
		return proven, v.after
	}
	return proven, apply(p.doc, proven)
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
