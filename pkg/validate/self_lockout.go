package validate

import (
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func selfLockout() *Rule {
	return &Rule{
		Name:  "self-lockout",
		Title: "the edit locks out its author",
		Rationale: "The writer authenticates through an entry of this map, and the edit removes that entry, makes it stop " +
			"matching, changes its username or removes groups from it. From the next request on, the writer is " +
			"somebody else, or nobody. Let somebody else make such an edit, or use the override. If the writer lacks " +
			"groups of that entry, it probably authenticated another way (an access entry, or a token from before the " +
			"last change): then the rule only warns, and also if an access entry lets the writer in as before.",
		Severity:  Critical,
		Controls:  []Control{accessRemoval()},
		AboutEdit: true,
		Standard:  Deny,
		Losses:    []string{"one's own entry removed, broken or shrunk, or overruled by a later one"},
		Bad: []Example{{
			Old:       map[string]string{"mapRoles": exampleNodes + exampleDev},
			Data:      map[string]string{"mapRoles": exampleNodes},
			Requester: &Requester{Username: "dev", ARN: "arn:aws:sts::111122223333:assumed-role/dev/jane"},
		}},
		Good: []Example{{
			Old:       map[string]string{"mapRoles": exampleNodes + exampleDev},
			Data:      map[string]string{"mapRoles": exampleNodes},
			Requester: &Requester{Username: "creator", ARN: "arn:aws:sts::111122223333:assumed-role/dev/jane"},
		}},
		Check: func(p *Pass) {
			c := p.Change
			if c == nil || c.Old == nil || c.Requester == nil || c.Requester.ARN == "" || p.gone {
				return
			}
			r := c.Requester
			caller := awsauth.Caller{ARN: r.ARN, SessionName: r.SessionName, AccessKeyID: r.AccessKeyID}
			before := c.Old.Resolve(caller)
			if !before.Mapped || !rendersAs(before.Username, r.Username) {
				return // authenticated another way: an access entry, or as the cluster's creator
			}
			why := lockedOut(before, c.New.Resolve(caller))
			kept := p.compare(mapped(before))
			const remedy = "let somebody else make the edit"
			switch missing := without(before.Groups, r.Groups); {
			case why == "":
			case kept.Covered():
				p.Advise(before.Section, fmt.Sprintf("by aws-auth %s after this edit; you still get in by your access entry %s%s", why, quote(kept.Entry.PrincipalARN), p.asOf()), "")
			case len(missing) > 0:
				p.ReportEdit(before.Section, fmt.Sprintf("%s maps you (%s), but you are not in %s: you may have authenticated another way, or before the entry changed. If not, after this edit %s%s",
					entryOf(before), quote(r.ARN), shorten(missing), why, p.notKept(&kept)), remedy, true)
			default:
				p.ReportEdit(before.Section, fmt.Sprintf("you authenticated through %s (%s), and after this edit %s%s", entryOf(before), quote(r.ARN), why, p.notKept(&kept)), remedy, false)
			}
		},
	}
}

// rendersAs reports whether a username can be the caller's: templates that could not be rendered stand for anything.
func rendersAs(username, caller string) bool {
	return username == caller || isTemplated(username) && canBecome(fixed(username), caller)
}

// mapped is what a map gives to the principal of a caller whom it lets in.
func mapped(r awsauth.Resolution) *access.Change {
	if r.Match == nil {
		return &access.Change{Account: true, Old: &access.Identity{Username: r.Username}}
	}
	return &access.Change{ARN: r.Match.ARN, Old: &access.Identity{Username: r.Match.Username, Groups: r.Match.Groups}}
}

// entryOf names the entry that a caller authenticated through.
func entryOf(r awsauth.Resolution) string { return fmt.Sprintf("%s[%d]", r.Section, r.Entry) }

// lockedOut says what the same caller loses, or returns "".
func lockedOut(before, after awsauth.Resolution) string {
	if !after.Mapped {
		return "no entry lets you in"
	}
	if after.Username != before.Username {
		return fmt.Sprintf("you would be %s instead of %s", quote(after.Username), quote(before.Username))
	}
	if lost := without(before.Groups, after.Groups); len(lost) > 0 {
		return "you would no longer be in " + shorten(lost)
	}
	return ""
}

// without are those of the groups that are not among the others.
func without(groups, others []string) []string {
	has := groupSet(others)
	return slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return has[g] })
}
