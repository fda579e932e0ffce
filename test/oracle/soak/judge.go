package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

// judge says what is wrong with the data of a stored map: nothing for a good one. It shares no code with the guard: the
// real authenticator reads the text, and the rules are this file's own.
func judge(data map[string]string) []string {
	var wrong []string
	say := func(format string, arguments ...any) { wrong = append(wrong, fmt.Sprintf(format, arguments...)) }
	for key := range data {
		if !slices.Contains([]string{"mapRoles", "mapUsers"}, key) {
			say("nobody reads the key %s", key)
		}
	}
	roles, users, _, err := authenticator.Parse(data)
	if err != nil {
		say("the authenticator can't read it: %v", err)
		return wrong
	}
	for key, kept := range map[string]int{"mapRoles": len(roles), "mapUsers": len(users)} {
		if written, ok := items(data[key]); !ok || written != kept {
			say("of %s the authenticator keeps %d entries, and %d are written (a list: %t)", key, kept, written, ok)
		}
		arns, usernames := len(arnFields.FindAllString(data[key], -1)), len(usernameFields.FindAllString(data[key], -1))
		if arns != kept || usernames != kept {
			say("%s names %d ARNs and %d usernames in %d entries", key, arns, usernames, kept)
		}
		if secondDocument.MatchString(data[key]) {
			say("%s has a second document", key)
		}
		for _, field := range fieldNames.FindAllStringSubmatch(data[key], -1) {
			if !slices.Contains([]string{"rolearn", "userarn", "username", "groups"}, field[1]) {
				say("nobody reads the field %s in %s", field[1], key)
			}
		}
	}
	seen := map[string]bool{}
	entry := func(arn string, reaches *regexp.Regexp, username string, groups []string) {
		if !reaches.MatchString(arn) {
			say("no caller arrives as %q", arn)
		}
		if seen[strings.ToLower(arn)] {
			say("%s is there twice", arn)
		}
		seen[strings.ToLower(arn)] = true
		for _, problem := range identity(username, groups) {
			say("%s: %s", arn, problem)
		}
	}
	for _, r := range roles {
		entry(r.RoleARN, callableRole, r.Username, r.Groups)
	}
	for _, u := range users {
		entry(u.UserARN, callableUser, u.Username, u.Groups)
	}
	return append(wrong, lost(roles)...)
}

var (
	callableRole   = regexp.MustCompile(`^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_-]+$`)
	callableUser   = regexp.MustCompile(`^arn:aws:iam::[0-9]{12}:user/([A-Za-z0-9+=,.@_-]+/)*[A-Za-z0-9+=,.@_-]+$`)
	secondDocument = regexp.MustCompile(`(?m)\S[^\n]*\n(---|\.\.\.)[ \t]*\n[ \t]*\S`)
	fieldNames     = regexp.MustCompile(`(?m)^(?:- |  )([A-Za-z_]+):`)
	arnFields      = regexp.MustCompile(`(?m)^(?:- |  )(?:role|user)arn:`)
	usernameFields = regexp.MustCompile(`(?m)^(?:- |  )username:`)
	templates      = regexp.MustCompile(`\{\{.*?\}\}`)
	groupName      = regexp.MustCompile(`^(system:(bootstrappers|nodes|masters)|team-[0-9]+)$`)
)

// items counts the items of a list; an empty text has none.
func items(text string) (int, bool) {
	if strings.TrimSpace(text) == "" {
		return 0, true
	}
	var list []any
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		return 0, false
	}
	return len(list), true
}

// identity says what is wrong with who somebody becomes.
func identity(username string, groups []string) []string {
	var wrong []string
	node := username == "system:node:{{EC2PrivateDNSName}}"
	switch {
	case username == "":
		wrong = append(wrong, "the username is empty")
	case !node && strings.HasPrefix(username, "system:"):
		wrong = append(wrong, "the username is reserved: "+username)
	}
	for _, template := range templates.FindAllString(username, -1) {
		if template != "{{SessionName}}" && template != "{{EC2PrivateDNSName}}" && template != "{{AccountID}}" {
			wrong = append(wrong, "nothing renders "+template)
		}
	}
	if len(groups) == 0 {
		wrong = append(wrong, "it has no groups")
	}
	for _, group := range groups {
		if !groupName.MatchString(group) {
			wrong = append(wrong, fmt.Sprintf("%q is no group of this test", group))
		}
	}
	if node != slices.Contains(groups, "system:nodes") || node != slices.Contains(groups, "system:bootstrappers") {
		wrong = append(wrong, "it is half a node")
	}
	return wrong
}

// lost names who must be in the map, with what they need, and is not: the nodes, and everybody who writes.
func lost(roles []roleMapping) []string {
	var wrong []string
	for arn, groups := range needed {
		has := slices.ContainsFunc(roles, func(r roleMapping) bool { return r.RoleARN == arn && slices.Equal(r.Groups, groups) })
		if !has {
			wrong = append(wrong, arn+" is locked out")
		}
	}
	slices.Sort(wrong)
	return wrong
}
