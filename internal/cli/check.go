package cli

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/lint"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// never is the threshold that no finding reaches.
const never = "never"

// checkFlags are those of the commands that check files.
type checkFlags struct {
	profile    string
	policy     string
	failOn     string
	requireMap bool
	exclude    manifest.Excludes
	// noConfig and noIgnores turn off what a change of the files could say in its own favor.
	noConfig, noIgnores bool
	iam                 iamFlags
}

func (f *checkFlags) register(c *cobra.Command) {
	registerProfile(c, &f.profile, "how strict to be")
	c.Flags().StringVar(&f.policy, "policy", "", "a GuardPolicy `file`: actions and parameters per rule; --profile, where given, wins over its profile")
	registerChoice(c, &f.failOn, "fail-on", "", string(validate.Error), "exit with 1 on findings of this level or above: error, warning or never",
		string(validate.Error), string(validate.Warning), never)
}

// registerInputs is for the commands that read files.
func (f *checkFlags) registerInputs(c *cobra.Command) {
	c.Flags().StringArrayVar((*[]string)(&f.exclude), "exclude", nil, "leave out of folders what matches this `glob`, which may "+
		"hold **; without a slash it is held against names at any depth; can be given more than once")
	c.Flags().BoolVar(&f.requireMap, "require-map", false, "exit with 3 where no map was read")
	c.Flags().BoolVar(&f.noConfig, "no-config", false, "do not look for "+configName+": for CI, where a change could bring its own")
	c.Flags().BoolVar(&f.noIgnores, "no-ignores", false, "do not heed comments that ask to ignore a finding: for CI likewise")
}

// checker checks documents by a policy.
type checker struct {
	*lint.Checker
	// policyFile is what the policy was read from, or "".
	policyFile string
	failOn     string
	// requireMap makes it a failure that no map was read.
	requireMap bool
	exclude    manifest.Excludes
	// finder is nil where no policy is looked for.
	finder *finder
}

func (f *checkFlags) checker(c *cobra.Command) (*checker, error) {
	profile := validate.Profile(f.profile)
	if err := f.exclude.Check(); err != nil {
		return nil, usage(fmt.Errorf("--exclude %w", err))
	}
	load := func(path string) (*policy.Policy, error) {
		p, err := policy.Load(path)
		if err == nil && c.Flags().Changed("profile") {
			p.Profile = profile
		}
		return p, err
	}
	p := policy.Default()
	p.Profile = profile
	if f.policy != "" {
		loaded, err := load(f.policy)
		if err != nil {
			return nil, unreadable(err)
		}
		p = loaded
	}
	checker := &checker{Checker: lint.New(p), policyFile: f.policy, failOn: f.failOn, requireMap: f.requireMap, exclude: f.exclude}
	if reads := c.Flags().Lookup("no-config") != nil; reads && f.policy == "" && !f.noConfig {
		checker.finder = &finder{load: load, byFolder: map[string]string{}, byPath: map[string]*lint.Checker{}}
	}
	return checker, nil
}

// fails reports whether the report holds something at or above the threshold.
func (c *checker) fails(r *report.Report) bool {
	switch c.failOn {
	case never:
		return false
	case string(validate.Warning):
		return len(r.Findings)+len(r.Notes) > 0
	}
	return r.Count(validate.Error) > 0
}

// verdict ends the program by what the report holds.
func (c *checker) verdict(r *report.Report) error {
	switch {
	case c.requireMap && r.MapCount == 0:
		return unreadable(fmt.Errorf("%s, and --require-map wants one", r.Summary()))
	case c.fails(r):
		return &exitError{code: exitFindings}
	}
	return nil
}

// load reads all files that arguments name and hands each to visit, then forgets it. What was named and can't be read is
// reported, and the rest is visited all the same; then the error says so. What was only found and can't be read gets a note.
func load(args []string, exclude manifest.Excludes, s Streams, note func(report.Note), visit func(manifest.Input, *manifest.File) error) error {
	if err := once(args); err != nil {
		return err
	}
	inputs, errs := manifest.Inputs(args, exclude)
	listed := map[string]bool{}
	for _, in := range inputs {
		listed[filepath.Clean(in.Path)] = true
	}
	p := newProgress(s.Err)
	if slices.Contains(args, "-") {
		p.done() // What a person types stays readable.
	}
	defer p.done()
	for i := 0; i < len(inputs); i++ {
		in := inputs[i]
		p.one(i+1, len(inputs), text.Visible(in.Name()))
		if in.Found && filepath.Base(in.Path) == configName {
			continue // It says how the others are checked.
		}
		f, err := in.Load(s.In)
		switch {
		case err != nil && in.Found:
			note(report.Note{File: in.Name(), What: manifest.Unread, Message: "not checked: " + errors.Unwrap(err).Error()})
			continue
		case err != nil:
			errs = append(errs, err)
			continue
		}
		for _, path := range f.Beside {
			if !listed[path] {
				listed[path] = true
				inputs = append(inputs, manifest.Input{Path: path, Found: true})
			}
		}
		if in.Stdin() && strings.TrimSpace(f.Text) == "" {
			// What was to fill the pipe has failed: that must not pass for a clean map.
			errs = append(errs, fmt.Errorf("%s: nothing there", text.Visible(f.Name)))
			continue
		}
		p.aside()
		if !in.Found && len(f.Documents)+len(f.Problems)+len(f.Notes)+len(f.Beside) == 0 && !informs(f.Text) {
			nothingIn(s.Err, f)
		}
		if err := visit(in, f); err != nil {
			errs = append(errs, err)
			if errors.Is(err, errInterrupted) {
				break
			}
		}
	}
	if len(errs) > 0 {
		return unreadable(errors.Join(errs...))
	}
	return nil
}

// once refuses standard input named twice: it can be read only once.
func once(args []string) error {
	first := slices.Index(args, "-")
	if first >= 0 && slices.Contains(args[first+1:], "-") {
		return usage(errors.New("standard input (-) can be read only once"))
	}
	return nil
}

// tellNotes says what could not be checked.
func tellNotes(w io.Writer, r *report.Report) {
	for _, n := range r.Notes {
		fmt.Fprintln(w, n)
	}
}

func nothingIn(w io.Writer, f *manifest.File) {
	hint := ""
	if strings.Contains(f.Text, "audit.k8s.io") {
		fmt.Fprintf(w, "%s: no request in it writes aws-auth\n", text.Visible(f.Name))
		return
	}
	if strings.Contains(strings.ToLower(f.Text), "arn:") {
		hint = "; a part of one is read when it stands under its key, as in `mapRoles: |`"
	}
	fmt.Fprintf(w, "%s: no ConfigMap aws-auth in it%s\n", text.Visible(f.Name), hint)
}
