package manifest

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// role is what a kustomization beside a file takes it for.
type role struct {
	// key is the data key whose value the text is, "" where it is none.
	key string
	// env is set where the text is lines of KEY=VALUE.
	env bool
	// namespace and name are those that the kustomization gives to aws-auth, "" where it leaves them.
	namespace, name string
	// replaced are the parts of the map that the kustomization takes from other objects, or may.
	replaced []replacement
}

// levels are how many folders up a kustomization is looked for that names a file.
const levels = 3

var kustomizationNames = []string{"kustomization.yaml", "kustomization.yml", kindKustomization}

// beside takes from the kustomizations around a file what they say of it.
func (f *File) beside(path string) {
	// From ".." no name leads back to where one is.
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	dir, takers, within := filepath.Dir(path), 0, ""
	for level := range levels {
		for _, name := range kustomizationNames {
			at := filepath.Join(dir, name)
			text, err := Input{Path: at, Found: true}.Text(nil)
			if err != nil || filepath.Clean(path) == at {
				continue
			}
			v, _ := decodeYAML(text)
			if object, ok := v.(map[string]any); ok {
				k := kustomized{object: object, dir: dir, path: filepath.Clean(path)}
				taken, whole := f.takeFrom(k, level == 0), f.takeFolder(k, within)
				switch {
				case taken:
					takers++
					within = dir
				case whole:
					taken, within = true, dir
				}
				if taken || level == 0 {
					f.replacedBy(k, taken)
				}
			}
		}
		if parent := filepath.Join(dir, ".."); parent != dir {
			dir = parent
		}
	}
	// What several kustomizations take comes out several times.
	for i := range f.role.replaced {
		f.role.replaced[i].unsure = f.role.replaced[i].unsure || takers > 1
	}
}

// replacedBy takes over what a kustomization replaces. What it does not surely take, it may get by a way that does not show here.
func (f *File) replacedBy(k kustomized, taken bool) {
	for _, r := range replacements(k.object, func(path string) (string, bool) { return takenBy(k.dir, path) }) {
		r.unsure = r.unsure || !taken
		f.role.replaced = append(f.role.replaced, r)
	}
}

// kustomized is a kustomization, and a file that it may name.
type kustomized struct {
	object    map[string]any
	dir, path string
}

// takeFolder reports whether the kustomization names the folder of another one, which has taken the file.
func (f *File) takeFolder(k kustomized, folder string) bool {
	of := kustomized{dir: k.dir, path: folder}
	if folder == "" || !of.names(append(slices.Clone(list(k.object["resources"])), list(k.object["components"])...)) {
		return false
	}
	namespace, _ := k.object["namespace"].(string)
	prefix, _ := k.object["namePrefix"].(string)
	suffix, _ := k.object["nameSuffix"].(string)
	if f.role.name != "" { // It is no patch.
		f.givenNamespace = cmp.Or(namespace, f.givenNamespace)
		f.role.namespace, f.role.name = cmp.Or(namespace, f.role.namespace), prefix+f.role.name+suffix
	}
	return true
}

// takeFrom reports whether the kustomization names the file.
func (f *File) takeFrom(k kustomized, sameFolder bool) (taken bool) {
	namespace, _ := k.object["namespace"].(string)
	if listed := k.names(list(k.object["resources"])); sameFolder || listed {
		f.givenNamespace = namespace
		if listed {
			taken = true
			prefix, _ := k.object["namePrefix"].(string)
			suffix, _ := k.object["nameSuffix"].(string)
			f.role.namespace, f.role.name = namespace, prefix+awsauth.Name+suffix
		}
	}
	for _, name := range []string{"patches", "patchesJson6902"} {
		for _, item := range list(k.object[name]) {
			patch, _ := item.(map[string]any)
			if k.names([]any{patch["path"]}) {
				taken = true
				target, _ := patch["target"].(map[string]any)
				f.givenNamespace, f.aim = awsauth.Namespace, aimOf(func(name string) string { s, _ := target[name].(string); return s }, target != nil)
			}
		}
	}
	if k.names(list(k.object["patchesStrategicMerge"])) {
		taken = true
		f.givenNamespace, f.aim = awsauth.Namespace, unaimed
	}
	for _, item := range list(k.object["configMapGenerator"]) {
		generator, _ := item.(map[string]any)
		if generator["name"] != awsauth.Name {
			continue
		}
		for _, source := range list(generator["files"]) {
			s, _ := source.(string)
			if key, file := generatedFrom(s); k.names([]any{file}) && isMapKey(key) {
				f.role.key, taken = key, true
			}
		}
		if k.names(append(list(generator["envs"]), generator["env"])) {
			f.role.env, taken = true, true
		}
	}
	return taken
}

