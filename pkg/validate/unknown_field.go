package validate

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/typo"
)

func unknownField() *Rule {
	return &Rule{
		Name:  "unknown-field",
		Title: "a field that EKS does not read",
		Rationale: "The authenticator knows rolearn (userarn in mapUsers), username, groups and userid, in any case. It " +
			"silently ignores every other field: with group: the groups are lost, with role_arn: the whole entry.",
		Severity: High,
		Standard: Deny,
		Losses:   []string{"`role_arn:` or `arn:` instead of `rolearn:`"},
		Repairs:  true,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  group:\n  - devs\n"),
			roles("- role_arn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"),
		},
		Good: []Example{roles("- roleARN: arn:aws:iam::111122223333:role/dev\n  Username: dev\n  userid: AROAEXAMPLE\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.DoubtfulEntries() {
				for _, f := range e.Fields() {
					checkUnknown(p, e, f)
				}
			}
		},
	}
}

func checkUnknown(p *Pass, e *awsauth.Entry, f *awsauth.Field) {
	report := func(what, remedy string, fix *Repair) {
		p.Report(Finding{Section: e.Section.Key, Entry: e.Index, Field: f.Name, Span: f.KeySpan(), What: what, Remedy: remedy, Fix: fix})
	}
	switch {
	case f.Known == "":
	case f.Known == awsauth.FieldSSO && e.Section.Key == awsauth.MapUsers:
		report("EKS does not read sso in mapUsers", "remove it", nil)
		return
	case f.Known == otherARNField(e) && e.Field(e.ARNField()) != nil:
		report(fmt.Sprintf("EKS does not read %s in %s", f.Name, e.Section.Key), "remove it", nil)
		return
	default:
		return
	}
	meant := meantField(e, f.Name)
	if key := awsauth.Key(f.Name); slices.Contains(awsauth.Keys(), key) {
		what, remedy := keyInside(f.Name, "inside an entry of", e.Section.Key)
		report(what, remedy, nil)
		return
	}
	if meant == "" {
		report(fmt.Sprintf("%s is not a field of aws-auth: EKS ignores it", quote(f.Name)), "remove it", nil)
		return
	}
	if e.Field(meant) == nil {
		p.Suppress(e, suppressName(meant))
	}
	report(fmt.Sprintf("%s is not a field of aws-auth, so EKS ignores it", quote(f.Name)), fmt.Sprintf("did you mean %s?", meant), renameField(e, f, meant))
}

func otherARNField(e *awsauth.Entry) string {
	if e.Section.Key == awsauth.MapRoles {
		return awsauth.FieldUserARN
	}
	return awsauth.FieldRoleARN
}

// suppressName is the name under which rules suppress a field: the ARN goes by one name in both sections.
func suppressName(field string) string {
	if field == awsauth.FieldRoleARN || field == awsauth.FieldUserARN {
		return "arn"
	}
	return field
}

// misnomer is the field that people mean by a name which is no near miss of it, or "".
func misnomer(e *awsauth.Entry, name string) string {
	switch name {
	case "arn", "role", "iamrole", "rolearns", "iamarn", "roleid":
		return e.ARNField()
	case "user", "name", "usernames", "kubernetesusername":
		return awsauth.FieldUsername
	case "group", "rbacgroups", "kubernetesgroups":
		return awsauth.FieldGroups
	}
	return ""
}

// meantField guesses which field a name was meant to be, or "".
func meantField(e *awsauth.Entry, name string) string {
	plain := strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune("_-. \t\"'`\u00a0\u200b\ufeff“”„‘’\u2010\u2011\u2013\u2014\u2022*", r) {
			return -1
		}
		return r
	}, name))
	meant := misnomer(e, plain)
	for _, field := range []string{e.ARNField(), awsauth.FieldUsername, awsauth.FieldGroups} {
		if plain == field || typo.Near(plain, field) || meant == field {
			return field
		}
	}
	return ""
}

// renameField suggests the right name where the entry does not have that field yet.
func renameField(e *awsauth.Entry, f *awsauth.Field, name string) *Repair {
	if e.Field(name) != nil || f.Merged {
		return nil
	}
	key, ok := e.Section.Scalar(f.Key)
	if !ok {
		return nil
	}
	span, ok := key.Range(0, len(f.Name))
	want := wantField(e, name, f.Value)
	if !ok || want == nil {
		return nil
	}
	return &Repair{
		Applicability: Suggested, Summary: fmt.Sprintf("renamed %s to %s", quote(f.Name), name),
		Edits: []Edit{{Start: span.Start, End: span.End, New: name}}, Want: []Reading{*want},
	}
}

// wantField is the reading that a node gives for a field, or nil where it gives none.
func wantField(e *awsauth.Entry, name string, value *yaml.Node) *Reading {
	switch {
	case name == awsauth.FieldGroups:
		if awsauth.ShapeOf(value) != awsauth.List {
			return nil
		}
		c := &Reading{Entry: e.Index, Field: ReadGroups}
		for _, n := range value.Content {
			if awsauth.ShapeOf(n) != awsauth.String {
				return nil
			}
			c.Groups = append(c.Groups, n.Value)
		}
		return c
	case awsauth.ShapeOf(value) != awsauth.String:
		return nil
	case name == awsauth.FieldUsername:
		return &Reading{Entry: e.Index, Field: ReadUsername, Value: value.Value}
	}
	return &Reading{Entry: e.Index, Field: ReadARN, Value: value.Value}
}
