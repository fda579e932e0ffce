package policy

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlfault"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Load reads a policy file. The error is an *Error where the file can be read but says something wrong.
func Load(path string) (*Policy, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the policy: %w", err)
	}
	return ParseFile(path, text)
}

// ParseFile is Parse for the text of a file, which an *Error then names.
func ParseFile(path string, text []byte) (*Policy, error) {
	p, err := Parse(text)
	if e, ok := errors.AsType[*Error](err); ok {
		e.File = path
	}
	return p, err
}

// Parse reads a GuardPolicy. Text without content is the default policy. Everything that is wrong is reported at
// once, by an *Error: what does not parse, unknown fields, rules, actions and profiles, values of a wrong type,
// keys that stand twice, further documents, and settings that would have no effect.
func Parse(text []byte) (*Policy, error) {
	r := &reader{policy: Default()}
	if packed := misread.Packed(string(text)); packed != "" {
		return nil, &Error{Problems: []Problem{{Line: 1, Column: 1, Message: packed}}}
	}
	_, roots, err := yamlpos.Documents(string(text))
	if err != nil {
		r.syntax(err, string(text))
	}
	if len(roots) > 1 {
		for _, root := range roots[1:] {
			if root != nil && !isNull(root) {
				r.report(root, "a second document: a policy is one document, the rest would be ignored")
				break
			}
		}
	}
	if len(roots) > 0 && roots[0] != nil && !isNull(roots[0]) {
		r.root(roots[0])
	}
	if len(r.err.Problems) > 0 {
		r.err.sort()
		return nil, &r.err
	}
	return r.policy, nil
}

// reader walks the syntax tree of a policy and collects what is wrong.
type reader struct {
	policy *Policy
	err    Error
}

func (r *reader) report(n *yaml.Node, format string, args ...any) {
	r.err.Problems = append(r.err.Problems, Problem{Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...)})
}

// syntax reports text that is not YAML, with the smallest change that fixes it where there is one.
func (r *reader) syntax(err error, text string) {
	saw, line := yamlpos.ErrorLine(err)
	fault := yamlfault.Find(text, line, func(text string) (int, error) {
		_, roots, err := yamlpos.Documents(text)
		if err != nil || len(roots) == 0 || roots[0] == nil {
			return 0, err
		}
		then := &reader{policy: Default()}
		then.root(roots[0])
		return 10*keys(roots[0]) - len(then.err.Problems), nil
	})
	remedy := "correct this line"
	if words, advice := fault.Words(); words != "" {
		saw, remedy = words, advice
	}
	p := (&yamlpos.File{Text: text}).Position(fault.Start)
	r.err.Problems = append(r.err.Problems, Problem{Line: p.Line, Column: p.Column, Message: "not YAML: " + saw + "; " + remedy})
}

// keys counts those of all mappings, so that a change that loses one makes less sense than one that keeps a wrong one.
func keys(n *yaml.Node) int {
	count := 0
	if n.Kind == yaml.MappingNode {
		count = len(n.Content) / 2
	}
	for _, child := range n.Content {
		count += keys(child)
	}
	return count
}

// field is one key of a mapping with what reads its value.
type field struct {
	name string
	read func(*yaml.Node)
}

func (r *reader) root(n *yaml.Node) {
	seen := r.mapping(n, "a policy", "field", []field{
		{"apiVersion", func(v *yaml.Node) { r.constant(v, "apiVersion", APIVersion) }},
		{"kind", func(v *yaml.Node) { r.constant(v, "kind", Kind) }},
		{"profile", r.profile},
		{"rules", r.rules},
		{"fix", func(v *yaml.Node) {
			r.mapping(v, "fix", "field", []field{{"fieldManagers", func(v *yaml.Node) { r.policy.FieldManagers = r.globs(v, "fieldManagers") }}})
		}},
		{"exempt", func(v *yaml.Node) {
			r.mapping(v, "exempt", "field", []field{{"users", func(v *yaml.Node) { r.policy.ExemptUsers = r.globs(v, "users") }}})
		}},
		{"override", func(v *yaml.Node) {
			r.mapping(v, "override", "field", []field{
				{"users", func(v *yaml.Node) { r.policy.OverrideUsers = r.globs(v, "users") }},
				{"groups", func(v *yaml.Node) { r.policy.OverrideGroups = r.globs(v, "groups") }},
			})
		}},
		{"protected", r.protected},
		{"writers", r.writers},
		{"writersOnly", func(v *yaml.Node) { r.policy.Limits.Only = r.boolean(v, "writersOnly") }},
		{"access", func(v *yaml.Node) { r.mapping(v, "access", "field", []field{{"maxAge", r.maxAge}}) }},
	})
	if seen == nil {
		return
	}
	for _, want := range [][2]string{{"apiVersion", APIVersion}, {"kind", Kind}} {
		if seen[want[0]] == nil {
			r.report(n, "%s is missing: write %s: %s", want[0], want[0], want[1])
		}
	}
}

