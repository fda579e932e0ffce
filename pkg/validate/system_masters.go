package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/glob"
)

// paramAllow lists the ARNs of principals that the rule does not speak of. Case does not matter.
const paramAllow = "allow"

func systemMasters() *Rule {
	return &Rule{
		Name:  "system-masters",
		Title: "a grant of system:masters",
		Rationale: "Members of system:masters may do anything: the API server admits them before it asks RBAC, and no " +
			"binding can limit them. Grant cluster-admin to a group of your own instead, and keep system:masters for " +
			"one break-glass role, which the policy can allow by its ARN, or by a pattern such as arn:aws:iam::*:role/breakglass-*.",
		Severity: Critical,
		Controls: []Control{adminOnlyWhereNeeded(), noMasters(), leastPrivilege(), clusterRoles()},
		Standard: Warn,
		Params:   allowParams(),
		Bad:      []Example{roles("- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin\n  groups:\n  - system:masters\n")},
		Good: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin\n  groups:\n  - cluster-admins\n"),
			{
				Data:   map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin\n  groups:\n  - system:masters\n"},
				Params: Params{paramAllow: {"arn:aws:iam::111122223333:role/Admin"}},
			},
			{
				Data:   map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/breakglass-eu\n  username: breakglass\n  groups:\n  - system:masters\n"},
				Params: Params{paramAllow: {"arn:aws:iam::*:role/breakglass-*"}},
			},
		},
		Check: func(p *Pass) {
			allowed := p.Params.allowed()
			for _, e := range p.Doc.Mappings() {
				i := slices.IndexFunc(e.Groups, func(g string) bool {
					name, same := rendered(e, g)
					return same && name == awsauth.MastersGroup
				})
				if i < 0 || glob.Any(allowed, e.FoldedARN()) {
					continue
				}
				what := fmt.Sprintf("%s is in system:masters: it may do anything in the cluster", quote(e.ARN))
				if p.grantsMasters(e) {
					what = fmt.Sprintf("THIS EDIT GRANTS system:masters to %s: it may then do anything in the cluster", quote(e.ARN))
				}
				reportGroup(p, e, i, what, "bind cluster-admin to a group of your own instead")
			}
		},
	}
}

// grantsMasters reports whether the edit newly makes the entry's principal an administrator, or will once the entry matches.
func (p *Pass) grantsMasters(e *awsauth.Entry) bool {
	return p.Change != nil && (p.Change.gives(e, awsauth.MastersGroup) || p.edit.entryTouched(e) && !isLiveAdmin(p, e))
}

// allowParams are those of a rule that ignores some principals.
func allowParams() []Param {
	return []Param{{Name: paramAllow, About: "ARNs that the rule ignores; * in one stands for anything.", Pattern: "^arn:", Check: checkAllowed}}
}

func (p Params) allowed() []string {
	folded := make([]string, 0, len(p[paramAllow]))
	for _, a := range p[paramAllow] {
		folded = append(folded, arn.Fold(a))
	}
	return folded
}

// Allow reports whether the parameters of a rule name a principal as one that the rule ignores.
func (p Params) Allow(principal string) bool { return glob.Any(p.allowed(), arn.Fold(principal)) }

// sample is an ARN that fits a pattern.
func sample(pattern string) string {
	parts := strings.SplitN(pattern, ":", 6)
	for i, part := range parts {
		if !strings.Contains(part, "*") {
			continue
		}
		switch i {
		case 1:
			parts[i] = "aws"
		case 4:
			if strings.Trim(part, "0123456789*") == "" && len(part) <= 12 {
				parts[i] = "111122223333"
			}
		case 5:
			parts[i] = strings.ReplaceAll(part, "*", "x")
		}
	}
	return strings.Join(parts, ":")
}

// checkAllowed says what is wrong with the ARN of a principal that is allowed.
func checkAllowed(item string) string {
	p, err := arn.ParsePrincipal(sample(item))
	if err == nil {
		err = p.Check()
	}
	switch {
	case err != nil:
		return fmt.Sprintf("%q is not the ARN of a principal: %v", item, err)
	case strings.Contains(item, "*") && p.Kind != arn.Role && p.Kind != arn.User:
		return fmt.Sprintf("%q fits more than principals: write role/ or user/ before the *", item)
	case p.Kind == arn.Role && p.Path != "" && strings.Contains(item, "*"):
		return fmt.Sprintf("%q has a path, but role sessions arrive without it: write role/ and then the name alone", item)
	case p.Kind == arn.Role && p.Path != "":
		return fmt.Sprintf("%q has a path, but role sessions arrive without it: write %q", item, p.WithoutPath())
	}
	return ""
}
