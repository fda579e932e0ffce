package cases

import "strings"

// documentCases are the rows of family E about documents, line ends, characters, anchors and tags.
func documentCases() []Case {
	var bomb strings.Builder
	bomb.WriteString("- &a [x, x, x, x, x, x, x, x, x]\n")
	for name := 'b'; name <= 'h'; name++ {
		previous := "*" + string(name-1)
		bomb.WriteString("- &" + string(name) + " [" + strings.Repeat(previous+", ", 8) + previous + "]\n")
	}
	control := "yaml: control characters are not allowed"
	flow := func(arn, username string) string {
		return "- rolearn: " + arn + "\n  username: " + username + "\n  groups: "
	}

	return []Case{
		onlyNode("E21", "a document marker at the start", "---\n"+nodeText),
		{
			ID: "E22", Title: "two documents",
			Data: roles(nodeText + "---\n" + devText), Kept: keptRoles(nodeEntry()),
			Calls: calls(node(asNode()), alice(notMapped())),
		},
		onlyNode("E23", "an end marker and garbage after it", nodeText+"...\n}{ not yaml: [\n"),
		onlyNode("E24", "CRLF line ends", strings.ReplaceAll(nodeText, "\n", "\r\n")),
		onlyNode("E25", "CR line ends", strings.ReplaceAll(nodeText, "\n", "\r")),
		onlyNode("E26", "byte order mark at the start", "\ufeff"+nodeText),
		nodeLost("E27", "byte order mark in the middle", nodeText+"\ufeff"+devText,
			"yaml: line 5: did not find expected '-' indicator", alice(notMapped())),
		{
			ID: "E28", Title: "anchor and alias for groups",
			Data:  roles(flow(nodeARN, "a") + "&g [devs]\n" + flow(devARN, "b") + "*g\n"),
			Kept:  keptRoles(entry(nodeARN, "a", "devs"), entry(devARN, "b", "devs")),
			Calls: calls(alice(mapped("b", "devs"))),
		},
		nodeLost("E29", "alias of nothing", nodeText+flow(devARN, "dev")+"*nope\n",
			"yaml: unknown anchor 'nope' referenced", alice(notMapped())),
		nodeLost("E34", "NUL byte", nodeText+"\x00", control),
		nodeLost("E35", "control character in a value", nodeText+strings.Replace(devText, "username: dev", "username: d\x07ev", 1),
			control, alice(notMapped())),
		empty("E36", "next line U+0085 inside a value", strings.Replace(devText, "username: dev", "username: de\u0085v", 1),
			"yaml: line 4: could not find expected ':'"),
		empty("E40", `\n for newlines`, strings.ReplaceAll(devText, "\n", `\n`), "yaml: mapping values are not allowed in this context"),
		empty("E43", "no-break spaces as indentation", strings.ReplaceAll(devText, "\n  ", "\n\u00a0\u00a0"),
			"yaml: line 1: did not find expected '-' indicator"),
		onlyDev("E44", "a tag of CloudFormation on the ARN", "- rolearn: !Sub "+devARN+"\n  username: dev\n  groups:\n  - devs\n"),
		{
			ID: "E45", Title: "!!str on a number",
			Data:  roleWithUsername("!!str 123"),
			Kept:  keptRoles(entry(devARN, "123", "devs")),
			Calls: calls(alice(mapped("123", "devs"))),
		},
		{
			ID: "E46", Title: "!!binary username",
			Data:  roleWithUsername("!!binary YWxpY2U="),
			Kept:  keptRoles(entry(devARN, "alice", "devs")),
			Calls: calls(alice(mapped("alice", "devs"))),
		},
		nodeLost("E47", "!!int on the ARN", nodeText+"- rolearn: !!int "+devARN+"\n  username: dev\n",
			"yaml: cannot decode !!str `"+devARN+"` as a !!int"),
		nodeLost("E48", "alias bomb and a good entry", bomb.String()+nodeText, "yaml: document contains excessive aliasing"),
		nodeLost("E49", "alias of itself", "- &x [*x]\n"+nodeText, "yaml: anchor 'x' value contains itself"),
		{
			ID: "E62", Title: "invalid UTF-8: lost as read raw, fixed by the API's JSON on its way to the authenticator",
			Data:  roles("# caf\xff\n" + nodeText),
			Error: "yaml: invalid leading UTF-8 octet",
			Calls: calls(node(asNode())),
		},
		{
			ID: "E76", Title: "line separator U+2028 as a line end",
			Data:  roles("- rolearn: " + devARN + "\u2028  username: dev\n"),
			Kept:  keptRoles(entry(devARN, "dev")),
			Calls: calls(alice(mapped("dev"))),
		},
		onlyNode("E77", "a character beyond the BMP in a comment", "# nodes \U0001f680\n"+nodeText),
		nodeLost("E78", "%YAML directive without ---", "%YAML 1.1\n"+nodeText, "yaml: line 2: block sequence entries are not allowed in this context"),
		nodeLost("E79", "%YAML 1.2 directive", "%YAML 1.2\n---\n"+nodeText, "yaml: found incompatible YAML document"),
		onlyDev("E80", "explicit keys", "- ? rolearn\n  : "+devARN+"\n  ? username\n  : dev\n  ? groups\n  : - devs\n"),
		{
			ID: "E81", Title: "an entry repeated through an alias",
			Data:  roles("- &a\n" + "  " + strings.TrimPrefix(devText, "- ") + "- *a\n"),
			Kept:  keptRoles(devEntry(), devEntry()),
			Calls: calls(alice(asDev())),
		},
		{
			ID: "E82", Title: "one anchor name twice",
			Data:  roles(flow(nodeARN, "a") + "&g [one]\n" + flow(devARN, "b") + "&g [two]\n" + flow(opsARN, "c") + "*g\n"),
			Kept:  keptRoles(entry(nodeARN, "a", "one"), entry(devARN, "b", "two"), entry(opsARN, "c", "two")),
			Calls: calls(call(session("ops", "x"), mapped("c", "two"))),
		},
	}
}
