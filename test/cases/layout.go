package cases

import "strings"

// layoutCases are the rows of family E about indentation, blanks and what follows the list.
func layoutCases() []Case {
	const noDash = "did not find expected '-' indicator"
	devFlow := `{"rolearn": "` + devARN + `", "username": "dev", "groups": ["devs"]}`
	nodeFlow := `{"rolearn": "` + nodeARN + `", "username": "system:node:{{EC2PrivateDNSName}}", "groups": ["system:nodes"]}`
	quotedKeys := strings.NewReplacer("rolearn:", `"rolearn":`, "username:", `"username":`, "groups:", `"groups":`)

	return []Case{
		nodeLost("E01", "second entry whose keys are not in one column", nodeText+brokenDev, "yaml: line 6: "+noDash, alice(notMapped())),
		{
			ID: "E02", Title: "tab as indentation",
			Data:  roles("- rolearn: " + devARN + "\n\tusername: dev\n" + nodeText),
			Error: "yaml: line 2: found a tab character that violates indentation",
			Calls: calls(alice(notMapped()), node(notMapped())),
		},
		onlyDev("E03", "tab between key and value", strings.Replace(devText, "username: dev", "username:\tdev", 1)),
		onlyDev("E39", "whole list indented", indent(devText, "    ")),
		onlyDev("E41", "first entry indented, second not", indent(devText, "  ")+nodeText, node(notMapped())),
		{
			ID: "E42", Title: "second entry deeper than the first, at the column of its groups",
			Data:  roles(nodeText + indent(devText, "  ")),
			Error: "json: cannot unmarshal object into Go struct field RoleMapping.groups of type string",
			Kept:  keptRoles(entry(nodeARN, "system:node:{{EC2PrivateDNSName}}", "system:bootstrappers", "system:nodes", "")),
			Calls: calls(
				alice(notMapped()),
				node(mapped("system:node:"+nodeDNSName, "system:bootstrappers", "system:nodes", ""))),
		},
		empty("E57", "list items one column left of their first line, as in a published sample",
			" - groups:\n   - system:bootstrappers\n   - system:nodes\n  rolearn: "+devARN+"\n  username: system:node:{{SessionName}}\n",
			"yaml: line 3: "+noDash),
		nodeLost("E58", "garbage after the list", nodeText+"garbage\n", "yaml: line 7: could not find expected ':'"),
		onlyNode("E59", "comments and blank lines inside",
			"# the nodes\n\n"+strings.Replace(nodeText, "  groups:\n", "\n  # of every node\n  groups: # two\n", 1)+"\n# end\n"),
		onlyNode("E60", "quoted keys", quotedKeys.Replace(nodeText)),
		onlyDev("E61", "flow list without spaces", "[{rolearn: "+devARN+",username: dev,groups: [devs]}]"),
		onlyNode("E65", "trailing spaces on every line", strings.ReplaceAll(nodeText, "\n", "   \n")),
		nodeLost("E66", "the first dash out-dented, as in a published snippet",
			"- rolearn: "+nodeARN+"\n    username: system:node:{{EC2PrivateDNSName}}\n    groups:\n      - system:bootstrappers\n      - system:nodes\n",
			"yaml: line 2: mapping values are not allowed in this context"),
		onlyDev("E67", "three entries, only the first indented",
			indent(devText, "  ")+nodeText+"- rolearn: "+opsARN+"\n  username: ops\n",
			node(notMapped()), call(session("ops", "x"), notMapped())),
		nodeLost("E68", "a key after the list", nodeText+"mapUsers: []\n", "yaml: line 5: "+noDash),
		onlyDev("E70", "a JSON list after a JSON list", "["+devFlow+"]\n["+nodeFlow+"]\n", node(notMapped())),
		nodeLost("E71", "entries after an empty JSON list", "[]\n"+nodeText, ""),
		{
			ID: "E72", Title: "an out-dented comment between indented entries, and a username of the wrong type",
			Data: roles(indent(devText, "  ") + "# the nodes\n" +
				"  - rolearn: " + nodeARN + "\n    username: n\n    groups:\n    - devs\n"),
			Error: "json: cannot unmarshal bool into Go struct field RoleMapping.username of type string",
			Kept:  keptRoles(devEntry(), entry(nodeARN, "", "devs")),
			Calls: calls(alice(asDev()), node(mapped("", "devs"))),
		},
		{
			ID: "E73", Title: "second entry one column deeper than the first",
			Data:  roles("- rolearn: " + devARN + "\n  username: dev\n - rolearn: " + nodeARN + "\n   username: x\n"),
			Error: "yaml: line 2: " + noDash,
			Calls: calls(alice(notMapped()), node(notMapped())),
		},
		nodeLost("E74", "username of the last entry deeper than its ARN", nodeText+"- rolearn: "+devARN+"\n    username: dev\n",
			"yaml: line 7: mapping values are not allowed in this context", alice(notMapped())),
		empty("E75", "an entry's keys one column left of its first key",
			"- rolearn: "+devARN+"\n username: dev\n groups:\n - devs\n", "yaml: line 1: "+noDash),
	}
}
