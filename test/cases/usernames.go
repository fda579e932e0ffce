package cases

// roleWithUsername is the role dev with the username written as text; text "" leaves the field out.
func roleWithUsername(text string) map[string]string {
	if text != "" {
		text = "  username: " + text + "\n"
	}
	return roles("- rolearn: " + devARN + "\n" + text + "  groups:\n  - devs\n")
}

// usernameRow is a username written as text that reads as name and gives the caller the user want.
func usernameRow(id, title, text, name string, caller Caller, want string) Case {
	return Case{
		ID: id, Title: title,
		Data:  roleWithUsername(text),
		Kept:  keptRoles(entry(devARN, name, "devs")),
		Calls: calls(call(caller, mapped(want, "devs"))),
	}
}

// literal is a username that is taken as it is read.
func literal(id, title, text, name string) Case {
	return usernameRow(id, title, text, name, session("dev", "alice"), name)
}

// zeroed is a username of the wrong type: it is lost, and the caller is let in without a name.
func zeroed(id, title, text, kind string) Case {
	c := literal(id, title, text, "")
	c.Error = "json: cannot unmarshal " + kind + " into Go struct field RoleMapping.username of type string"
	return c
}

// broken is a username that costs the whole list.
func broken(id, title, text, message string) Case {
	return Case{ID: id, Title: title, Data: roleWithUsername(text), Error: message, Calls: calls(alice(notMapped()))}
}

// usernameCases are the rows of family B about templates and plain text.
func usernameCases() []Case {
	invalidKey := `yaml: invalid map key: map[interface {}]interface {}{"SessionName":interface {}(nil)}`
	jane := session("dev", "jane@example.com")
	lowered := "- rolearn: " + nodeARN + "\n  username: system:node:{{ec2privatednsname}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	fargate := "fargate-ip-192-168-1-2.ec2.internal"

	return []Case{
		literal("B12", "upper case", "Alice.Admin", "Alice.Admin"),
		literal("B13", "inner space", "alice smith", "alice smith"),
		literal("B14", "trailing space in quotes", `"alice "`, "alice "),
		broken("B15", "{{SessionName}} unquoted at the start", "{{SessionName}}", invalidKey),
		{
			ID: "B16", Title: "{{SessionName}} unquoted at the start, with a good neighbor",
			Data:  roles("- rolearn: " + devARN + "\n  username: {{SessionName}}\n  groups:\n  - devs\n" + nodeText),
			Error: invalidKey,
			Calls: calls(alice(notMapped()), node(notMapped())),
		},
		broken("B17", "{{SessionName}}-x unquoted at the start", "{{SessionName}}-x", "yaml: line 1: did not find expected key"),
		usernameRow("B18", "{{SessionName}} in double quotes", `"{{SessionName}}"`, "{{SessionName}}", jane, "jane-example.com"),
		usernameRow("B19", "admin:{{SessionName}}", "admin:{{SessionName}}", "admin:{{SessionName}}",
			session("dev", "Jane.Doe+x=1,@Example.com"), "admin:Jane.Doe+x=1,-Example.com"),
		literal("B20", "template lower-cased", "admin:{{sessionname}}", "admin:{{sessionname}}"),
		usernameRow("B21", "admin:{{SessionNameRaw}}", "admin:{{SessionNameRaw}}", "admin:{{SessionNameRaw}}", jane, "admin:jane@example.com"),
		{
			ID: "B22", Title: "node template: a node's session, a person's, and an instance that is gone",
			Data: roles(nodeText), Kept: keptRoles(nodeEntry()),
			Calls: calls(
				node(asNode()),
				call(session("node-role", "alice"), denied(noInstanceID)),
				call(session("node-role", "i-0123456789abdead0"), denied("node with instance id i-0123456789abdead0 not found"))),
		},
		{
			ID: "B23", Title: "node template lower-cased",
			Data:  roles(lowered),
			Kept:  keptRoles(entry(nodeARN, "system:node:{{ec2privatednsname}}", "system:bootstrappers", "system:nodes")),
			Calls: calls(node(mapped("system:node:{{ec2privatednsname}}", "system:bootstrappers", "system:nodes"))),
		},
		literal("B24", "unknown template", "a:{{Foo}}", "a:{{Foo}}"),
		literal("B25", "spaces in the template", "a:{{ SessionName }}", "a:{{ SessionName }}"),
		literal("B26", "single braces", "a:{SessionName}", "a:{SessionName}"),
		usernameRow("B27", "{{AccountID}} and {{AccountId}}", "a:{{AccountID}}:{{AccountId}}", "a:{{AccountID}}:{{AccountId}}",
			session("dev", "alice"), "a:123456789012:{{AccountId}}"),
		usernameRow("B28", "{{AccessKeyID}}", "a:{{AccessKeyID}}", "a:{{AccessKeyID}}", session("dev", "alice"), "a:"+AccessKeyID),
		literal("B29", "reserved looking username", "system:masters", "system:masters"),
		literal("B30", "an identity that EKS itself uses", "eks:node-manager", "eks:node-manager"),
		literal("B34", "' #' inside, unquoted", "alice #smith", "alice"),
		literal("B42", "typographic quotes", "\u201calice\u201d", "\u201calice\u201d"),
		{
			ID: "B43", Title: "templates for an IAM user, which has no session",
			Data: users("- userarn: " + bobARN + "\n  username: \"u:{{SessionName}}:{{AccountID}}\"\n  groups:\n  - \"g-{{AccountID}}\"\n"),
			Kept: keptUsers(entry(bobARN, "u:{{SessionName}}:{{AccountID}}", "g-{{AccountID}}")),
			Calls: calls(
				principal(bobARN, mapped("u::123456789012", "g-123456789012"))),
		},
		{
			ID: "B44", Title: "{{EC2PrivateDNSName}} in mapUsers",
			Data:  users("- userarn: " + bobARN + "\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - devs\n"),
			Kept:  keptUsers(entry(bobARN, "system:node:{{EC2PrivateDNSName}}", "devs")),
			Calls: calls(principal(bobARN, denied(noInstanceID))),
		},
		{
			ID: "B45", Title: "Fargate: system:node:{{SessionName}}",
			Data: roles("- rolearn: " + iam + "role/fargate-pod-exec\n  username: system:node:{{SessionName}}\n  groups:\n" +
				"  - system:bootstrappers\n  - system:nodes\n  - system:node-proxier\n"),
			Kept: keptRoles(entry(iam+"role/fargate-pod-exec", "system:node:{{SessionName}}",
				"system:bootstrappers", "system:nodes", "system:node-proxier")),
			Calls: calls(call(session("fargate-pod-exec", fargate),
				mapped("system:node:"+fargate, "system:bootstrappers", "system:nodes", "system:node-proxier"))),
		},
		literal("B46", "the ARN as username, as CDK writes it", iam+"role/Dev-Role", iam+"role/Dev-Role"),
		literal("B47", "literal block", "|\n    alice", "alice\n"),
		{
			ID: "B48", Title: "templates in groups",
			Data: roles("- rolearn: " + devARN + "\n  username: dev\n  groups:\n  - \"team-{{SessionName}}\"\n  - \"{{EC2PrivateDNSName}}\"\n"),
			Kept: keptRoles(entry(devARN, "dev", "team-{{SessionName}}", "{{EC2PrivateDNSName}}")),
			Calls: calls(
				alice(denied(noInstanceID)),
				call(session("dev", instance), mapped("dev", "team-"+instance, nodeDNSName))),
		},
		usernameRow("B49", "the session name alone chooses the user", `"{{SessionName}}"`, "{{SessionName}}",
			session("dev", "kubernetes-admin"), "kubernetes-admin"),
		usernameRow("B50", "{{SessionName}} in single quotes", "'{{SessionName}}'", "{{SessionName}}", session("dev", "alice"), "alice"),
		{
			ID: "B51", Title: "a session on a node role that poses as an instance",
			Data: roles(nodeText), Kept: keptRoles(nodeEntry()),
			Calls: calls(call(session("node-role", "i-deadbeef"), asNode())),
		},
		{
			ID: "B59", Title: "{{AccountID}} unquoted at the start of a group",
			Data:  roles("- rolearn: " + devARN + "\n  username: dev\n  groups:\n  - {{AccountID}}-x\n"),
			Error: "yaml: line 3: did not find expected key",
			Calls: calls(alice(notMapped())),
		},
	}
}

