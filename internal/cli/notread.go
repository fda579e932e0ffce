package cli

import (
	"fmt"
	"io"

	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// notRead says which lists of a map EKS does not read because of their key. That EKS reads nothing of the map because of its name or
// namespace is an error: no answer about who gets in can rest on it.
func notRead(w io.Writer, doc *awsauth.Document, f *manifest.File, d *manifest.Document) error {
	for _, near := range trace.NearKeys(doc, f, d) {
		fmt.Fprintf(text.Writer{Writer: w}, "%s:%d:%d: %s\n", f.Name, near.Line, near.Column, near.Message)
	}
	if d.Misplaced() {
		return fmt.Errorf("%s:%d: %s", text.Visible(f.Name), f.Position(d.Start()).Line, trace.Elsewhere)
	}
	return nil
}

// maxNotRendered bounds the entries that are named.
const maxNotRendered = 5

// notRendered says which entries another tool has yet to complete: nobody knows whom they let in.
func notRendered(w io.Writer, doc *awsauth.Document, f *manifest.File, d *manifest.Document) {
	var names []string
	for _, e := range doc.Mappings() {
		if d.Unrendered(e.ARN) {
			names = append(names, fmt.Sprintf("%s[%d]", e.Section.Key, e.Index))
		}
	}
	for _, a := range doc.Accounts.Accounts {
		if d.Unrendered(a.Value) {
			names = append(names, fmt.Sprintf("%s[%d]", awsauth.MapAccounts, a.Index))
		}
	}
	if len(names) > 0 {
		fmt.Fprintf(text.Writer{Writer: w}, "%s: whom %s let in is not known: another tool fills in a part of the ARN or account; render the file for an answer about them\n",
			f.Name, text.Some(names, maxNotRendered))
	}
}
