package cases

// The principals that most rows speak of.
const (
	account = "123456789012"
	iam     = "arn:aws:iam::" + account + ":"
	sts     = "arn:aws:sts::" + account + ":"

	devARN   = iam + "role/dev"
	opsARN   = iam + "role/ops"
	otherARN = iam + "role/other"
	nodeARN  = iam + "role/node-role"
	bobARN   = iam + "user/bob"

	ssoRole     = "AWSReservedSSO_Admin_0123456789abcdef"
	instance    = "i-0123456789abcdef0"
	nodeDNSName = "ip-10-0-0-7.ec2.internal"

	noInstanceID = "SessionName did not contain an instance id"
)

// nodeText is a node entry that works, the good neighbor of many rows.
const nodeText = "- rolearn: " + nodeARN + `
  username: system:node:{{EC2PrivateDNSName}}
  groups:
  - system:bootstrappers
  - system:nodes
`

// devText is a person's entry that works.
const devText = "- rolearn: " + devARN + `
  username: dev
  groups:
  - devs
`

// brokenDev is a person's entry whose second line starts one column too far left.
const brokenDev = "- rolearn: " + devARN + "\n username: dev\n"

// bobText is a user entry that works.
const bobText = "- userarn: " + bobARN + `
  username: bob
  groups:
  - devs
`

func roles(text string) map[string]string    { return map[string]string{"mapRoles": text} }
func users(text string) map[string]string    { return map[string]string{"mapUsers": text} }
func accounts(text string) map[string]string { return map[string]string{"mapAccounts": text} }

// entry builds a kept entry; without groups they are nil.
func entry(arn, username string, groups ...string) Entry {
	return Entry{ARN: arn, Username: username, Groups: groups}
}

func nodeEntry() Entry {
	return entry(nodeARN, "system:node:{{EC2PrivateDNSName}}", "system:bootstrappers", "system:nodes")
}

func devEntry() Entry { return entry(devARN, "dev", "devs") }
func bobEntry() Entry { return entry(bobARN, "bob", "devs") }

func keptRoles(entries ...Entry) Kept { return Kept{Roles: entries} }
func keptUsers(entries ...Entry) Kept { return Kept{Users: entries} }
func keptAccounts(ids ...string) Kept { return Kept{Accounts: ids} }

// session is a caller that has assumed a role of the table's account.
func session(role, name string) Caller { return sessionIn("aws", account, role, name) }

func sessionIn(partition, accountID, role, name string) Caller {
	return Caller{ARN: "arn:" + partition + ":sts::" + accountID + ":assumed-role/" + role + "/" + name, SessionName: name}
}

func call(caller Caller, want ...Outcome) Call { return Call{Caller: caller, Want: want} }

func calls(list ...Call) []Call { return list }

// principal is a caller without a session.
func principal(arn string, want ...Outcome) Call { return call(Caller{ARN: arn}, want...) }

// alice is the role dev with the session alice.
func alice(want ...Outcome) Call { return call(session("dev", "alice"), want...) }

// node is an instance of the node role.
func node(want ...Outcome) Call { return call(session("node-role", instance), want...) }

// jane is a person who signed in through IAM Identity Center.
func jane(want ...Outcome) Call { return call(session(ssoRole, "jane@example.com"), want...) }

func mapped(username string, groups ...string) Outcome {
	return Outcome{Kind: Mapped, Username: username, Groups: groups}
}

func notMapped() Outcome { return Outcome{Kind: NotMapped} }

func denied(reason string) Outcome { return Outcome{Kind: Denied, Reason: reason} }

func rejected(reason string) Outcome { return Outcome{Kind: Rejected, Reason: reason} }

// asNode is what a working node entry gives the instance.
func asNode() Outcome {
	return mapped("system:node:"+nodeDNSName, "system:bootstrappers", "system:nodes")
}

func asDev() Outcome { return mapped("dev", "devs") }
