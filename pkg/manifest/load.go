package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
	show "github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// MaxSize is the size in bytes above which a file is not read.
const MaxSize = 100 << 20

// StdinName is what standard input is called in reports.
const StdinName = "<stdin>"

// Input is a file to read.
type Input struct {
	// Path of the file, "-" for standard input.
	Path string
	// Found is true where a folder was named and the file is one of those in it.
	Found bool
}

// Stdin reports whether the input is standard input.
func (in Input) Stdin() bool { return in.Path == "-" }

// Excludes are globs of what is left out of folders, in which ** stands for any folders. One with a slash is held against the
// path below the folder that was named and against the path as reports show it, one without against names of files and folders at any depth.
type Excludes []string

// Check fails where a glob is malformed.
func (x Excludes) Check() error {
	for _, glob := range x {
		if !doublestar.ValidatePattern(glob) {
			return fmt.Errorf("%q is not a glob", glob)
		}
	}
	return nil
}

func (x Excludes) match(path string) bool {
	path = filepath.ToSlash(path)
	return slices.ContainsFunc(x, func(glob string) bool {
		glob = strings.TrimSuffix(strings.TrimPrefix(glob, "./"), "/")
		if !strings.Contains(glob, "/") {
			glob = "**/" + glob
		}
		return doublestar.MatchUnvalidated(glob, path)
	})
}

// Inputs lists the files that arguments name: of a folder, those in it at any depth whose names say that they may carry the
// map, sorted, without what others have put there and what is excluded. Links to folders inside a folder are not followed.
// What was named and can't be listed is reported by the errors, and the rest is listed all the same. What was only found
// and can't be listed is an input that can't be read.
func Inputs(args []string, exclude Excludes) ([]Input, []error) {
	var inputs []Input
	var errs []error
	for _, arg := range args {
		if arg == "-" {
			inputs = append(inputs, Input{Path: arg})
			continue
		}
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			errs = append(errs, reason(arg, err))
		case info.IsDir():
			w := walker{root: arg, exclude: exclude, inputs: inputs}
			if err := w.walk("."); err != nil {
				errs = append(errs, reason(arg, err))
			}
			inputs = w.inputs
		default:
			inputs = append(inputs, Input{Path: arg})
		}
	}
	return inputs, errs
}

// walker lists the files of a folder.
type walker struct {
	root    string
	exclude Excludes
	inputs  []Input
	// all is set where files of any name are listed.
	all bool
}

func (w *walker) walk(dir string) error {
	entries, err := os.ReadDir(filepath.Join(w.root, dir))
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case w.exclude.match(path) || w.exclude.match(filepath.Join(w.root, path)):
		case e.IsDir():
			if !foreign(e.Name()) && w.walk(path) != nil {
				w.found(path)
			}
		case (w.all || mayCarry(e.Name())) && w.readable(e, path):
			w.found(path)
		}
	}
	return err
}

func (w *walker) found(path string) {
	w.inputs = append(w.inputs, Input{Path: filepath.Join(w.root, path), Found: true})
}

// readable is false for a pipe or a socket, and a link to one or to a folder. A link that leads nowhere is listed: nobody
// could say what is not read.
func (w *walker) readable(e os.DirEntry, path string) bool {
	if e.Type()&os.ModeSymlink == 0 {
		return e.Type().IsRegular()
	}
	info, err := os.Stat(filepath.Join(w.root, path))
	return err != nil || info.Mode().IsRegular()
}

// foreign reports whether a folder holds what others have put there: Git, editors and caches, packages, modules.
func foreign(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules" || name == "vendor"
}

// mayCarry reports whether a file may carry the map, by the end of its name.
func mayCarry(name string) bool {
	name = strings.ToLower(name)
	return name == "kustomization" || strings.HasSuffix(name, ".tfstate.backup") || slices.Contains([]string{
		".yaml", ".yml", ".json", ".jsonl", ".ndjson", // manifests, charts, plans, templates of CloudFormation, audit logs
		".tf", ".tfvars", ".tfstate", ".hcl", // Terraform
		".j2", ".jinja", ".jinja2", ".tpl", ".tmpl", ".tftpl", ".gotmpl", ".template", ".erb", ".ejs", ".mustache", ".hbs", // templates
	}, filepath.Ext(name))
}

