package cases

// laterCases are what was found after the first table.
func laterCases() []Case {
	return []Case{
		{
			ID: "L01", Title: "a merge key overwrites the fields written before it",
			Data: roles("- &base\n  rolearn: " + nodeARN + "\n  username: x\n  groups:\n  - one\n" +
				"- rolearn: " + devARN + "\n  username: dev\n  groups:\n  - two\n  <<: *base\n"),
			Kept: keptRoles(entry(nodeARN, "x", "one"), entry(nodeARN, "x", "one")),
			Calls: calls(
				alice(notMapped()),
				call(session("node-role", "x"), mapped("x", "one"))),
		},
		{
			ID: "L02", Title: "a line that holds a tab alone, where the list is",
			Data:  roles(devText + "\t\n" + nodeText),
			Error: "yaml: line 5: found a tab character that violates indentation",
			Calls: calls(alice(notMapped()), node(notMapped())),
		},
		{
			ID: "L03", Title: "JSON with an escaped slash, which YAML does not know",
			Data:  roles(`[{"rolearn":"arn:aws:iam::123456789012:role\/dev","username":"dev","groups":["devs"]}]`),
			Error: "yaml: found unknown escape character",
			Calls: calls(alice(notMapped())),
		},
		{
			ID: "L04", Title: "a session name chooses a group",
			Data: roles("- rolearn: " + devARN + "\n  username: dev\n  groups:\n  - system:{{SessionName}}\n"),
			Kept: keptRoles(entry(devARN, "dev", "system:{{SessionName}}")),
			Calls: calls(
				alice(mapped("dev", "system:alice")),
				call(session("dev", "masters"), mapped("dev", "system:masters"))),
		},
		{
			ID: "L05", Title: "a role whose name ends in a comma",
			Data:  roles("- rolearn: " + iam + "role/comma,\n  username: dev\n  groups:\n  - devs\n"),
			Kept:  keptRoles(entry(iam+"role/comma,", "dev", "devs")),
			Calls: calls(call(session("comma,", "alice"), asDev())),
		},
	}
}
