package cases

// ssoRow is an entry with an sso field that is kept; the feature gate SSORoleMatch is off, so it matches nobody.
func ssoRow(id, title, fields string, sso SSO, caller Caller) Case {
	return Case{
		ID: id, Title: title,
		Data:  roles("- sso:\n" + fields + "  username: sso:{{SessionName}}\n  groups:\n  - devs\n"),
		Kept:  keptRoles(Entry{Username: "sso:{{SessionName}}", Groups: []string{"devs"}, SSO: &sso}),
		Calls: calls(call(caller, notMapped())),
	}
}

// badSSO is an entry whose sso field costs it its place, before a node entry that lives.
func badSSO(id, title, field, message string) Case {
	return neighbor(id, title, "- "+field+"\n  username: x\n  groups:\n  - devs\n", message)
}

// ssoCases are family H.
func ssoCases() []Case {
	const fields = "    permissionSetName: Admin\n    accountID: \"123456789012\"\n"
	admin := SSO{PermissionSetName: "Admin", AccountID: account}
	inPartition := func(partition string) SSO {
		return SSO{PermissionSetName: "Admin", AccountID: account, Partition: partition}
	}
	jane := session(ssoRole, "jane@example.com")
	noAccount := "AccountID '' is not a valid AWS Account ID"

	return []Case{
		ssoRow("H01", "sso entry", fields, admin, jane),
		ssoRow("H02", "partition aws given", fields+"    partition: aws\n", inPartition("aws"), jane),
		ssoRow("H03", "partition aws-us-gov", fields+"    partition: aws-us-gov\n", inPartition("aws-us-gov"),
			sessionIn("aws-us-gov", account, ssoRole, "jane@example.com")),
		{
			ID: "H04", Title: "accountID is an unquoted int",
			Data:  roles("- sso:\n    permissionSetName: Admin\n    accountID: 123456789012\n  username: x\n"),
			Error: "json: cannot unmarshal number into Go struct field SSOARNMatcher.sso.accountID of type string " + noAccount,
			Calls: calls(call(jane, notMapped())),
		},
		{
			ID: "H05", Title: "sso and rolearn",
			Data:  roles("- rolearn: " + devARN + "\n  sso:\n" + fields + "  username: x\n"),
			Error: "only one of rolearn or SSO can be supplied",
			Calls: calls(call(jane, notMapped()), alice(notMapped())),
		},
		badSSO("H06", "an empty map", "sso: {}", noAccount),
		{
			ID: "H07", Title: "null, with rolearn",
			Data:  roles("- rolearn: " + devARN + "\n  sso: null\n  username: x\n  groups:\n  - devs\n"),
			Kept:  keptRoles(entry(devARN, "x", "devs")),
			Calls: calls(alice(mapped("x", "devs"))),
		},
		badSSO("H08", "bad permission set name", "sso: {permissionSetName: Ad min*, accountID: \"123456789012\"}",
			"PermissionSetName 'Ad min*' is not a valid AWS SSO PermissionSet Name"),
		badSSO("H09", "unknown partition", "sso: {permissionSetName: Admin, accountID: \"123456789012\", partition: aws-foo}",
			"partition 'aws-foo' is not a valid AWS partition"),
		ssoRow("H10", "a set whose name begins another's", "    permissionSetName: View\n    accountID: \"123456789012\"\n",
			SSO{PermissionSetName: "View", AccountID: account}, session("AWSReservedSSO_View_Only_0123456789abcdef", "x")),
		badSSO("H11", "a string", "sso: Admin",
			"json: cannot unmarshal string into Go struct field RoleMapping.sso of type config.SSOARNMatcher "+noAccount),
	}
}
