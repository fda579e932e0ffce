package cli

import (
	"bytes"
	"fmt"
	"io"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/lint"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// learn looks in the files that arguments name for objects that ask for access entries, and for the bindings: they show which
// usernames must stay as they are. Where not all bindings can be read, the others show what is bound, and not what is not.
// Standard input, where it is named, can be read again afterwards.
func (c *checker) learn(args []string, s *Streams) {
	inputs, errs := manifest.Inputs(args, c.exclude)
	known := len(errs) == 0
	var found []manifest.Binding
	stdin := ""
	p := newProgress(s.Err)
	defer p.done()
	for i, in := range inputs {
		if in.Stdin() {
			p.done()
		}
		p.one(i+1, len(inputs), text.Visible(in.Name()))
		if in.Stdin() {
			raw, err := io.ReadAll(io.LimitReader(s.In, manifest.MaxSize+1))
			s.In = io.MultiReader(bytes.NewReader(raw), broken{err})
			known, stdin = known && err == nil, string(raw)
			c.Wishes = append(c.Wishes, manifest.Wishes(string(raw))...)
			bindings, all := manifest.Bindings(string(raw))
			found, known = append(found, bindings...), known && all
			continue
		}
		raw, err := in.Text(nil)
		c.Wishes = append(c.Wishes, manifest.Wishes(raw)...)
		bindings, all := manifest.Bindings(raw)
		found, known = append(found, bindings...), known && all && err == nil
	}
	if len(found) > 0 || !known {
		c.Options.Bindings = bindingFacts(found)
		c.Options.Bindings.Partial = !known
		c.Options.Bindings.Elsewhere = manifest.NewElsewhere(args, c.exclude, stdin).Find
	}
}

// informs reports whether there are bindings in a text, or objects that ask for access entries: such a file is named for their
// sake.
func informs(text string) bool {
	found, _ := manifest.Bindings(text)
	return len(found) > 0 || len(manifest.Wishes(text)) > 0
}

// tellWishes warns of what becomes of a map by the objects in the files that ask for access entries, and of what EKS refuses in
// these. name is that of the file with the map.
func tellWishes(w io.Writer, name string, doc *awsauth.Document, wishes []wishIn) {
	var all []manifest.Wish
	for i := range wishes {
		all = append(all, wishes[i].Wish)
		for _, f := range lint.Refused(wishes[i].Wish) {
			fmt.Fprintf(w, "%s:%d: warning: %s: %s [%s]\n", text.Visible(wishes[i].file), wishes[i].Line, text.Visible(wishes[i].Object), text.Visible(f.Sentence().Text), f.Rule)
		}
	}
	for _, f := range lint.Wanted(doc, all) {
		place := ""
		if f.Entry >= 0 {
			place = validate.Ref{Section: f.Section, Entry: f.Entry}.String() + ": "
		}
		fmt.Fprintf(w, "%s: warning: %s%s [%s]\n", text.Visible(name), place, text.Visible(f.Sentence().Text), f.Rule)
	}
}

// wishIn is a wish, and the file that has it.
type wishIn struct {
	manifest.Wish
	file string
}

func wishesIn(f *manifest.File) []wishIn {
	var all []wishIn
	for _, w := range manifest.Wishes(f.Text) {
		all = append(all, wishIn{w, f.Name})
	}
	return all
}

func bindingFacts(bindings []manifest.Binding) *validate.BindingFacts {
	facts := &validate.BindingFacts{Users: map[string]string{}, Groups: map[string]string{}}
	for _, b := range bindings {
		for _, name := range b.Users {
			facts.Users[name] = b.Name
		}
		for _, name := range b.Groups {
			facts.Groups[name] = b.Name
		}
	}
	return facts
}

// broken is the end of an input: io.EOF where err is nil.
type broken struct{ err error }

// Read implements io.Reader.
func (b broken) Read([]byte) (int, error) {
	if b.err == nil {
		return 0, io.EOF
	}
	return 0, b.err
}
