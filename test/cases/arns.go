package cases

import "strings"

// arnRow is a mapRoles entry whose ARN is written as text and read as arn.
func arnRow(id, title, text, arn string, list ...Call) Case {
	return Case{
		ID: id, Title: title,
		Data:  roles("- rolearn: " + text + "\n  username: dev:{{SessionName}}\n  groups:\n  - devs\n"),
		Kept:  keptRoles(entry(arn, "dev:{{SessionName}}", "devs")),
		Calls: list,
	}
}

// userARNRow is a mapUsers entry of the given ARN.
func userARNRow(id, title, arn string, list ...Call) Case {
	return Case{
		ID: id, Title: title,
		Data:  users("- userarn: " + arn + "\n  username: bob\n  groups:\n  - devs\n"),
		Kept:  keptUsers(entry(arn, "bob", "devs")),
		Calls: list,
	}
}

// deadARN is an ARN, plainly written, that the role dev never matches.
func deadARN(id, title, arn string) Case {
	return arnRow(id, title, arn, arn, alice(notMapped()))
}

// arnCases are A01 to A29: paths, sessions, kinds and partitions.
func arnCases() []Case {
	asAlice := mapped("dev:alice", "devs")
	asJane := mapped("dev:jane-example.com", "devs")
	asBob := mapped("bob", "devs")
	regional := iam + "role/aws-reserved/sso.amazonaws.com/eu-west-2/" + ssoRole
	global := iam + "role/aws-reserved/sso.amazonaws.com/" + ssoRole
	stripped := iam + "role/" + ssoRole
	lowered := iam + "role/awsreservedsso_admin_0123456789abcdef"
	root := iam + "root"
	federated := sts + "federated-user/fed"
	gov := "arn:aws-us-gov:iam::123456789012:role/dev"
	china := "arn:aws-cn:iam::123456789012:role/dev"
	unknown := "arn:aws-foo:iam::123456789012:role/dev"

	return []Case{
		arnRow("A01", "plain role ARN", devARN, devARN, alice(asAlice)),
		deadARN("A02", "role ARN with path", iam+"role/team/dev"),
		arnRow("A03", "SSO role, full ARN with region path", regional, regional, jane(notMapped())),
		arnRow("A04", "SSO role, full ARN, no region in the path", global, global, jane(notMapped())),
		arnRow("A05", "SSO role, path stripped", stripped, stripped, jane(asJane)),
		arnRow("A06", "SSO role, stripped, whole ARN lower-cased", lowered, lowered, jane(asJane)),
		arnRow("A07", "role name differs in case from IAM", iam+"role/DEV", iam+"role/DEV",
			alice(asAlice),
			call(session("Dev", "Alice@Example.com"), mapped("dev:Alice-Example.com", "devs"))),
		arnRow("A08", "whole ARN upper case", "ARN:AWS:IAM::123456789012:ROLE/DEV", "ARN:AWS:IAM::123456789012:ROLE/DEV", alice(asAlice)),
		arnRow("A09", "leading space inside quotes", `" `+devARN+`"`, " "+devARN, alice(notMapped())),
		arnRow("A10", "trailing space inside quotes", `"`+devARN+` "`, devARN+" ", alice(notMapped())),
		arnRow("A11", "trailing space, unquoted", devARN+" ", devARN, alice(asAlice)),
		arnRow("A12", "trailing tab, unquoted", devARN+"\t", devARN, alice(asAlice)),
		arnRow("A13", "trailing no-break space, unquoted", devARN+"\u00a0", devARN+"\u00a0", alice(notMapped())),
		deadARN("A14", "zero-width space in the ARN", iam+"role/\u200bdev"),
		deadARN("A15", "assumed-role ARN with session as rolearn", sts+"assumed-role/dev/alice"),
		deadARN("A16", "assumed-role ARN without session", sts+"assumed-role/dev"),
		arnRow("A17", "user ARN in mapRoles", bobARN, bobARN, principal(bobARN, mapped("dev:", "devs"))),
		userARNRow("A18", "role ARN in mapUsers", devARN, alice(asBob)),
		arnRow("A19", "account root in mapRoles", root, root,
			principal(root, mapped("dev:", "devs")),
			alice(notMapped())),
		userARNRow("A20", "account root in mapUsers", root,
			principal(root, asBob),
			principal(bobARN, notMapped())),
		userARNRow("A21", "user ARN with path, full", iam+"user/team/bob",
			principal(iam+"user/team/bob", asBob),
			principal(bobARN, notMapped())),
		userARNRow("A22", "user ARN, path stripped, though the caller has one", bobARN,
			principal(iam+"user/team/bob", notMapped())),
		userARNRow("A23", "federated user in mapUsers", federated, principal(federated, asBob)),
		arnRow("A24", "federated user in mapRoles", federated, federated, principal(federated, mapped("dev:", "devs"))),
		arnRow("A25", "partition aws-us-gov", gov, gov,
			call(sessionIn("aws-us-gov", account, "dev", "alice"), asAlice),
			alice(notMapped())),
		arnRow("A26", "partition aws-cn", china, china, call(sessionIn("aws-cn", account, "dev", "alice"), asAlice)),
		isolatedPartitions(asAlice),
		arnRow("A28", "unknown partition aws-foo", unknown, unknown,
			call(sessionIn("aws-foo", account, "dev", "alice"), rejected("partition")),
			alice(notMapped())),
		arnRow("A29", "commercial partition for a caller in China", devARN, devARN,
			call(sessionIn("aws-cn", account, "dev", "alice"), notMapped())),
	}
}

