package cases

import "strings"

const notAList = "json: cannot unmarshal %s into Go value of type []config.RoleMapping"

// listOf names the error of a value that is something else than a list.
func listOf(kind string) string { return strings.Replace(notAList, "%s", kind, 1) }

// empty is a mapRoles that holds nobody.
func empty(id, title, text, message string) Case {
	return Case{ID: id, Title: title, Data: roles(text), Error: message, Calls: calls(alice(notMapped()))}
}

// onlyNode is a mapRoles of which the node entry alone is kept.
func onlyNode(id, title, text string) Case {
	return Case{ID: id, Title: title, Data: roles(text), Kept: keptRoles(nodeEntry()), Calls: calls(node(asNode()))}
}

// onlyDev is a mapRoles of which the role dev alone is kept.
func onlyDev(id, title, text string, more ...Call) Case {
	return Case{ID: id, Title: title, Data: roles(text), Kept: keptRoles(devEntry()), Calls: append(calls(alice(asDev())), more...)}
}

// nodeLost is a mapRoles that costs a node its access.
func nodeLost(id, title, text, message string, more ...Call) Case {
	return Case{ID: id, Title: title, Data: roles(text), Error: message, Calls: append(calls(node(notMapped())), more...)}
}

// shapeCases are the rows of family E about what is where the list of entries belongs.
func shapeCases() []Case {
	badEntry := func(kind string) string {
		return "json: cannot unmarshal " + kind + " into Go value of type config.RoleMapping " + noRoleARN
	}
	quoted := `"` + strings.ReplaceAll(nodeText, "\n", `\n`) + `"`

	return []Case{
		empty("E04", "a map", "dev:\n  rolearn: "+devARN+"\n  username: dev\n", listOf("object")),
		empty("E05", "a scalar", "nothing yet\n", listOf("string")),
		empty("E06", "empty string", "", ""),
		empty("E07", "white space only", " \n\t\n  ", ""),
		empty("E08", "two double quotes", `""`, ""),
		empty("E09", "two single quotes", "''", ""),
		empty("E10", "two backticks", "``", ""),
		empty("E11", "null", "null\n", ""),
		empty("E12", "a tilde", "~\n", ""),
		empty("E13", "an empty list", "[]\n", ""),
		empty("E14", "an empty map", "{}\n", listOf("object")),
		empty("E15", "a comment only", "# nobody yet\n", ""),
		empty("E16", "a document marker only", "---\n", ""),
		neighbor("E17", "a null entry, with a good neighbor", "- null\n", noRoleARN),
		neighbor("E18", "a string entry, with a good neighbor", "- dev\n", badEntry("string")),
		neighbor("E19", "a list entry, with a good neighbor", "- - dev\n", badEntry("array")),
		neighbor("E20", "an int entry, with a good neighbor", "- 42\n", badEntry("number")),
		onlyDev("E30", "JSON", `[{"rolearn": "`+devARN+`", "username": "dev", "groups": ["devs"]}]`),
		onlyDev("E31", "JSON with a trailing comma", `[{"rolearn": "`+devARN+`", "username": "dev", "groups": ["devs"],},]`),
		empty("E32", "one JSON object, not a list", `{"rolearn": "`+devARN+`", "username": "dev", "groups": ["devs"]}`, listOf("object")),
		onlyDev("E33", "JSON indented with tabs", "[\n\t{\n\t\t\"rolearn\": \""+devARN+"\",\n\t\t\"username\": \"dev\",\n\t\t\"groups\": [\n\t\t\t\"devs\"\n\t\t]\n\t}\n]\n"),
		empty("E37", "the value repeats its key: 'mapRoles: |'", "mapRoles: |\n"+indent(devText, "  "), listOf("object")),
		empty("E38", "the value repeats its key: 'mapRoles:' and a list", "mapRoles:\n"+devText, listOf("object")),
		{
			ID: "E50", Title: "data key in lower case",
			Data: map[string]string{"maproles": nodeText}, Calls: calls(node(notMapped())),
		},
		{
			ID: "E51", Title: "data keys MapRoles, mapRole and mapRoles.yaml",
			Data:  map[string]string{"MapRoles": nodeText, "mapRole": nodeText, "mapRoles.yaml": nodeText},
			Calls: calls(node(notMapped())),
		},
		{
			ID: "E52", Title: "other data keys beside mapRoles",
			Data: map[string]string{"mapRoles": nodeText, "owner": "platform", "notes": "{{"},
			Kept: keptRoles(nodeEntry()), Calls: calls(node(asNode())),
		},
		{ID: "E53", Title: "no data", Data: map[string]string{}, Calls: calls(node(notMapped()))},
		{
			ID: "E54", Title: "mapRoles broken, mapUsers good",
			Data:  map[string]string{"mapRoles": nodeText + brokenDev, "mapUsers": bobText},
			Error: "yaml: line 6: did not find expected '-' indicator",
			Kept:  keptUsers(bobEntry()),
			Calls: calls(node(notMapped()), principal(bobARN, mapped("bob", "devs"))),
		},
		{
			ID: "E55", Title: "mapUsers broken, mapRoles good",
			Data:  map[string]string{"mapRoles": nodeText, "mapUsers": "@bob\n"},
			Error: "yaml: found character that cannot start any token",
			Kept:  keptRoles(nodeEntry()),
			Calls: calls(node(asNode()), principal(bobARN, notMapped())),
		},
		{
			ID: "E56", Title: "mapAccounts broken, the others good",
			Data:  map[string]string{"mapRoles": nodeText, "mapUsers": bobText, "mapAccounts": "- [\n"},
			Error: "yaml: line 1: did not find expected node content",
			Kept:  Kept{Roles: []Entry{nodeEntry()}, Users: []Entry{bobEntry()}},
			Calls: calls(node(asNode()), principal(bobARN, mapped("bob", "devs"))),
		},
		{
			ID: "E63", Title: "an entry with a wrong type after a good one",
			Data:  roles(nodeText + "- rolearn: " + devARN + "\n  username: [dev]\n  groups:\n  - devs\n"),
			Error: "json: cannot unmarshal array into Go struct field RoleMapping.username of type string",
			Kept:  keptRoles(nodeEntry(), entry(devARN, "", "devs")),
			Calls: calls(node(asNode()), alice(mapped("", "devs"))),
		},
		nodeLost("E64", "a quoted string that holds the YAML", quoted, listOf("string")),
		nodeLost("E69", "the value starts with its own block indicator", "|\n"+indent(nodeText, "  "), listOf("string")),
	}
}

// indent puts a prefix before every line.
func indent(text, prefix string) string {
	return prefix + strings.TrimSuffix(strings.ReplaceAll(text, "\n", "\n"+prefix), prefix)
}
