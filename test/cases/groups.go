package cases

// groupRow is the role dev, user dev, with text after the username, of which groups are read.
func groupRow(id, title, text, message string, groups ...string) Case {
	return Case{
		ID: id, Title: title,
		Data:  roles("- rolearn: " + devARN + "\n  username: dev\n" + text),
		Error: message,
		Kept:  keptRoles(entry(devARN, "dev", groups...)),
		Calls: calls(alice(mapped("dev", groups...))),
	}
}

// brokenGroups is a groups field that costs the whole list.
func brokenGroups(id, title, text, message string) Case {
	return Case{
		ID: id, Title: title,
		Data:  roles("- rolearn: " + devARN + "\n  username: dev\n" + text),
		Error: message,
		Calls: calls(alice(notMapped())),
	}
}

// groupCases are family C.
func groupCases() []Case {
	scalar := "json: cannot unmarshal string into Go struct field RoleMapping.groups of type []string"
	item := func(kind string) string {
		return "json: cannot unmarshal " + kind + " into Go struct field RoleMapping.groups of type string"
	}
	return []Case{
		groupRow("C01", "missing", "", ""),
		groupRow("C02", "null", "  groups: null\n", ""),
		{
			ID: "C03", Title: "empty list",
			Data:  roles("- rolearn: " + devARN + "\n  username: dev\n  groups: []\n"),
			Kept:  keptRoles(Entry{ARN: devARN, Username: "dev", Groups: []string{}}),
			Calls: calls(alice(mapped("dev"))),
		},
		{
			ID: "C04", Title: "a scalar, after a good neighbor",
			Data:  roles(nodeText + "- rolearn: " + devARN + "\n  username: dev\n  groups: system:masters\n"),
			Error: scalar,
			Kept:  keptRoles(nodeEntry(), entry(devARN, "dev")),
			Calls: calls(alice(mapped("dev")), node(asNode())),
		},
		groupRow("C05", "a scalar with commas", "  groups: devs,ops\n", scalar),
		groupRow("C06", "a nested list", "  groups:\n  - - devs\n", item("array"), ""),
		groupRow("C07", "an int in the list", "  groups:\n  - 42\n  - devs\n", item("number"), "", "devs"),
		groupRow("C08", "a null in the list", "  groups:\n  -\n  - devs\n", "", "", "devs"),
		groupRow("C09", "a map", "  groups:\n    devs: true\n", "json: cannot unmarshal object into Go struct field RoleMapping.groups of type []string"),
		groupRow("C10", "group: instead of groups:", "  group:\n  - devs\n", ""),
		groupRow("C11", "one space too many before an item", "  groups:\n  - system:bootstrappers\n   - system:nodes\n", "",
			"system:bootstrappers - system:nodes"),
		groupRow("C12", "upper case", "  groups:\n  - System:Masters\n", "", "System:Masters"),
		groupRow("C13", "trailing space in quotes", "  groups:\n  - \"system:masters \"\n", "", "system:masters "),
		groupRow("C14", "the same group twice", "  groups:\n  - devs\n  - devs\n", "", "devs", "devs"),
		groupRow("C15", "an empty string", "  groups:\n  - \"\"\n", "", ""),
		brokenGroups("C16", "no space after the dash", "  groups:\n  -devs\n", "yaml: line 5: could not find expected ':'"),
		groupRow("C17", "a space after the colon makes a map", "  groups:\n  - system: masters\n  - devs\n", item("object"), "", "devs"),
		groupRow("C18", "JSON text in quotes", "  groups: '[\"devs\"]'\n", scalar),
		groupRow("C19", "a bool in the list", "  groups:\n  - yes\n  - devs\n", item("bool"), "", "devs"),
		brokenGroups("C20", "unclosed flow list", "  groups: [devs\n", "yaml: line 3: did not find expected ',' or ']'"),
		groupRow("C21", "items at the column of the key", "  groups:\n  - devs\n", "", "devs"),
		{
			ID: "C22", Title: "item out-dented to the entry's dash, so that it becomes an entry",
			Data:  roles("- rolearn: " + devARN + "\n  username: dev\n  groups:\n- devs\n"),
			Error: "json: cannot unmarshal string into Go value of type config.RoleMapping one of rolearn or SSO must be supplied",
			Kept:  keptRoles(entry(devARN, "dev")),
			Calls: calls(alice(mapped("dev"))),
		},
		groupRow("C23", "given twice: the second wins", "  groups: [a]\n  groups: [b]\n", "", "b"),
		groupRow("C24", "Groups and groups: the exact key wins", "  groups: [b]\n  Groups: [a]\n", "", "b"),
		groupRow("C25", "an empty string for the list", "  groups: \"\"\n", scalar),
		brokenGroups("C26", "a tab after the dash", "  groups:\n  -\tdevs\n", "yaml: line 4: found character that cannot start any token"),
		groupRow("C27", "the first item of a wrong type, the rest fine", "  groups:\n  - {team: devs}\n  - devs\n", item("object"), "", "devs"),
	}
}
