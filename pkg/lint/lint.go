package lint

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/mutate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Checker checks documents by a policy.
type Checker struct {
	Policy *policy.Policy
	// Options are those of the policy.
	Options validate.Options
	// Bindings tell whom the cluster's bindings name, where a live map is checked; nil where that is not known. Then the
	// rules about bindings are silent.
	Bindings *validate.BindingFacts
	// Entries are the access entries of the cluster, nil where they are not known.
	Entries *snapshot.View
	// Nodes and Classes are those of the cluster, where a live map is checked; nil where they are not known.
	Nodes   *validate.NodeFacts
	Classes validate.NodeClasses
	// IAM is what IAM says of the roles and users in the maps, nil where it is not known.
	IAM *iam.Accounts
	// Since says since when the map is known to have had a principal (validate.Options); nil where nothing is known of its past.
	Since map[string]time.Time
	// Wishes are the objects in the files that ask for access entries.
	Wishes []manifest.Wish
	// Caller is the ARN of whoever carries out the plans that are checked, "" where that is not known.
	Caller string
}

// New makes a Checker of a policy.
func New(p *policy.Policy) *Checker { return &Checker{Policy: p, Options: p.Options()} }

// Check finds what is wrong with a document.
func (c *Checker) Check(d *manifest.Document) (*awsauth.Document, []validate.Finding) {
	doc := awsauth.ReadAll(d.Readable(), d.BinaryData)
	doc.Immutable = d.Immutable
	options := c.Options
	options.Later, options.Entries, options.Nodes, options.Classes, options.IAM = d.Unrendered, c.Entries, c.Nodes, c.Classes, c.IAM
	options.Since, options.Applied = c.Since, d.Whole
	j := newJudge(d, doc)
	findings := slices.DeleteFunc(c.find(doc, d, options), func(f validate.Finding) bool { return j.unknowable(&f) })
	for i := range findings {
		if f := &findings[i]; f.Fix != nil && partial(d, f) {
			f.Fix = nil
		}
	}
	findings = append(mutate.Vet(doc, findings, options), c.planned(doc, d)...)
	findings = append(findings, Wanted(doc, c.Wishes)...)
	for i := range findings {
		f := &findings[i]
		f.What, f.Remedy, f.Unrepaired.Text = d.Unmasked(f.What), d.Unmasked(f.Remedy), d.Unmasked(f.Unrepaired.Text)
	}
	return doc, findings
}

// UntoldByIAM says what the files about IAM don't tell of a document; nothing where there are no such files.
func (c *Checker) UntoldByIAM(d *manifest.Document) []string {
	if c.IAM == nil {
		return nil
	}
	return validate.UntoldByIAM(awsauth.ReadAll(d.Readable(), d.BinaryData), c.IAM, d.Unrendered)
}

// planned is what the rules about edits say of a plan.
func (c *Checker) planned(doc *awsauth.Document, d *manifest.Document) []validate.Finding {
	if d.Edit == nil {
		return nil
	}
	if d.Edit.Data == nil {
		// A patch tells what it takes away, and not from what.
		return c.edited(&validate.Change{New: awsauth.ReadAll(nil, nil), Deleted: d.Edit.Deletes, Taken: d.Edit.Takes, Facts: validate.Facts{Entries: c.Entries}})
	}
	change := &validate.Change{Old: awsauth.ReadAll(d.Edit.Data, d.Edit.BinaryData), New: doc, Deleted: d.Edit.Deletes}
	change.Facts.Bindings, change.Facts.Entries = c.allBindings(), c.Entries
	if c.Caller != "" {
		// As nobody else is there to say, the caller is taken to come in by the map.
		r := change.Old.Resolve(awsauth.Caller{ARN: c.Caller})
		change.Requester = &validate.Requester{ARN: c.Caller, Username: r.Username, Groups: r.Groups}
	}
	return c.edited(change)
}