// besideFile is the text of a file by its path from the folder of this one.
func (f *File) besideFile(path string) (string, bool) { return besideIn(f.folder, path) }

func besideIn(folder, path string) (string, bool) {
	if folder == "" || path == "" {
		return "", false
	}
	path = filepath.Join(folder, path)
	if !inReach(folder, path) {
		return "", false
	}
	text, err := Input{Path: path, Found: true}.Text(nil)
	return text, err == nil
}

// inReach reports whether a path is that of a file which one in a folder may have read, whatever links lead to it: one of the
// same Git repository, so that a change that somebody proposes shows nothing of the machine that checks it. Where there is none, the folder
// around that of the file is the end. What is no file, as a pipe, may never end.
func inReach(folder, path string) bool {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return false
	}
	reach := filepath.Dir(folder)
	for dir := folder; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			reach = dir
			break
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	root, err := os.OpenRoot(reach)
	if err != nil {
		return false
	}
	defer func() { _ = root.Close() }()
	path, err = filepath.Abs(path)
	if err != nil {
		return false
	}
	if path, err = filepath.Rel(reach, path); err != nil {
		return false
	}
	info, err := root.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// besideKustomization is the text of a file that this kustomization takes.
func (f *File) besideKustomization(path string) (string, bool) { return takenBy(f.folder, path) }

// takenBy is the text of a file that the kustomization in a folder takes. kustomize refuses files that are not in or below
// that folder, whatever links lead to them (api/internal/loader, RestrictionRootOnly).
func takenBy(folder, path string) (string, bool) {
	if !filepath.IsLocal(path) || folder == "" {
		return "", false
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return "", false
	}
	defer func() { _ = root.Close() }()
	if _, err := root.Stat(path); err != nil {
		return "", false
	}
	return besideIn(folder, path)
}

// takesFrom has a file read beside this one, by its path from the folder of this one, if it speaks of the map. It gives what the
// file holds, and false where it holds nothing of the map or can't be read.
func (f *File) takesFrom(path string) (*File, bool) {
	text, ok := f.besideFile(path)
	if !ok || f.besideAnother {
		return nil, false
	}
	path = filepath.Join(f.folder, path)
	other := readInto(&File{
		Name: path, Text: text, found: true, carriers: f.carriers, folder: filepath.Dir(path), besideAnother: true,
	})
	if len(other.Documents)+len(other.Problems)+len(other.Notes) == 0 {
		return nil, false
	}
	f.Beside = append(f.Beside, path)
	return other, true
}

func list(v any) []any {
	items, _ := v.([]any)
	return items
}

// names reports whether one of the paths is that of the file.
func (k kustomized) names(paths []any) bool {
	for _, p := range paths {
		if s, ok := p.(string); ok && s != "" && filepath.Join(k.dir, s) == k.path {
			return true
		}
	}
	return false
}

// generatedFrom takes a source of a generator apart: the data key, and the file.
func generatedFrom(source string) (key, file string) {
	key, file, named := strings.Cut(source, "=")
	if !named {
		return filepath.Base(source), source
	}
	return key, file
}

// inRole reads a file as a kustomization takes it, and reports whether it has such a role.
func (f *File) inRole() bool {
	if f.role.key == "" && !f.role.env {
		return false
	}
	whole := Span{End: len(f.Text)}
	r := f.reader(chunk{Span: whole})
	if r.isTemplate(whole) {
		return true
	}
	d := newDocument(Span{})
	if f.role.env {
		d.fromEnv(f.Text)
	} else {
		d.set(f.role.key, f.Text, 0, Span{})
	}
	if len(d.Data) > 0 {
		f.Documents = append(f.Documents, d)
		d.replace(f.role.replaced, f.role.namespace, true)
		r.noteTokens(d)
	}
	return true
}

// set sets a data key to a text that the file holds as it is, from the offset start on.
func (d *Document) set(key, text string, start int, at Span) {
	d.Data[key], d.keys[key], d.values[key] = text, at, whole{base: start}
}

// fromEnv takes the lines KEY=VALUE as kustomize does: to the end of the line, quotes and all.
func (d *Document) fromEnv(text string) {
	at := len(text) - len(strings.TrimPrefix(text, bom))
	for line := range strings.Lines(text[at:]) {
		start := at + len(line) - len(strings.TrimLeft(line, " \t"))
		at += len(line)
		key, value, ok := strings.Cut(strings.TrimRight(text[start:at], "\r\n"), "=")
		if ok && !strings.HasPrefix(key, "#") {
			d.set(key, value, start+len(key)+1, Span{Start: start, End: start + len(key)})
		}
	}
}
