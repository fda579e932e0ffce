package cli

import (
	"errors"
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/edit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// checkOf is the command that says what is wrong with a map: with that of a file, or with the live one for "".
func checkOf(file string) string {
	if file == "" {
		return plugin + " audit"
	}
	return plugin + " lint " + shellQuoted(text.Visible(file))
}

// unsoundIn completes what is said of a list that can't be edited: by the lines of its file, and by the command that says more. path is
// that of the file, "" for the live map. Other errors stay as they are.
func unsoundIn(f *manifest.File, d *manifest.Document, path string, err error) error {
	u, ok := errors.AsType[*edit.Unsound](err)
	if !ok {
		return err
	}
	return fmt.Errorf("%s: correct it first (`%s` says %s)", report.FileLines(u.Sentence, f, d), checkOf(path), u.Asks)
}

// notFound says why there is no entry to edit: the list that would have it can't be read, or it is not there.
func notFound(doc *awsauth.Document, principal, username string) error {
	p, err := arn.ParsePrincipal(principal)
	for _, s := range []*awsauth.Section{doc.Roles, doc.Users} {
		if err == nil && s.Key != edit.SectionOf(p) {
			continue
		}
		if unsound := edit.Sound(s); unsound != nil {
			return unsound
		}
	}
	return notThere(doc, principal, username)
}
