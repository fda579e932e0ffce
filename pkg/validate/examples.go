package validate

import (
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

const (
	exampleNodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	// exampleFargate ends in its groups.
	exampleFargate = "- rolearn: arn:aws:iam::111122223333:role/fargate\n  username: system:node:{{SessionName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n  - system:node-proxier\n"
	exampleDev     = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"
	exampleBob     = "- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n"
)

// exampleEntries are the access entries of a cluster, looked at five minutes after the snapshot was taken.
func exampleEntries(mode snapshot.Mode, entries ...snapshot.Entry) *snapshot.View {
	s := &snapshot.Snapshot{
		APIVersion: snapshot.APIVersion, Kind: snapshot.Kind, TakenAt: exampleDay, Entries: entries,
		Cluster: snapshot.Cluster{Name: "blue", ARN: "arn:aws:eks:eu-west-1:111122223333:cluster/blue", AuthenticationMode: mode},
	}
	return s.At(exampleDay.Add(5*time.Minute), time.Hour)
}

// exampleCreated is when IAM has created all that is in the examples.
var exampleCreated = time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC)

var exampleDay = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// exampleEntry is an access entry of a role, which is older than it.
func exampleEntry(role string, groups ...string) snapshot.Entry {
	created := exampleDay.AddDate(-1, 0, 0)
	return snapshot.Entry{
		PrincipalARN: "arn:aws:iam::111122223333:role/" + role, Type: snapshot.Standard, Username: role, Groups: groups,
		CreatedAt: exampleDay.AddDate(0, -1, 0), PrincipalCreatedAt: &created,
	}
}

// exampleStale is the entry after its role was deleted and created again.
func exampleStale(e snapshot.Entry) snapshot.Entry {
	again := e.CreatedAt.AddDate(0, 0, 7)
	e.PrincipalCreatedAt = &again
	return e
}

// roles builds an Example from the text of mapRoles.
func roles(value string) Example { return Example{Data: map[string]string{"mapRoles": value}} }

// users builds an Example from the text of mapUsers.
func users(value string) Example { return Example{Data: map[string]string{"mapUsers": value}} }

// exampleIAM is what the AWS CLI prints of an account with one role, by its path and name.
func exampleIAM(role string) string { return exampleIAMRole(role, "") }

// exampleIAMUse is of the role dev, last used then.
func exampleIAMUse(at string) string {
	return exampleIAMRole("dev", `,
      "RoleLastUsed": {"LastUsedDate": "`+at+`", "Region": "eu-west-1"}`)
}

// exampleIAMTrust is of the role dev, which these principals may assume.
func exampleIAMTrust(principal string) string {
	return exampleIAMRole("dev", `,
      "AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": `+principal+`}]}`)
}

func exampleIAMRole(role, more string) string {
	if !strings.Contains(more, "AssumeRolePolicyDocument") {
		more += `,
      "AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}`
	}
	return `{
  "UserDetailList": [],
  "RoleDetailList": [
    {
      "Arn": "arn:aws:iam::111122223333:role/` + role + `",
      "CreateDate": "` + exampleCreated.Format(time.RFC3339) + `"` + more + `
    }
  ]
}
`
}

// exampleIAMUser is of an account with the user bob under a path.
func exampleIAMUser(path string) string {
	return `{
  "UserDetailList": [
    {"Arn": "arn:aws:iam::111122223333:user` + path + `bob", "CreateDate": "` + exampleCreated.Format(time.RFC3339) + `"}
  ],
  "RoleDetailList": []
}
`
}
