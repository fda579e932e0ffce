package trace

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// CreatorQuery finds the cluster's creator in the log of the authenticator, which writes for each login
// `msg="access granted" arn=… username=…` (aws-iam-authenticator, pkg/server/server.go). The creator is the one who
// comes in as kubernetes-admin without being in the map.
const CreatorQuery = `fields @timestamp, @message
| filter @logStream like /^authenticator/
| filter @message like /access granted/ and @message like /username="?kubernetes-admin/
| parse @message /arn="?(?<arn>arn:[^" ]+)/
| stats count(*) as logins, max(@timestamp) as latest by arn
| sort latest desc`

// Advice is how to let a caller in whom the map does not know.
type Advice struct {
	// who names the caller: "a session of the role dev".
	who string
	// arn as the map must have it.
	arn     string
	section awsauth.Key
	// entry is the text to paste, indented as its neighbors are.
	entry string
	// missing is set where the map has no such section yet, lost where EKS reads nothing of it.
	missing, lost bool
	// near is a key that EKS does not read and that was meant for one it reads, "" for none.
	near string
	// federated users can't have access entries.
	federated bool
	// role is the role's name, empty for others than roles.
	role string
	// cluster is the name of the cluster, where it is known.
	cluster string
}

// ssoName is the name of a role that IAM Identity Center makes for a permission set.
var ssoName = regexp.MustCompile(`^AWSReservedSSO_(.+)_[0-9a-f]{16}$`)

// nodeSession is the session name of an EC2 instance.
var nodeSession = regexp.MustCompile(`^i-(\w{8}|\w{17})$`)

// newAdvice is nil for a caller whom EKS rejects whatever the map says.
func newAdvice(who Caller, doc *awsauth.Document, f *manifest.File, d *manifest.Document) *Advice {
	canonical, err := arn.Canonicalize(who.ARN)
	if err != nil || text.Name(who.ARN) != who.ARN { // IAM knows no such name
		return nil
	}
	p, err := arn.ParsePrincipal(canonical)
	if err != nil {
		return nil
	}
	a := &Advice{arn: canonical, section: awsauth.MapUsers, cluster: who.Cluster, who: fmt.Sprintf("the %s %s", p.Kind, p.Name)}
	username, groups := plainUsername(p.Name), "[]  # the groups that RoleBindings name; without any, callers get in but may do nothing"
	field := awsauth.FieldUserARN
	switch p.Kind {
	case arn.Role:
		a.section, a.role, field = awsauth.MapRoles, p.Name, awsauth.FieldRoleARN
		a.who = "a session of the role " + p.Name
		if session := arn.SessionName(who.ARN); nodeSession.MatchString(session) {
			a.who = fmt.Sprintf("the node %s, by its role %s", session, p.Name)
			username, groups = "system:node:"+awsauth.TemplateEC2PrivateDNSName, "[system:bootstrappers, system:nodes]"
		} else {
			username += ":" + awsauth.TemplateSessionName
		}
	case arn.FederatedUser:
		a.federated = true
	case arn.Root:
		a.who, username = "the root user of the account "+p.Account, "root-"+p.Account
	}
	s := doc.Section(a.section)
	a.missing, a.lost = !s.Present, s.Discarded()
	indent := indentation(s, f, d)
	a.entry = fmt.Sprintf("%[1]s- %[2]s: %[3]s\n%[1]s  username: \"%[4]s\"\n%[1]s  groups: %[5]s\n", indent, field, canonical, username, groups)
	return a
}

// reserved are the prefixes of usernames, in front of a colon, that belong to Kubernetes and to EKS.
var reserved = []string{"system", "eks", "aws", "amazon", "iam"}

// plainUsername makes a username of the name of a role or user: in lower case, and of a permission set its name.
func plainUsername(name string) string {
	if m := ssoName.FindStringSubmatch(name); m != nil {
		name = m[1]
	}
	name = strings.ToLower(name)
	if slices.Contains(reserved, name) {
		return "iam-" + name
	}
	return name
}