// scalarUsernameCases are the rows of family B about types and YAML's own characters.
func scalarUsernameCases() []Case {
	badStart := "yaml: line 2: found character that cannot start any token"
	noMapping := "yaml: line 2: mapping values are not allowed in this context"

	return []Case{
		literal("B01", "missing", "", ""),
		literal("B02", "empty string", `""`, ""),
		literal("B03", "null (~)", "~", ""),
		zeroed("B04", "an int", "123", "number"),
		zeroed("B05", "a YAML 1.1 bool: yes", "yes", "bool"),
		zeroed("B06", "a YAML 1.1 bool: y", "y", "bool"),
		zeroed("B07", "a float: 1.10", "1.10", "number"),
		zeroed("B08", "an int with a leading zero", "0123", "number"),
		zeroed("B09", "a number with a leading zero that is not octal", "012345678901", "number"),
		literal("B10", "a date", "2020-01-01", "2020-01-01"),
		zeroed("B11", "a float with an exponent: 1e3", "1e3", "number"),
		zeroed("B31", "a list", "[alice]", "array"),
		zeroed("B32", "a map", "{name: alice}", "object"),
		broken("B33", "': ' inside, unquoted", "alice: smith", noMapping),
		broken("B35", "@ at the start, unquoted", "@alice", badStart),
		broken("B36", "backtick at the start", "`alice`", badStart),
		broken("B37", "* at the start: an alias of nothing", "*alice", "yaml: unknown anchor 'alice' referenced"),
		literal("B38", "! at the start: a tag", "!alice", ""),
		broken("B39", "% at the start", "%alice", badStart),
		broken("B40", "colon at the end", "alice:", noMapping),
		broken("B41", "unclosed quote", `"alice`, "yaml: line 5: found unexpected end of stream"),
		literal("B52", "None is text", "None", "None"),
		literal("B53", "NULL is null", "NULL", ""),
		broken("B54", ".inf", ".inf", "json: unsupported value: +Inf"),
		literal("B55", "a base 60 number is text", "12:30:45", "12:30:45"),
		zeroed("B56", "true", "true", "bool"),
		literal("B57", "an equals sign", "=", "="),
		literal("B58", "a tab inside", `"a\tb"`, "a\tb"),
		broken("B60", "bracket at the start, unquoted", "[x] y", "yaml: line 1: did not find expected key"),
		broken("B61", "'- ' at the start", "- alice", "yaml: line 2: block sequence entries are not allowed in this context"),
		literal("B62", "& at the start: an anchor", "&alice", ""),
		broken("B63", "| at the start", "|x", "yaml: line 2: did not find expected comment or line break"),
	}
}
