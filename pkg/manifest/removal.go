package manifest

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// aim is what a patch is of, as far as what stands around it tells.
type aim int

const (
	// untold: nothing stands around the text, or it is no patch.
	untold aim = iota
	// unaimed: a patch of what it names itself, or of all that some selector finds.
	unaimed
	// aimed: a patch of aws-auth, whatever it names.
	aimed
	// elsewhere: a patch of something else.
	elsewhere
)

var (
	// wholeData is how a patch that names no key of the map may still take all of them.
	wholeData = regexp.MustCompile(`data["']?[ \t]*:[ \t]*(?:null|~)|/data\b|\$patch`)
	// collection is a request of an audit log that names no object.
	collection = regexp.MustCompile(`"verb": ?"deletecollection"`)
)

// speaks is a quick look at a document: whether it is about the map, as far as the file and the text tell.
func (f *File) speaks(text string) bool {
	return speaksOfAWSAuth(text) || f.aim == aimed || (f.aim == unaimed || !f.found) && takesWhole(text) ||
		strings.Contains(text, "deletecollection") && collection.MatchString(text)
}

// takesWhole reports whether a patch may take all of the map.
func takesWhole(text string) bool {
	return (strings.Contains(text, "null") || strings.ContainsAny(text, "~$") || strings.Contains(text, "/data")) && wholeData.MatchString(text)
}

// aimAt is the aim of a patch with a target.
func (r *reader) aimAt(target *yaml.Node) aim {
	return aimOf(r.fields(target).text, len(r.fields(target)) > 0)
}

// aimOf is the aim of a patch with a target, as kustomize selects it: names are patterns.
func aimOf(target func(name string) string, given bool) aim {
	matches := func(name, value string) bool {
		pattern := target(name)
		re, err := regexp.Compile("^(?:" + pattern + ")$")
		return pattern == "" || err == nil && re.MatchString(value)
	}
	switch {
	case !given:
		return unaimed
	case !matches("kind", kindConfigMap), !matches("name", awsauth.Name), !matches("namespace", awsauth.Namespace):
		return elsewhere
	case target("name") == "":
		return unaimed
	}
	return aimed
}

// patching reports whether what is read is a patch of the map: null takes away there.
func (r *reader) patching() bool { return r.aim == unaimed || r.aim == aimed }

// forMap reports whether a patch that names no key of the map is one of the map. It notes where nobody can tell.
func (r *reader) forMap(at Span) bool {
	switch r.aim {
	case aimed:
		return true
	case elsewhere:
		return false
	case unaimed:
		r.file.note(at, Part, "this takes away the data of all that the patch is applied to, not checked: "+
			"lint does not know whether aws-auth is among these; name the target: `name: "+awsauth.Name+"`")
		return false
	}
	return !r.file.found || speaksOfAWSAuth(r.file.Text[r.extent.Start:r.extent.End])
}

// removal is the edit of a document that takes away what nobody knows here.
func (d *Document) removal() *PlannedEdit {
	if d.Edit == nil {
		d.Edit = &PlannedEdit{}
	}
	return d.Edit
}

// delete makes the document one of a ConfigMap that goes. at is what says so.
func (d *Document) delete(at Span) {
	if !d.ignored {
		d.Data, d.values, d.at = map[string]string{}, map[string]locator{}, at
		d.Edit = &PlannedEdit{Deletes: true}
	}
}

// take takes a key away.
func (d *Document) take(key awsauth.Key, at Span) {
	if d.ignored {
		return
	}
	delete(d.Data, string(key))
	delete(d.values, string(key))
	d.keys[string(key)] = at
	if edit := d.removal(); !slices.Contains(edit.Takes, key) {
		edit.Takes = append(edit.Takes, key)
	}
}

// put takes back that a key is taken away.
func (d *Document) put(key string) {
	if d.Edit == nil {
		return
	}
	d.Edit.Takes = slices.DeleteFunc(d.Edit.Takes, func(k awsauth.Key) bool { return string(k) == key })
	if len(d.Edit.Takes) == 0 {
		d.Edit = nil
	}
}

// onlyData takes away all that the document does not hold. What the map holds besides mapRoles, nobody knows, so a key that
// is missing beside others says nothing.
func (d *Document) onlyData(at Span) {
	held := slices.ContainsFunc(awsauth.Keys(), func(k awsauth.Key) bool { _, ok := d.Data[string(k)]; return ok })
	for _, key := range awsauth.Keys() {
		if _, ok := d.Data[string(key)]; !ok && (!held || key == awsauth.MapRoles) {
			d.take(key, at)
		}
	}
	if !held && !d.ignored {
		d.at = at
	}
}

// dataPointer takes a JSON pointer apart: whether it is the data or all, or the key of the map that it names.
func dataPointer(pointer string) (whole bool, key awsauth.Key) {
	if pointer == "" || pointer == "/data" {
		return true, ""
	}
	if key, ok := strings.CutPrefix(pointer, "/data/"); ok {
		return false, section(unescapePointer(key))
	}
	return false, ""
}