// edited is what the rules about edits say of a change.
func (c *Checker) edited(change *validate.Change) []validate.Finding {
	return slices.DeleteFunc(validate.CheckChange(change, c.Options), func(f validate.Finding) bool {
		return !validate.Lookup(f.Rule).AboutEdit
	})
}

// allBindings are the bindings, nil where not all are known.
func (c *Checker) allBindings() *validate.BindingFacts {
	if c.Bindings == nil || c.Bindings.Partial {
		return nil
	}
	return c.Bindings
}

func (c *Checker) find(doc *awsauth.Document, d *manifest.Document, o validate.Options) []validate.Finding {
	if c.allBindings() == nil {
		return validate.Check(doc, o)
	}
	// The rules that ask for the bindings judge edits: for them the map is as if it were made now, by nobody in particular. All
	// others judge what stands in it.
	alone, asked := o, o
	alone.Bindings, alone.Off, asked.Off = c.Bindings, maps.Clone(o.Off), maps.Clone(o.Off)
	for _, r := range validate.Rules() {
		if byEdit := r.Live || slices.Contains(r.Needs, validate.TopicBindings) && r.SilentWithout; byEdit {
			alone.Off[r.Name] = true
		} else {
			asked.Off[r.Name] = true
		}
	}
	change := &validate.Change{New: doc, Facts: validate.Facts{Bindings: c.Bindings, Entries: c.Entries, Nodes: c.Nodes, Classes: c.Classes}}
	return append(validate.Check(doc, alone), validate.CheckChange(change, asked)...)
}

// Add puts all that is found in a file into a report.
func (c *Checker) Add(b *report.Builder, f *manifest.File) {
	c.add(b, f, func(string) bool { return false })
}

// Said are the findings of the values of charts, by what they are about: a rendering has them again.
type Said map[string]bool

// AddValues is Add, and remembers what is found.
func (c *Checker) AddValues(b *report.Builder, f *manifest.File, said Said) {
	c.add(b, f, func(about string) bool {
		said[about] = true
		return false
	})
}

// AddRendered is Add for what is made of values, without what was found in them.
func (c *Checker) AddRendered(b *report.Builder, f *manifest.File, said Said) {
	c.add(b, f, func(about string) bool { return said[about] })
}

// about is what a finding is about wherever its entry stands: the rule, the entry by its ARN, and the field.
func about(doc *awsauth.Document, f *validate.Finding) string {
	what := f.What
	if s := doc.Section(f.Section); s != nil && f.Entry >= 0 && f.Entry < len(s.Entries) {
		what = s.Entries[f.Entry].ARN + " " + f.Field
	}
	return fmt.Sprintf("%s %s %s", f.Rule, f.Section, what)
}

func (c *Checker) add(b *report.Builder, f *manifest.File, known func(about string) bool) {
	b.Action, b.Entries, b.IAM, b.History = c.Policy.Action, c.Entries, c.IAM != nil, c.Since != nil
	b.File(f)
	for _, w := range manifest.Wishes(f.Text) {
		for _, refused := range Refused(w) {
			b.Wish(f, w, &refused)
		}
	}
	whole := len(f.Problems) == 0 && !slices.ContainsFunc(f.Notes, func(n manifest.Note) bool { return n.What == manifest.Template })
	for _, d := range f.Documents {
		doc, findings := c.Check(d)
		whole = whole && !slices.ContainsFunc(doc.Sections(), (*awsauth.Section).Discarded)
		findings = slices.DeleteFunc(findings, func(f validate.Finding) bool { return known(about(doc, &f)) })
		b.Document(f, d, findings)
		b.Map(f, d, doc)
	}
	b.Unused(f, whole)
}

// partial reports whether a repair would change what another tool fills in: that is never edited.
func partial(d *manifest.Document, f *validate.Finding) bool {
	text := d.Readable()[string(f.Section)]
	return slices.ContainsFunc(f.Fix.Edits, func(e validate.Edit) bool {
		return d.Unrendered(e.New) || d.Unrendered(text[e.Start:e.End])
	})
}
