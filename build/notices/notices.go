package notices

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	classifier "github.com/google/licenseclassifier/v2"
	"github.com/google/licenseclassifier/v2/assets"

	"github.com/aws-auth-guard/aws-auth-guard/build/program"
)

// Std is the path under which the standard library and the runtime of Go are listed.
const Std = "std"

// Module is a module of which at least one package is linked in.
type Module struct {
	Path, Version string
	// Licenses are SPDX identifiers, sorted.
	Licenses []string
	// Texts are the license and notice files, those of the packages that have some of their own included.
	Texts []Text
}

// Text is a file with a license or a notice.
type Text struct {
	// Path is that of the file in its module.
	Path    string
	Content string
	// Licenses are those that were recognized in it.
	Licenses []string
}

// fileName matches the files that hold licenses and notices.
var fileName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice)s?([.-].*)?$`)

// isNotice tells a notice from a license: it need not be recognized.
func (t Text) isNotice() bool {
	return strings.HasPrefix(strings.ToLower(filepath.Base(t.Path)), "notice")
}

// listed is what `go list` reports about a package.
type listed struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// Collect finds the modules that the packages of the module in root are linked from, on any of the platforms.
func Collect(ctx context.Context, root string, platforms []program.Platform, packages ...string) ([]Module, error) {
	reader, err := assets.DefaultClassifier()
	if err != nil {
		return nil, fmt.Errorf("the texts of known licenses: %w", err)
	}
	std, err := standardLibrary(ctx, reader, root)
	if err != nil {
		return nil, err
	}
	modules := map[string]*Module{Std: std}
	seen := map[string]bool{}
	for _, platform := range platforms {
		all, err := list(ctx, root, platform, packages)
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			if p.Standard || p.Module == nil || p.Module.Main || seen[p.Dir] {
				continue
			}
			seen[p.Dir] = true
			m := modules[p.Module.Path]
			if m == nil {
				m = &Module{Path: p.Module.Path, Version: p.Module.Version}
				modules[m.Path] = m
			}
			if err := m.addFolders(reader, p.Module.Dir, p.Dir); err != nil {
				return nil, err
			}
		}
	}
	var sorted []Module
	for _, m := range modules {
		m.sort()
		sorted = append(sorted, *m)
	}
	slices.SortFunc(sorted, func(a, b Module) int { return cmp.Compare(a.Path, b.Path) })
	return sorted, nil
}

// list asks go for the packages that are linked, which is less than what go.mod requires.
func list(ctx context.Context, root string, platform program.Platform, packages []string) ([]listed, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"list", "-deps", "-json=Dir,Standard,Module"}, packages...)...)
	command.Dir = root
	command.Env = append(os.Environ(), platform.Environment()...)
	var problems bytes.Buffer
	command.Stderr = &problems
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list for %s: %w\n%s", platform, err, problems.String())
	}
	var all []listed
	decoder := json.NewDecoder(bytes.NewReader(output))
	for {
		var p listed
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("what go list wrote: %w", err)
		}
		all = append(all, p)
	}
}

func standardLibrary(ctx context.Context, reader *classifier.Classifier, root string) (*Module, error) {
	command := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOROOT")
	command.Dir = root
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	version, folder, _ := strings.Cut(strings.TrimSpace(string(output)), "\n")
	std := &Module{Path: Std, Version: strings.TrimPrefix(version, "go")}
	return std, std.addFolder(reader, folder, folder)
}

// addFolders adds the texts of a package's folder and of those above it, up to that of the module.
func (m *Module) addFolders(reader *classifier.Classifier, top, folder string) error {
	for {
		if err := m.addFolder(reader, top, folder); err != nil {
			return err
		}
		if folder == top || len(folder) <= len(top) {
			return nil
		}
		folder = filepath.Dir(folder)
	}
}

func (m *Module) addFolder(reader *classifier.Classifier, top, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("%s: %w", m.Path, err)
	}
	for _, e := range entries {
		if e.IsDir() || !fileName.MatchString(e.Name()) || filepath.Ext(e.Name()) == ".go" {
			continue
		}
		path, err := filepath.Rel(top, filepath.Join(folder, e.Name()))
		if err != nil {
			return err
		}
		path = filepath.ToSlash(path)
		if slices.ContainsFunc(m.Texts, func(t Text) bool { return t.Path == path }) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return fmt.Errorf("%s: %w", m.Path, err)
		}
		m.Texts = append(m.Texts, Text{Path: path, Content: string(content), Licenses: recognize(reader, content)})
	}
	return nil
}

// recognize names the licenses whose whole text is in content.
func recognize(reader *classifier.Classifier, content []byte) []string {
	var names []string
	for _, match := range reader.Match(content).Matches {
		if match.MatchType == "License" {
			names = append(names, match.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (m *Module) sort() {
	slices.SortFunc(m.Texts, func(a, b Text) int { return cmp.Compare(a.Path, b.Path) })
	for _, t := range m.Texts {
		m.Licenses = append(m.Licenses, t.Licenses...)
	}
	slices.Sort(m.Licenses)
	m.Licenses = slices.Compact(m.Licenses)
}
