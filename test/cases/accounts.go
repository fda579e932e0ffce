package cases

// accountRow is a mapAccounts that keeps ids.
func accountRow(id, title, text, message string, ids []string, list ...Call) Case {
	return Case{ID: id, Title: title, Data: accounts(text), Error: message, Kept: keptAccounts(ids...), Calls: list}
}

// accountCases are family F.
func accountCases() []Case {
	const into = "yaml: unmarshal errors:\n  line 1: cannot unmarshal "
	own := []string{account}
	in := alice(mapped(devARN))
	out := alice(notMapped())
	from := func(accountID string, want Outcome) Call {
		return call(sessionIn("aws", accountID, "dev", "alice"), want)
	}
	asRoleOf := func(accountID string) Outcome { return mapped("arn:aws:iam::" + accountID + ":role/dev") }
	self := func(arn string) Call { return principal(arn, mapped(arn)) }

	return []Case{
		accountRow("F01", "quoted account id", "- \"123456789012\"\n", "", own, in),
		accountRow("F02", "unquoted int", "- 123456789012\n", "", own, in),
		accountRow("F03", "leading zero, not octal, unquoted", "- 012345678901\n", "", []string{"012345678901"},
			from("012345678901", asRoleOf("012345678901"))),
		accountRow("F04", "leading zero, valid octal, unquoted", "- 012345670123\n", "", []string{"012345670123"},
			from("012345670123", asRoleOf("012345670123")), from("001404223571", notMapped())),
		accountRow("F05", "leading zero, quoted", "- \"012345670123\"\n", "", []string{"012345670123"},
			from("012345670123", asRoleOf("012345670123"))),
		accountRow("F06", "a scalar, not a list", "123456789012\n", into+"!!int `1234567...` into []string", nil, out),
		accountRow("F07", "a null item", "- null\n- \"123456789012\"\n", "", []string{"", account}, in),
		accountRow("F08", "a map", "account: 123456789012\n", into+"!!map into []string", nil, out),
		accountRow("F09", "dashes inside", "- 1234-5678-9012\n", "", []string{"1234-5678-9012"}, out),
		accountRow("F10", "trailing space in quotes", "- \"123456789012 \"\n", "", []string{"123456789012 "}, out),
		accountRow("F11", "underscores inside", "- 123_456_789_012\n", "", []string{"123_456_789_012"}, out),
		accountRow("F12", "a nested list beside a good item", "- [x]\n- \"123456789012\"\n", into+"!!seq into string", own, in),
		accountRow("F13", "empty list", "[]\n", "", nil, out),
		accountRow("F14", "JSON list", "[\"123456789012\"]", "", own, in),
		accountRow("F15", "a scalar with commas", "123456789012,210987654321\n", into+"!!str `1234567...` into []string", nil, out),
		accountRow("F16", "every kind of principal of the account", "- \"123456789012\"\n", "", own,
			self(bobARN), self(iam+"root"), self(sts+"federated-user/fed"),
			jane(mapped(iam+"role/"+ssoRole)), self(iam+"user/team/bob")),
		{
			ID: "F17", Title: "the account and the role",
			Data: map[string]string{
				"mapAccounts": "- \"123456789012\"\n",
				"mapRoles":    "- rolearn: " + devARN + "\n  username: dev:{{SessionName}}\n  groups:\n  - devs\n",
			},
			Kept:  Kept{Roles: []Entry{entry(devARN, "dev:{{SessionName}}", "devs")}, Accounts: own},
			Calls: calls(alice(mapped("dev:alice", "devs"))),
		},
		{
			ID: "F18", Title: "the account and a role whose template cannot be rendered",
			Data:  map[string]string{"mapAccounts": "- \"123456789012\"\n", "mapRoles": nodeText},
			Kept:  Kept{Roles: []Entry{nodeEntry()}, Accounts: own},
			Calls: calls(call(session("node-role", "alice"), denied(noInstanceID))),
		},
		accountRow("F19", "two documents", "- \"123456789012\"\n---\n- \"210987654321\"\n", "", own, in,
			principal("arn:aws:iam::210987654321:user/x", notMapped())),
		accountRow("F20", "a float with an exponent", "- 1.23456789012e11\n", "", []string{"1.23456789012e11"}, out),
		accountRow("F21", "no space after the dash", "-123456789012\n", into+"!!int `-123456...` into []string", nil, out),
	}
}
