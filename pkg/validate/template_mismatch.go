package validate

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func templateMismatch() *Rule {
	return &Rule{
		Name:  "template-mismatch",
		Title: "a template that this principal can't fill",
		Rationale: "Only sessions of a role have a session name: for IAM users, the root user and federated users " +
			"{{SessionName}} is empty. {{EC2PrivateDNSName}} denies every caller whose session is not named after an " +
			"EC2 instance, people included, so use it only for node roles.",
		Severity: High,
		Standard: Deny,
		Bad: []Example{
			users("- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob:{{SessionName}}\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{EC2PrivateDNSName}}\n"),
			roles(exampleFargate + "  - x-{{EC2PrivateDNSName}}\n"),
		},
		Good: []Example{users("- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob:{{AccountID}}\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				checkTemplates(p, e)
			}
		},
	}
}

func checkTemplates(p *Pass, e *awsauth.Entry) {
	if !isTemplated(e.Username) && !isTemplated(strings.Join(e.Groups, " ")) {
		return
	}
	pr := e.Principal()
	namedBySession := isNodeUsername(e.Username) && sessionTemplate(e.Username) != ""
	sessionless := pr != nil && (pr.Kind == arn.User || pr.Kind == arn.Root || pr.Kind == arn.FederatedUser)
	const without = "write a name without it"
	wrong := func(s string) (what, remedy string) {
		switch {
		case sessionless && strings.Contains(s, awsauth.TemplateEC2PrivateDNSName):
			return fmt.Sprintf("%s needs the session of an EC2 instance: EKS would deny this %s every time", awsauth.TemplateEC2PrivateDNSName, pr.Kind), without
		case sessionless && sessionTemplate(s) != "":
			return fmt.Sprintf("%s is empty for a %s: only roles have sessions", sessionTemplate(s), pr.Kind), without
		case namedBySession && strings.Contains(s, awsauth.TemplateEC2PrivateDNSName):
			return awsauth.TemplateEC2PrivateDNSName + " denies every caller but EC2 instances, and these nodes are none: their name is that of their session", without
		case strings.Contains(s, awsauth.TemplateEC2PrivateDNSName) && !isNodeUsername(e.Username) && nodeGroups(e.Groups) == 0 && p.allGroupsKnown(e) && !p.Suppressed(e, awsauth.FieldGroups):
			return awsauth.TemplateEC2PrivateDNSName + " denies every caller but EC2 instances, but this is not a node entry", "use " + awsauth.TemplateSessionName
		}
		return "", ""
	}
	if what, remedy := wrong(e.Username); what != "" && !p.Suppressed(e, awsauth.FieldUsername) {
		p.Suppress(e, awsauth.FieldUsername)
		p.ReportField(e, awsauth.FieldUsername, what, remedy, nil)
		return
	}
	for i, g := range e.Groups {
		if what, _ := wrong(g); what != "" {
			p.Suppress(e, fmt.Sprintf("groups[%d]", i))
			// No other template: whoever chooses the name of a session would choose the group.
			reportGroup(p, e, i, what, without)
		}
	}
}

func sessionTemplate(s string) string {
	for _, t := range []string{awsauth.TemplateSessionName, awsauth.TemplateSessionNameRaw} {
		if strings.Contains(s, t) {
			return t
		}
	}
	return ""
}
