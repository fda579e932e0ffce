package cases

// devWith is an entry of a role ARN, user dev, with one group.
func devWith(arn, group string) string {
	return "- rolearn: " + arn + "\n  username: dev\n  groups:\n  - " + group + "\n"
}

// bobWith is a mapUsers entry of an ARN, user bob, with one group.
func bobWith(arn, group string) string {
	return "- userarn: " + arn + "\n  username: bob\n  groups:\n  - " + group + "\n"
}

// duplicateCases are family G.
func duplicateCases() []Case {
	const upperDev, upperBob = iam + "role/Dev", iam + "user/Bob"
	first, second := mapped("bob", "first"), mapped("bob", "second")
	return []Case{
		{
			ID: "G01", Title: "one rolearn twice, different groups",
			Data:  roles(devWith(devARN, "first") + devWith(devARN, "second")),
			Kept:  keptRoles(entry(devARN, "dev", "first"), entry(devARN, "dev", "second")),
			Calls: calls(alice(mapped("dev", "second"))),
		},
		{
			ID: "G02", Title: "one rolearn in two cases",
			Data:  roles(devWith(upperDev, "first") + devWith(devARN, "second")),
			Kept:  keptRoles(entry(upperDev, "dev", "first"), entry(devARN, "dev", "second")),
			Calls: calls(alice(mapped("dev", "second"))),
		},
		{
			ID: "G03", Title: "one userarn twice, exactly",
			Data:  users(bobWith(bobARN, "first") + bobWith(bobARN, "second")),
			Kept:  keptUsers(entry(bobARN, "bob", "first"), entry(bobARN, "bob", "second")),
			Calls: calls(principal(bobARN, second)),
		},
		{
			ID: "G04", Title: "one userarn in two cases",
			Data:  users(bobWith(upperBob, "first") + bobWith(bobARN, "second")),
			Kept:  keptUsers(entry(upperBob, "bob", "first"), entry(bobARN, "bob", "second")),
			Calls: calls(principal(bobARN, first, second), principal(upperBob, first, second)),
		},
		{
			ID: "G05", Title: "one ARN in mapRoles and mapUsers",
			Data: map[string]string{
				"mapRoles": "- rolearn: " + bobARN + "\n  username: fromroles\n  groups:\n  - r\n",
				"mapUsers": bobText,
			},
			Kept:  Kept{Roles: []Entry{entry(bobARN, "fromroles", "r")}, Users: []Entry{bobEntry()}},
			Calls: calls(principal(bobARN, mapped("fromroles", "r"))),
		},
		{
			ID: "G06", Title: "a live entry and a dead one of the same role with its path",
			Data:  roles(devWith(devARN, "view") + devWith(iam+"role/team/dev", "system:masters")),
			Kept:  keptRoles(entry(devARN, "dev", "view"), entry(iam+"role/team/dev", "dev", "system:masters")),
			Calls: calls(alice(mapped("dev", "view"))),
		},
		{
			ID: "G07", Title: "one role name under two paths, both dead",
			Data:  roles(devWith(iam+"role/team-a/dev", "a") + devWith(iam+"role/team-b/dev", "b")),
			Kept:  keptRoles(entry(iam+"role/team-a/dev", "dev", "a"), entry(iam+"role/team-b/dev", "dev", "b")),
			Calls: calls(alice(notMapped())),
		},
		{
			ID: "G08", Title: "an empty userarn beside a good entry",
			Data:  users("- userarn: \"\"\n  username: x\n  groups:\n  - devs\n" + bobText),
			Error: noUserARN,
			Kept:  keptUsers(bobEntry()),
			Calls: calls(principal(bobARN, mapped("bob", "devs"))),
		},
		{
			ID: "G09", Title: "three entries of one role: the last wins",
			Data:  roles(devWith(devARN, "a") + devWith(devARN, "b") + devWith(devARN, "c")),
			Kept:  keptRoles(entry(devARN, "dev", "a"), entry(devARN, "dev", "b"), entry(devARN, "dev", "c")),
			Calls: calls(alice(mapped("dev", "c"))),
		},
		{
			ID: "G10", Title: "the last twin is malformed",
			Data:  roles(devWith(devARN, "a") + "- rolearn: " + devARN + "\n  username: dev\n  groups: b\n"),
			Error: "json: cannot unmarshal string into Go struct field RoleMapping.groups of type []string",
			Kept:  keptRoles(entry(devARN, "dev", "a"), entry(devARN, "dev")),
			Calls: calls(alice(mapped("dev"))),
		},
		{
			ID: "G11", Title: "a role ARN in mapUsers in two cases",
			Data:  users(bobWith(upperDev, "first") + bobWith(devARN, "second")),
			Kept:  keptUsers(entry(upperDev, "bob", "first"), entry(devARN, "bob", "second")),
			Calls: calls(alice(first, second)),
		},
	}
}