// isolatedPartitions is A27: one entry for each of the partitions that have no public region.
func isolatedPartitions(want Outcome) Case {
	c := Case{ID: "A27", Title: "partitions aws-iso, aws-iso-b, aws-iso-e, aws-iso-f and aws-eusc"}
	var text strings.Builder
	for _, partition := range []string{"aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"} {
		arn := "arn:" + partition + ":iam::123456789012:role/dev"
		text.WriteString("- rolearn: " + arn + "\n  username: dev:{{SessionName}}\n  groups:\n  - devs\n")
		c.Kept.Roles = append(c.Kept.Roles, entry(arn, "dev:{{SessionName}}", "devs"))
		c.Calls = append(c.Calls, call(sessionIn(partition, account, "dev", "alice"), want))
	}
	c.Data = roles(text.String())
	return c
}

// odderARNCases are A30 to A59: ARNs that no caller has, and ways of writing one.
func odderARNCases() []Case {
	asAlice := mapped("dev:alice", "devs")
	profile := iam + "instance-profile/node-role"
	placeholder := "<ARN of instance role (not instance profile)>"
	fargate := "arn:aws:eks:us-east-1:123456789012:fargateprofile/c/p/abc"
	kelvin := iam + "role/ro\u212aet"
	longS := "arn:aw\u017f:iam::123456789012:role/dev"

	return []Case{
		deadARN("A30", "wildcard role/*", iam+"role/*"),
		deadARN("A31", "wildcard role/de?", iam+"role/de?"),
		deadARN("A32", "account id of 11 digits", "arn:aws:iam::12345678901:role/dev"),
		deadARN("A33", "account id with dashes", "arn:aws:iam::1234-5678-9012:role/dev"),
		arnRow("A34", "instance profile ARN", profile, profile, node(notMapped())),
		deadARN("A35", "region in an IAM ARN", "arn:aws:iam:us-east-1:123456789012:role/dev"),
		deadARN("A36", "bare role name", "dev"),
		deadARN("A37", "template in the ARN", "arn:aws:iam::{{AccountID}}:role/dev"),
		deadARN("A38", "trailing slash", iam+"role/dev/"),
		deadARN("A39", "double slash", iam+"role//dev"),
		userARNRow("A40", "IAM group ARN in mapUsers", iam+"group/devs", principal(bobARN, notMapped())),
		deadARN("A41", "service-linked role with path", iam+"role/aws-service-role/eks.amazonaws.com/dev"),
		arnRow("A42", "Kelvin sign U+212A for k folds to k", kelvin, kelvin, call(session("roket", "alice"), asAlice)),
		arnRow("A43", "long s U+017F folds to s", longS, longS, alice(asAlice)),
		deadARN("A44", "assumed-role under the iam service", iam+"assumed-role/dev"),
		deadARN("A45", "roles/ instead of role/", iam+"roles/dev"),
		arnRow("A46", "a caller whose STS ARN holds a path (STS never sends one)", iam+"role/team/dev", iam+"role/team/dev",
			call(session("team/dev", "alice"), asAlice)),
		deadARN("A47", "missing account id", "arn:aws:iam:::role/dev"),
		{
			ID: "A48", Title: "ARN broken over two lines",
			Data:  roles("- rolearn: " + iam + "role/\n    dev\n  username: dev\n  groups:\n  - devs\n"),
			Kept:  keptRoles(entry(iam+"role/ dev", "dev", "devs")),
			Calls: calls(alice(notMapped())),
		},
		arnRow("A49", "placeholder in angle brackets", placeholder, placeholder, node(notMapped())),
		arnRow("A50", "EKS Fargate profile ARN instead of the pod execution role", fargate, fargate,
			call(session("fargate-pod-exec", "fargate-ip-192-168-1-2.ec2.internal"), notMapped())),
		deadARN("A51", "# directly after the ARN", devARN+"#prod"),
		deadARN("A52", "trailing comma", devARN+","),
		arnRow("A53", "quotes inside quotes", `"'`+devARN+`'"`, "'"+devARN+"'", alice(notMapped())),
		deadARN("A54", "typographic quotes", "\u201c"+devARN+"\u201d"),
		deadARN("A55", "one colon for two before the account", "arn:aws:iam:123456789012:role/dev"),
		deadARN("A56", "role under the sts service", sts+"role/dev"),
		deadARN("A57", "no arn: prefix", "aws:iam::123456789012:role/dev"),
		{
			ID: "A58", Title: "newline after the ARN, from a literal block",
			Data:  roles("- rolearn: |\n    " + devARN + "\n  username: dev\n  groups:\n  - devs\n"),
			Kept:  keptRoles(entry(devARN+"\n", "dev", "devs")),
			Calls: calls(alice(notMapped())),
		},
		{
			ID: "A59", Title: "ARN on the next line, folded with >-",
			Data:  roles("- rolearn: >-\n    " + devARN + "\n  username: dev\n  groups:\n  - devs\n"),
			Kept:  keptRoles(devEntry()),
			Calls: calls(alice(asDev())),
		},
	}
}
