package cases

const (
	noRoleARN = "one of rolearn or SSO must be supplied"
	noUserARN = "value for userarn must be supplied"
)

// keyRow is one mapRoles entry, written out, that works as the role dev.
func keyRow(id, title, text string, more ...Call) Case {
	return Case{
		ID: id, Title: title,
		Data:  roles(text),
		Kept:  keptRoles(devEntry()),
		Calls: append(calls(alice(asDev())), more...),
	}
}

// dropped is one mapRoles entry that is dropped for lack of an ARN.
func dropped(id, title, text string) Case {
	return Case{ID: id, Title: title, Data: roles(text), Error: noRoleARN, Calls: calls(alice(notMapped()))}
}

// neighbor is an entry that is dropped while the node entry after it lives.
func neighbor(id, title, text, message string, more ...Call) Case {
	return Case{
		ID: id, Title: title,
		Data:  roles(text + nodeText),
		Error: message,
		Kept:  keptRoles(nodeEntry()),
		Calls: append(more, node(asNode())),
	}
}

// keyCases are family D.
func keyCases() []Case {
	const rest = "\n  username: dev\n  groups:\n  - devs\n"
	other := call(session("other", "x"), notMapped())
	wrongARN := func(kind string) string {
		return "json: cannot unmarshal " + kind + " into Go struct field RoleMapping.rolearn of type string " + noRoleARN
	}
	return []Case{
		keyRow("D01", "roleArn", "- roleArn: "+devARN+rest),
		keyRow("D02", "roleARN, Username, GROUPS", "- roleARN: "+devARN+"\n  Username: dev\n  GROUPS:\n  - devs\n"),
		dropped("D03", "role_arn", "- role_arn: "+devARN+rest),
		dropped("D04", "role-arn", "- role-arn: "+devARN+rest),
		dropped("D05", "arn", "- arn: "+devARN+rest),
		keyRow("D06", "rolearn and roleARN with different values", "- rolearn: "+devARN+"\n  roleARN: "+otherARN+rest, other),
		{
			ID: "D07", Title: "userarn in mapRoles",
			Data: roles("- userarn: " + bobARN + "\n  username: bob\n  groups:\n  - devs\n"), Error: noRoleARN,
			Calls: calls(principal(bobARN, notMapped())),
		},
		{
			ID: "D08", Title: "rolearn in mapUsers",
			Data: users("- rolearn: " + devARN + rest), Error: noUserARN,
			Calls: calls(alice(notMapped())),
		},
		{
			ID: "D09", Title: "user: instead of username:",
			Data:  roles("- rolearn: " + devARN + "\n  user: dev\n  groups:\n  - devs\n"),
			Kept:  keptRoles(entry(devARN, "", "devs")),
			Calls: calls(alice(mapped("", "devs"))),
		},
		keyRow("D10", "keys that nobody knows", "- rolearn: "+devARN+"\n  team: blue\n  notes: {a: [1, 2]}"+rest),
		keyRow("D11", "rolearn twice in one entry", "- rolearn: "+otherARN+"\n  rolearn: "+devARN+rest, other),
		keyRow("D12", "keys that are not strings", "- rolearn: "+devARN+"\n  1: x\n  true: y"+rest),
		{
			ID: "D13", Title: "a null key",
			Data:  roles("- rolearn: " + devARN + "\n  ~: x" + rest + nodeText),
			Error: `unsupported map key of type: %!s(<nil>), key: <nil>, value: "x"`,
			Calls: calls(alice(notMapped()), node(notMapped())),
		},
		dropped("D14", "a space at the end of a quoted key", "- \"rolearn \": "+devARN+rest),
		{
			ID: "D15", Title: "merge key",
			Data: roles("- &base\n  rolearn: " + nodeARN + "\n  username: x\n  groups:\n  - devs\n" +
				"- <<: *base\n  rolearn: " + devARN + "\n"),
			Kept: keptRoles(entry(nodeARN, "x", "devs"), entry(devARN, "x", "devs")),
			Calls: calls(
				alice(mapped("x", "devs")),
				call(session("node-role", "x"), mapped("x", "devs"))),
		},
		{
			ID: "D16", Title: "no dash: the entry's keys at the top level",
			Data:  roles("rolearn: " + devARN + "\nusername: dev\ngroups:\n- devs\n"),
			Error: "json: cannot unmarshal object into Go value of type []config.RoleMapping",
			Calls: calls(alice(notMapped())),
		},
		keyRow("D17", "userid", "- rolearn: "+devARN+"\n  userid: AROAEXAMPLE"+rest),
		{
			ID: "D18", Title: "no space after the colon of a key",
			Data:  roles(nodeText + "- rolearn:" + devARN + rest),
			Error: "yaml: line 7: mapping values are not allowed in this context",
			Calls: calls(alice(notMapped()), node(notMapped())),
		},
		neighbor("D19", "rolearn is an int", "- rolearn: 42"+rest, wrongARN("number")),
		neighbor("D20", "rolearn is a list", "- rolearn:\n  - "+devARN+rest, wrongARN("array"), alice(notMapped())),
		neighbor("D21", "no rolearn", "- username: dev\n  groups:\n  - devs\n", noRoleARN),
		neighbor("D22", "rolearn is empty", "- rolearn: \"\""+rest, noRoleARN),
		keyRow("D23", "a long s in a key folds to s", "- rolearn: "+devARN+"\n  u\u017fername: dev\n  groups:\n  - devs\n"),
	}
}
