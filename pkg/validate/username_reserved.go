package validate

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func usernameReserved() *Rule {
	return &Rule{
		Name:  "username-reserved",
		Title: "a username of Kubernetes or of EKS",
		Rationale: "Usernames that begin with system:, eks:, aws:, amazon: or iam: belong to components: whoever is mapped to system:kube-controller-manager or eks:node-manager has its rights. " +
			"EKS refuses these prefixes for access entries. Only nodes have such a name, from a template: system:node:{{EC2PrivateDNSName}}, or system:node:{{SessionName}} for Fargate and hybrid nodes.",
		Severity: Critical,
		Controls: []Control{masquerading()},
		Standard: Deny,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: system:kube-controller-manager\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: eks:node-manager\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: \"{{SessionName}}:kube-controller-manager\"\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: system:node:ip-10-0-0-7.ec2.internal\n  groups: [system:bootstrappers, system:nodes]\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{SessionName}}\n  groups: [system:bootstrappers, system:nodes, system:node-proxier]\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				prefix := takesReserved(e)
				if prefix == "" || isNodeShape(e.Username) || p.Suppressed(e, awsauth.FieldUsername) || misspeltTemplate(e.Username) != "" {
					continue
				}
				p.Suppress(e, awsauth.FieldUsername)
				remedy := "choose another name"
				if node := nodeNameMeant(e); node != "" {
					remedy = "write " + node + " for nodes"
				}
				if !strings.HasPrefix(e.Username, prefix) {
					p.ReportField(e, awsauth.FieldUsername, fmt.Sprintf("the username %s can become one with the reserved prefix %s, which makes the caller a component of the cluster", quote(e.Username), quote(prefix)), remedy, nil)
					continue
				}
				p.ReportField(e, awsauth.FieldUsername, fmt.Sprintf("the username %s has the reserved prefix %s and makes the caller a component of the cluster", quote(e.Username), quote(prefix)), remedy, nil)
			}
		},
	}
}

// takesReserved is the reserved prefix that some caller's username has when the templates of the entry are rendered: a caller
// whose session is called system gets system:admin of {{SessionName}}:admin.
func takesReserved(e *awsauth.Entry) string {
	pr := e.Principal()
	if pr == nil || !isTemplated(e.Username) {
		return snapshot.ReservedPrefix(e.Username)
	}
	name, ok := awsauth.Render(e.Username, pr)
	if !ok {
		return ""
	}
	for _, prefix := range snapshot.ReservedPrefixes() {
		if name.CanBegin(prefix) {
			return prefix
		}
	}
	return ""
}

// nodeShape is how nodes are named: EC2 by their private DNS name, Fargate and hybrid nodes by their session.
var nodeShape = regexp.MustCompile(`^system:node:\{\{(EC2PrivateDNSName|SessionName|SessionNameRaw)\}\}$`)
