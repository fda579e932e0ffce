package validate

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/unseen"
)

func arnSyntax() *Rule {
	return &Rule{
		Name:  "arn-syntax",
		Title: "an ARN that no caller can have",
		Rationale: "The authenticator compares ARNs without checking them. It accepts one with a blank, a wildcard, a " +
			"region, a wrong account number or an unknown partition without a warning, and never matches it. Callers " +
			"have arn:PARTITION:iam::ACCOUNT:role/NAME, …:user/[PATH/]NAME, …:root, or " +
			"arn:PARTITION:sts::ACCOUNT:federated-user/NAME.",
		Severity: High,
		Standard: Deny,
		Losses:   []string{"an ARN with a typo, a blank, a wrong account"},
		Bad: []Example{
			roles("- rolearn: \"arn:aws:iam::111122223333:role/dev \"\n  username: dev\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev*\n  username: dev\n"),
			roles("- rolearn: arn:aws:iam:eu-west-1:111122223333:role/dev\n  username: dev\n"),
			roles("- rolearn: arn:aws:iam::1111-2222-3333:role/dev\n  username: dev\n"),
			roles("- rolearn: dev\n  username: dev\n"),
		},
		Good: []Example{
			roles("- rolearn: ARN:aws-us-gov:iam::111122223333:role/Dev.Ops+1=2,3@4-5_6\n  username: dev\n"),
			users("- userarn: arn:aws:iam::111122223333:root\n  username: root\n- userarn: arn:aws:sts::111122223333:federated-user/fed\n  username: fed\n"),
		},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				if e.ARN == "" || p.Suppressed(e, "arn") || placeholderIn(e.ARN, true) != "" || p.filledLater(e.ARN) {
					continue
				}
				if why, remedy := arnTrouble(e); why != "" {
					p.Suppress(e, "arn")
					p.ReportField(e, e.ARNField(), "no caller has this ARN, so EKS would never match it: "+why, remedy, nil)
				}
			}
		},
	}
}

// hasARNTrouble reports whether no caller can have the ARN.
func hasARNTrouble(e *awsauth.Entry) bool {
	why, _ := arnTrouble(e)
	return why != ""
}

// arnTrouble says why no caller can have the ARN and what to write, or returns "". Kinds that are no callers are arn-kind's
// business.
func arnTrouble(e *awsauth.Entry) (why, remedy string) {
	if around, remedy := surroundings(e.ARN); around != "" {
		return around, remedy
	}
	pr := e.Principal()
	if pr == nil {
		_, err := arn.ParsePrincipal(e.ARN)
		if errors.Is(err, arn.ErrPrefix) || errors.Is(err, arn.ErrSections) {
			if m := lostColon.FindStringSubmatch(e.ARN); m != nil {
				return quote(e.ARN) + " has one colon too few: IAM has no regions", fmt.Sprintf("write arn:%s:%s::%s", m[1], m[2], m[3])
			}
			return fmt.Sprintf("%s is not an ARN: %v", quote(e.ARN), err), roleOrUser("aws")
		}
		return quote(e.ARN) + " is not an ARN", roleOrUser("aws")
	}
	if pr.Kind == arn.Unknown {
		return quote(e.ARN) + " is not an IAM principal", roleOrUser(pr.Partition)
	}
	if !pr.Kind.IsCaller() {
		return "", ""
	}
	if fault := pr.Fault(); fault != nil {
		return fault.What, fault.Remedy
	}
	return "", ""
}

func roleOrUser(partition string) string {
	return fmt.Sprintf("write arn:%s:iam::ACCOUNT:role/NAME or :user/NAME", partition)
}

// lostColon is an ARN without the empty region.
var lostColon = regexp.MustCompile(`(?i)^arn:(aws[a-z-]*):(iam|sts):(\d{12}:.+)$`)

func isWord(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }

// surroundings reports blanks, line ends and quotation marks before or after an ARN.
func surroundings(a string) (around, remedy string) {
	if a != "" && isWord(a[0]) && isWord(a[len(a)-1]) {
		return "", ""
	}
	if i := strings.IndexFunc(a, unseen.IsAround); i == 0 || i > 0 && strings.TrimFunc(a, unseen.IsAround) != a {
		r := []rune(a[i:])[0]
		if i > 0 {
			r = []rune(a)[len([]rune(a))-1]
		}
		return fmt.Sprintf("it has %s around it", unseen.Describe(r)), "remove it"
	}
	if strings.Trim(a, "\"'`“”‘’<>") != a {
		return "it has quotation marks or brackets around it", "write it without"
	}
	return "", ""
}