// defaultIndent is how deep kubectl shows the entries of a block.
const defaultIndent = 4

// indentation is that of the section's entries in the file, so that the new one can be pasted after them.
func indentation(s *awsauth.Section, f *manifest.File, d *manifest.Document) string {
	if len(s.Entries) > 0 {
		at := f.Position(d.Span(string(s.Key), s.Entries[0].Span()).Start)
		line := f.Line(at.Line)
		if text := f.Text[line.Start:line.End]; strings.HasPrefix(strings.TrimLeft(text, " "), "- ") {
			return text[:len(text)-len(strings.TrimLeft(text, " "))]
		}
	}
	return strings.Repeat(" ", defaultIndent)
}

// Text is the advice for people. hasNear is set if it showed an entry that comes close: then people should fix that one.
func (a *Advice) Text(hasNear bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nThe caller is %s, which is not mapped.", a.who)
	switch {
	case a.lost:
		fmt.Fprintf(&b, ` First fix %s, of which EKS reads nothing: `+"`kubectl aws-auth lint FILE`"+`
shows where and how, for the live map `+"`kubectl aws-auth audit`"+`. Then, if no entry in it is for this caller,`, a.section)
	case a.near != "":
		fmt.Fprintf(&b, " First rename %s, which EKS does not read, as said above. Then, if no entry in it is for this caller,", text.Quote(a.near))
	case hasNear:
		b.WriteString(" Fix the entry above, or if another one is wanted,")
	default:
		b.WriteString(" To let it in,")
	}
	if a.missing {
		fmt.Fprintf(&b, " add to data:\n\n  %s: |\n%s", a.section, a.entry)
	} else {
		fmt.Fprintf(&b, " add to %s:\n\n%s", a.section, a.entry)
	}
	cluster, principal := a.names()
	if a.federated {
		b.WriteString("\nAccess entries are for roles and users: a federated user gets in by the map alone.\n")
		return b.String()
	}
	fmt.Fprintf(&b, `
Access entries let callers in without the map, and win over it; whether there is one, and how to make one:
  aws eks describe-access-entry --cluster-name %[1]s --principal-arn %[2]s
  aws eks create-access-entry --cluster-name %[1]s --principal-arn %[2]s

The cluster's creator is never in the map, and gets in all the same. To find out who that is, where the cluster's
authenticator log is on, run in CloudWatch Logs Insights on the log group /aws/eks/%[1]s/cluster:
%[3]s
`, cluster, principal, indented(CreatorQuery))
	return b.String()
}

func indented(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

// Remedy are the edit of the map and the access entry that would let the caller in, each by itself; none where neither can.
func (t *Trace) Remedy() []string {
	a := t.advice
	if a == nil {
		return nil
	}
	edit := fmt.Sprintf("add to %s:\n%s", a.section, strings.TrimRight(a.entry, "\n"))
	if a.missing {
		edit = fmt.Sprintf("add to data:\n  %s: |\n%s", a.section, strings.TrimRight(a.entry, "\n"))
	}
	if a.near != "" {
		edit = fmt.Sprintf("first rename the data key %s, which EKS does not read; then, if no entry in it is for this caller, %s", text.Quote(a.near), edit)
	}
	if a.lost {
		edit = fmt.Sprintf("first fix %s, of which EKS reads nothing; then, if no entry in it is for this caller, %s", a.section, edit)
	}
	if a.federated {
		return []string{edit}
	}
	cluster, principal := a.names()
	return []string{edit, fmt.Sprintf("or, in a mode that reads access entries: aws eks create-access-entry --cluster-name %s --principal-arn %s", cluster, principal)}
}

// names are the cluster and the principal for commands of the AWS CLI: a role's path is known to IAM alone.
func (a *Advice) names() (cluster, principal string) {
	cluster, principal = a.cluster, a.arn
	if cluster == "" {
		cluster = "CLUSTER"
	}
	if a.role != "" {
		principal = fmt.Sprintf("$(aws iam get-role --role-name %s --query Role.Arn --output text)", a.role)
	}
	return cluster, principal
}
