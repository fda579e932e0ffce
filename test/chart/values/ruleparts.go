package values

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/ruledoc"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// The files of the chart that name rules.
const (
	companionFile = "charts/aws-auth-guard/files/companion.yaml"
	topicsFile    = "charts/aws-auth-guard/templates/_rules.tpl"
)

// The marks around the part of the companion policy that is written from the rules.
const (
	rulesBegin = "  # Written by `make generate` from the rules: begin.\n"
	rulesEnd   = "  # Written by `make generate` from the rules: end.\n"
)

// Rules are the parts of the chart that name rules, by their path from the root of the repository.
func Rules(root string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(companionFile)))
	if err != nil {
		return nil, err
	}
	companion, err := ruledoc.Between(string(text), rulesBegin, rulesEnd, companionRules())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", companionFile, err)
	}
	return map[string]string{companionFile: companion, topicsFile: topics()}, nil
}

// companionRules are the variables of the companion policy that list rules: those that an override may name, and those
// that the policy itself is about.
func companionRules() string {
	var all, own []string
	for _, r := range validate.Rules() {
		if r.AtAdmission() {
			all = append(all, r.Name)
		}
		if r.Companion {
			own = append(own, r.Name)
		}
	}
	return variable("rules", all) + variable("ownRules", own)
}

// variable is a list of texts in CEL, in lines of no more than width characters.
func variable(name string, items []string) string {
	const width = 115
	slices.Sort(items)
	var b strings.Builder
	fmt.Fprintf(&b, "  - name: %s\n    expression: |-\n", name)
	line := "      ["
	for i, item := range items {
		word := "'" + item + "'"
		if i < len(items)-1 {
			word += ","
		}
		if len(line)+1+len(word) > width {
			b.WriteString(line + "\n")
			line = "       "
		}
		if !strings.HasSuffix(line, "[") && strings.TrimSpace(line) != "" {
			line += " "
		}
		line += word
	}
	b.WriteString(line + "]\n")
	return b.String()
}

// topics define for each topic the rules that ask the cluster about it.
func topics() string {
	var b strings.Builder
	b.WriteString("{{/* Written by `make generate` from the rules: which of them ask the cluster about what. */}}\n")
	for _, t := range []validate.Topic{validate.TopicNodes, validate.TopicBindings, validate.TopicGrants} {
		fmt.Fprintf(&b, "{{- define \"aws-auth-guard.rulesAbout.%s\" -}}%s{{- end -}}\n", t, strings.Join(validate.Needing(t), ","))
	}
	var idle []string
	for _, r := range validate.Rules() {
		if r.Configured != nil && len(r.Needs) > 0 {
			idle = append(idle, r.Name)
		}
	}
	fmt.Fprintf(&b, "{{/* Those that ask nothing while the policy names no writers. */}}\n{{- define \"aws-auth-guard.rulesOfWriters\" -}}%s{{- end -}}\n", strings.Join(idle, ","))
	return b.String()
}
