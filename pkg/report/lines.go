package report

import (
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
)

// FileLines writes the lines of a document's values that a sentence names as lines of the file: the rules know the values alone.
func FileLines(s awsauth.Sentence, f *manifest.File, d *manifest.Document) string {
	return s.Rewritten(func(l awsauth.Line) (int, bool) {
		at, ok := d.Line(string(l.Section), l.Number)
		return f.Position(at).Line, ok
	})
}