// Load reads the input and finds aws-auth in it. It fails as Text does. A panic is an error of this file, so that a run over
// many files does not end half way.
func (in Input) Load(stdin io.Reader) (f *File, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			f, err = nil, fmt.Errorf("%s: %w", show.Visible(in.Name()),
				fmt.Errorf("reading this file fails by a fault of this tool, so it was not checked: please report it: %v", fault))
		}
	}()
	text, err := in.Text(stdin)
	if err != nil {
		return nil, err
	}
	f = &File{Name: in.Name(), Text: text, found: in.Found, carriers: carriers()}
	if !in.Stdin() {
		f.folder = filepath.Dir(in.Path)
	}
	if !in.Stdin() && (speaksOfAWSAuth(text) || takesWhole(text)) {
		f.beside(in.Path)
	}
	return readInto(f), nil
}

// Name is what the input is called in reports.
func (in Input) Name() string {
	if in.Stdin() {
		return StdinName
	}
	return in.Path
}

// Text reads the input. It fails, with a message for people, where the file can't be read, is too big or is no text.
func (in Input) Text(stdin io.Reader) (string, error) {
	name, source := in.Name(), stdin
	if !in.Stdin() {
		file, err := os.Open(in.Path)
		if err != nil {
			return "", reason(name, err)
		}
		defer func() { _ = file.Close() }()
		source = file
	}
	raw, err := io.ReadAll(io.LimitReader(source, MaxSize+1))
	if err != nil {
		return "", reason(name, err)
	}
	if err := checkText(raw); err != nil {
		return "", fmt.Errorf("%s: %w", show.Visible(name), err)
	}
	return string(raw), nil
}

func checkText(raw []byte) error {
	packed := misread.Packed(string(raw[:min(len(raw), guessed)]))
	switch {
	case packed != "":
		return errors.New(packed)
	case len(raw) > MaxSize:
		return fmt.Errorf("larger than %d MiB, not read", MaxSize>>20)
	case bytes.HasPrefix(raw, []byte{0xff, 0xfe, 0, 0}) || bytes.HasPrefix(raw, []byte{0, 0, 0xfe, 0xff}) || looksUTF32(raw):
		return errors.New("the text is UTF-32, which kubectl refuses: save it as UTF-8")
	case bytes.HasPrefix(raw, []byte{0xff, 0xfe}) || bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
		return errors.New("the text is UTF-16, as some editors and PowerShell write it: kubectl applies it, but most other tools " +
			"can't read it; save it as UTF-8 (in PowerShell: Set-Content -Encoding utf8)")
	case looksUTF16(raw):
		return errors.New("the text is UTF-16 without a byte order mark, which kubectl refuses: save it as UTF-8")
	case bytes.IndexByte(raw, 0) >= 0:
		return errors.New("a binary file, not a manifest")
	case !utf8.Valid(raw):
		return fmt.Errorf("line %d is not valid UTF-8: save the file as UTF-8", 1+bytes.Count(raw[:invalid(raw)], []byte("\n")))
	}
	return nil
}

// looksUTF32 reports whether of each four bytes of the beginning only one, always the same, is not zero.
func looksUTF32(raw []byte) bool {
	raw = raw[:min(len(raw), guessed)&^3]
	for i, c := range raw {
		if c != 0 != (i%4 == 0) && c != 0 != (i%4 == 3) || c != 0 && i >= 4 && raw[i-4] == 0 {
			return false
		}
	}
	return len(raw) >= 16
}

// looksUTF16 reports whether every second byte of the beginning is zero, as it is where a text is mostly ASCII.
func looksUTF16(raw []byte) bool {
	const enough = 8
	raw = raw[:min(len(raw), guessed)&^1]
	zeros := [2]int{}
	for i, c := range raw {
		if c == 0 {
			zeros[i%2]++
		}
	}
	half := len(raw) / 2
	return half >= enough && (zeros[0] == 0 && zeros[1] > half*9/10 || zeros[1] == 0 && zeros[0] > half*9/10)
}

// invalid is the offset of the first byte that is not valid UTF-8.
func invalid(raw []byte) int {
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(raw)
}

// reason gives an error of the file system without the name of the system call.
func reason(name string, err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		err = path.Err
	}
	return fmt.Errorf("%s: %w", show.Visible(name), err)
}
