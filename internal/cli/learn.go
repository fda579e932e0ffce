package cli

import (
	"bytes"
	"io"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// learn looks for the bindings in the files that arguments name: they show which usernames must stay as they are. Bindings
// that can't all be read are as good as none. Standard input, where it is named, can be read again afterwards.
func (c *checker) learn(args []string, s *Streams) {
	inputs, errs := manifest.Inputs(args, c.exclude)
	known := len(errs) == 0
	var found []manifest.Binding
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
			known = known && err == nil
			bindings, all := manifest.Bindings(string(raw))
			found, known = append(found, bindings...), known && all
			continue
		}
		raw, err := in.Text(nil)
		bindings, all := manifest.Bindings(raw)
		found, known = append(found, bindings...), known && all && err == nil
	}
	if known && len(found) > 0 {
		c.Options.Bindings = bindingFacts(found)
	}
}

// holdsBindings reports whether there are bindings in a text: such a file is named for their sake.
func holdsBindings(text string) bool {
	found, _ := manifest.Bindings(text)
	return len(found) > 0
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
