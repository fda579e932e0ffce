package manifest

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// another is a text of another file. In this file its place is what refers to it.
type another struct {
	at    Span
	name  string
	lines *yamlpos.File
}

func (e another) span(Span) Span { return e.at }

func (e another) edit(Edit) (Edit, error) {
	return Edit{}, errors.New("this text is in " + e.name + "; change it there")
}

// Elsewhere is the place of a range of a data value as file:line:column, where that is in another file; "" where it is not.
func (d *Document) Elsewhere(key string, in Span) string { return placeElsewhere(d.values[key], in) }

func placeElsewhere(l locator, in Span) string {
	switch l := l.(type) {
	case *fragments:
		for _, piece := range l.list {
			if piece.start+piece.size <= in.Start || piece.start > in.Start && piece.start >= in.End {
				continue
			}
			if place := placeElsewhere(piece.exact, Span{Start: max(0, in.Start-piece.start), End: in.End - piece.start}); place != "" {
				return place
			}
		}
	case hclText:
		return placeElsewhere(l.part, in)
	case part:
		return placeElsewhere(l.locator, Span{Start: l.start + in.Start, End: l.start + in.End})
	case nested:
		return placeElsewhere(l.outer, l.inner.span(in))
	case readOnly:
		return placeElsewhere(l.locator, in)
	case another:
		at := l.lines.Position(in.Start)
		return fmt.Sprintf("%s:%d:%d", l.name, at.Line, at.Column)
	}
	return ""
}

// maxBeside is how many files of a folder are looked at for locals.
const maxBeside = 100

// sources are the texts of the other files of Terraform source in the folder, by their names.
func (f *File) sources() map[string]string {
	found := map[string]string{}
	if f.folder == "" {
		return found
	}
	paths, err := filepath.Glob(filepath.Join(escapeGlob(f.folder), "*.tf"))
	if err != nil || len(paths) > maxBeside {
		return found
	}
	for _, path := range paths {
		if filepath.Base(path) == filepath.Base(f.Name) {
			continue
		}
		if text, err := (Input{Path: path, Found: true}).Text(nil); err == nil && !tooDeep(text) {
			found[filepath.Base(path)] = text
		}
	}
	return found
}

// escapeGlob makes a path that stands for itself alone.
func escapeGlob(path string) string {
	out := ""
	for _, c := range path {
		if slices.Contains([]rune{'*', '?', '[', '\\'}, c) && filepath.Separator != '\\' {
			out += `\`
		}
		out += string(c)
	}
	return out
}

// lookBeside defines the locals of the other files of the folder.
func (h *hclNodes) lookBeside() {
	if h.looked {
		return
	}
	h.looked = true
	sources := h.r.file.sources()
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		text := sources[name]
		parsed, diags := hclsyntax.ParseConfig([]byte(text), name, hcl.InitialPos)
		body, ok := parsed.Body.(*hclsyntax.Body)
		if diags.HasErrors() || !ok {
			continue
		}
		lines := &yamlpos.File{Text: text}
		for _, block := range body.Blocks {
			if block.Type != "locals" {
				continue
			}
			for _, a := range attributes(block.Body) {
				if h.locals[a.Name] != nil {
					continue
				}
				h.define(a.Name, func() *yaml.Node {
					h.r.file.took(name, a.Name)
					return h.from([]byte(text), another{at: h.ref, name: name, lines: lines}, a.Expr)
				})
			}
		}
	}
}

// from is an expression of a text that stands somewhere.
func (h *hclNodes) from(src []byte, at locator, e hclsyntax.Expression) *yaml.Node {
	before, place := h.src, h.at
	defer func() { h.src, h.at = before, place }()
	h.src, h.at = src, at
	return h.expr(e)
}

// took remembers that a local of another file was read.
func (f *File) took(name, local string) {
	if f.taken == nil {
		f.taken = map[string]bool{}
	}
	f.taken[name+" "+local] = true
}

// usedBeside reports whether another file of the folder reads a local of this one, and so the map that it is.
func (f *File) usedBeside(local string) bool {
	if f.besideAnother {
		return false
	}
	for name, text := range f.sources() {
		if !speaksOfAWSAuth(text) && !awsAuthMentioned.MatchString(text) {
			continue
		}
		other := readInto(&File{Name: name, Text: text, found: true, carriers: f.carriers, folder: f.folder, besideAnother: true})
		if other.taken[filepath.Base(f.Name)+" "+local] {
			return true
		}
	}
	return false
}