// mapping reads the keys of a mapping and returns their nodes, or nil for something else. Null, as of a key with
// nothing after it, is a mapping without keys. Noun is what one of its keys is called.
func (r *reader) mapping(n *yaml.Node, what, noun string, fields []field) map[string]*yaml.Node {
	n = yamlpos.Target(n)
	if isNull(n) {
		return map[string]*yaml.Node{}
	}
	if n.Kind != yaml.MappingNode {
		r.report(n, "%s is a mapping of keys to values, not %s", what, describe(n))
		return nil
	}
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.name
	}
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := yamlpos.Target(n.Content[i]), n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.report(n.Content[i], "a key of %s is a word, not %s", what, describe(key))
			continue
		}
		if first := seen[key.Value]; first != nil {
			r.report(n.Content[i], "%q appears twice, first in line %d", key.Value, first.Line)
			continue
		}
		seen[key.Value] = n.Content[i]
		at := slices.Index(known, key.Value)
		if at < 0 {
			r.report(n.Content[i], "unknown %s %q%s", noun, key.Value, suggest(key.Value, known))
			continue
		}
		fields[at].read(value)
	}
	return seen
}

func (r *reader) constant(n *yaml.Node, name, want string) {
	if s, ok := r.text(n, name); ok && s != want {
		r.report(n, "%s is %q, this guard reads %q", name, s, want)
	}
}

func (r *reader) profile(n *yaml.Node) {
	s, ok := r.text(n, "profile")
	if !ok {
		return
	}
	var known []string
	for _, p := range validate.Profiles() {
		if s == string(p) {
			r.policy.Profile = p
			return
		}
		known = append(known, string(p))
	}
	r.report(n, "unknown profile %q%s", s, suggest(s, known))
}

func (r *reader) rules(n *yaml.Node) {
	fields := []field{}
	for _, name := range names() {
		fields = append(fields, field{name, func(v *yaml.Node) { r.rule(name, v) }})
	}
	r.mapping(n, "rules", "rule", fields)
}

func (r *reader) rule(name string, n *yaml.Node) {
	var setting Rule
	fields := []field{{"action", func(v *yaml.Node) { setting.Action = r.action(name, v) }}}
	params := validate.Lookup(name).Params
	for _, p := range params {
		fields = append(fields, field{p.Name, func(v *yaml.Node) {
			if list := r.list(v, p.Name, p.Check); len(list) > 0 {
				if setting.Params == nil {
					setting.Params = validate.Params{}
				}
				setting.Params[p.Name] = list
			}
		}})
	}
	seen := r.mapping(n, "rule "+name, "field", fields)
	for _, p := range params {
		if p.Needed {
			r.checkNeeded(name, p, seen, setting.Action)
		}
	}
	r.policy.Rules[name] = setting
}

// checkNeeded finds settings of a rule that would have no effect: its parameter without an action, or an action without it.
func (r *reader) checkNeeded(rule string, p validate.Param, seen map[string]*yaml.Node, set validate.Action) {
	action, list := seen["action"], seen[p.Name]
	switch {
	case list != nil && action == nil:
		r.report(list, "rule %s is off unless it is given an action: add action: deny, or warn", rule)
	case action != nil && list == nil && set != "" && set != validate.Off:
		r.report(action, "rule %s does nothing without %s: add %s: with %s", rule, p.Name, p.Name, p.NeededFor)
	}
}

func (r *reader) action(rule string, n *yaml.Node) validate.Action {
	s, ok := r.text(n, "action")
	if !ok {
		return ""
	}
	known := []string{string(validate.Off), string(validate.Warn), string(validate.Deny)}
	canFix := validate.Lookup(rule).Standard == validate.Fix
	if canFix {
		known = append(known, string(validate.Fix))
	}
	switch {
	case slices.Contains(known, s):
		return validate.Action(s)
	case s == string(validate.Fix):
		r.report(n, "rule %s has no repair that is safe enough: its action can be %s", rule, strings.Join(known, ", "))
	default:
		r.report(n, "unknown action %q%s", s, suggest(s, known))
	}
	return ""
}

// maxAge reads how old a snapshot of the access entries may be.
func (r *reader) maxAge(n *yaml.Node) {
	s, ok := r.text(n, "maxAge")
	if !ok {
		return
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Minute {
		r.report(n, "maxAge is %q: write a time of at least a minute, as 30m or 1h", s)
		return
	}
	r.policy.MaxAge = d
}

func (r *reader) globs(n *yaml.Node, name string) []string {
	return r.list(n, name, func(s string) string {
		if s == "" {
			return "an empty name matches nobody"
		}
		return ""
	})
}

// list reads a list of texts; check says what is wrong with an item, or nothing.
func (r *reader) list(n *yaml.Node, name string, check func(string) string) []string {
	n = yamlpos.Target(n)
	if n.Kind != yaml.SequenceNode {
		r.report(n, "%s is a list, not %s", name, describe(n))
		return nil
	}
	items := []string{}
	for _, item := range n.Content {
		s, ok := r.text(item, "an item of "+name)
		if !ok {
			continue
		}
		if problem := check(s); problem != "" {
			r.report(item, "%s", problem)
			continue
		}
		items = append(items, s)
	}
	return items
}

func (r *reader) text(n *yaml.Node, what string) (string, bool) {
	v := yamlpos.Target(n)
	if v.Kind == yaml.ScalarNode && v.ShortTag() == "!!str" {
		return v.Value, true
	}
	hint := ""
	if v.Kind == yaml.ScalarNode && !isNull(v) {
		hint = fmt.Sprintf(": write %q", v.Value)
	}
	r.report(n, "%s is a text, not %s%s", what, describe(v), hint)
	return "", false
}
