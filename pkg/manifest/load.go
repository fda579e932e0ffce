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

// Inputs lists the files that arguments name: of a folder, those in it at any depth that end in .yaml, .yml or .json,
// sorted. Links to folders inside a folder are not followed. What can't be listed is reported by the errors, and the rest is
// listed all the same.
func Inputs(args []string) ([]Input, []error) {
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
			inputs, errs = walk(arg, inputs, errs)
		default:
			inputs = append(inputs, Input{Path: arg})
		}
	}
	return inputs, errs
}

func walk(dir string, inputs []Input, errs []error) ([]Input, []error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return inputs, append(errs, reason(dir, err))
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			inputs, errs = walk(path, inputs, errs)
		case !slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(path))):
		case e.Type()&os.ModeSymlink != 0:
			if info, err := os.Stat(path); err != nil {
				errs = append(errs, reason(path, err))
			} else if info.Mode().IsRegular() {
				inputs = append(inputs, Input{Path: path, Found: true})
			}
		case e.Type().IsRegular():
			inputs = append(inputs, Input{Path: path, Found: true})
		}
	}
	return inputs, errs
}

// Load reads the input and finds aws-auth in it. It fails as Text does.
func (in Input) Load(stdin io.Reader) (*File, error) {
	text, err := in.Text(stdin)
	if err != nil {
		return nil, err
	}
	return read(in.name(), text, in.Found), nil
}

func (in Input) name() string {
	if in.Stdin() {
		return StdinName
	}
	return in.Path
}

// Text reads the input. It fails, with a message for people, where the file can't be read, is too big or is no text.
func (in Input) Text(stdin io.Reader) (string, error) {
	name, source := in.name(), stdin
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
	switch {
	case len(raw) > MaxSize:
		return fmt.Errorf("larger than %d MiB, not read", MaxSize>>20)
	case bytes.HasPrefix(raw, []byte{0xff, 0xfe}) || bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
		return errors.New("the text is UTF-16: save it as UTF-8")
	case bytes.IndexByte(raw, 0) >= 0:
		return errors.New("a binary file, not a manifest")
	case !utf8.Valid(raw):
		return fmt.Errorf("line %d is not valid UTF-8: save the file as UTF-8", 1+bytes.Count(raw[:invalid(raw)], []byte("\n")))
	}
	return nil
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
