package accessentry

import (
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Shell writes the plan as a POSIX shell script of AWS CLI commands.
func (p *Plan) Shell(w io.Writer) error {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n" + commented(p.before("run this script. A command that fails stops no other.")) + "\nexport AWS_PAGER=\nfailed=0\n")
	for i := range p.Items {
		it := &p.Items[i]
		b.WriteString("\n" + commented(it.explanation()))
		b.WriteString(active(it, p.commands(it.Entry)))
	}
	b.WriteString("\n" + commented(p.after()) + "exit $failed\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// active is the text of a ready item as it is, that of any other one as comments.
func active(it *Item, text string) string {
	if it.Status == Ready {
		return text
	}
	return commented(text)
}

func (p *Plan) commands(e *Entry) string {
	if e == nil {
		return ""
	}
	principal := quote(e.PrincipalARN)
	if e.Lookup != "" {
		principal = `"$(aws iam get-role --role-name ` + quote(e.Lookup) + ` --query Role.Arn --output text)"`
	}
	cluster := "--cluster-name " + p.Cluster + p.region()
	create := []string{"aws eks create-access-entry " + cluster, "--principal-arn " + principal, "--type " + string(e.Type)}
	if !plainArguments(e) {
		create = append(create, "--cli-input-json "+quote(identityJSON(e)))
	} else {
		if e.Username != "" {
			create = append(create, "--username "+quote(e.Username))
		}
		if len(e.Groups) > 0 {
			words := []string{"--kubernetes-groups"}
			for _, g := range e.Groups {
				words = append(words, quote(g))
			}
			create = append(create, strings.Join(words, " "))
		}
	}
	text := command(create)
	if e.Policy != "" {
		text += command([]string{"aws eks associate-access-policy " + cluster, "--principal-arn " + principal, "--policy-arn " + e.Policy, "--access-scope type=cluster"})
	}
	return text
}

// command writes the parts of a command over as many lines.
func command(parts []string) string { return strings.Join(parts, " \\\n  ") + " || failed=1\n" }

// misread begins texts that the AWS CLI does not take as they are: options, JSON, files and addresses to read.
var misread = regexp.MustCompile(`(?i)^(-|\s*\[|\s*\{|file://|fileb://|https?://)`)

func plainArguments(e *Entry) bool {
	return !slices.ContainsFunc(append([]string{e.Username}, e.Groups...), func(s string) bool {
		return misread.MatchString(s) || text.Source(s) != s
	})
}

// identityJSON is the part of a CreateAccessEntry request that comes from the map's free text.
func identityJSON(e *Entry) string {
	raw, _ := json.Marshal(struct { //nolint:errchkjson // Texts always encode.
		Username string   `json:"username,omitempty"`
		Groups   []string `json:"kubernetesGroups,omitempty"`
	}{e.Username, e.Groups})
	return text.JSON(string(raw))
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_%+=:,./@-]+$`)

// quote makes one word for the shell of a text.
func quote(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
