package cli

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/lint"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// configName is the file with the policy of the files beside it and below.
const configName = ".aws-auth-guard.yaml"

// finder finds the policy of each file.
type finder struct {
	// load reads a policy as the flags want it.
	load func(path string) (*policy.Policy, error)
	// byFolder are the paths of the policies, "" for none.
	byFolder map[string]string
	byPath   map[string]*lint.Checker
	used     []string
}

// at is the checker for one input, by the policy that is found for it.
func (c *checker) at(in manifest.Input) (*checker, error) {
	if c.finder == nil {
		return c, nil
	}
	folder := "."
	if !in.Stdin() {
		folder = filepath.Dir(in.Path)
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", configName, err)
	}
	path := c.finder.find(folder)
	if path == "" {
		return c, nil
	}
	found := c.finder.byPath[path]
	if found == nil {
		p, err := c.finder.load(path)
		if err != nil {
			return nil, fmt.Errorf("%s: not checked: %w", text.Visible(in.Path), err)
		}
		of := *c.Checker
		of.Policy, of.Options = p, p.Options()
		found = &of
		c.finder.byPath[path] = found
		c.finder.used = append(c.finder.used, path)
	}
	found.Options.Bindings = c.Options.Bindings
	of := *c
	of.Checker = found
	return &of, nil
}

// find looks for the policy of a folder, upwards to the root of the repository. A folder that all users of the machine share,
// such as /tmp, is nobody's project.
func (f *finder) find(folder string) string {
	if path, known := f.byFolder[folder]; known {
		return path
	}
	path := ""
	shared := false
	if info, err := os.Stat(folder); err == nil {
		shared = info.Mode()&fs.ModeSticky != 0
	}
	candidate, parent := filepath.Join(folder, configName), filepath.Dir(folder)
	switch {
	case !shared && isFile(candidate):
		path = shortest(candidate)
	case parent != folder && !isFile(filepath.Join(folder, ".git")):
		path = f.find(parent)
	}
	f.byFolder[folder] = path
	return path
}

// shortest is a path as a person here would write it.
func shortest(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if short, err := filepath.Rel(here, path); err == nil && len(short) < len(path) {
		return short
	}
	return path
}

// policyFiles are what was checked by, for reports.
func (c *checker) policyFiles() []string {
	if c.finder == nil {
		if c.policyFile == "" {
			return nil
		}
		return []string{c.policyFile}
	}
	return slices.Sorted(slices.Values(c.finder.used))
}

// tellConfig says by which policies files were checked that were found and not named.
func (c *checker) tellConfig(w io.Writer) {
	if c.finder == nil {
		return
	}
	for _, path := range c.policyFiles() {
		fmt.Fprintf(w, "checked by the policy %s\n", text.Visible(path))
	}
}
