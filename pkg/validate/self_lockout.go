package validate

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func selfLockout() *Rule {
	return &Rule{
		Name:  "self-lockout",
		Title: "the writer's own way in",
		Rationale: "The writer came in by an entry of this map, and the edit removes that entry, makes it stop to match, gives it another username or takes groups from it. With the next request the writer is somebody else, " +
			"or nobody. Let somebody else make such an edit, or use the override.",
		Severity:  Critical,
		AboutEdit: true,
		Standard:  Deny,
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
			caller := awsauth.Caller{ARN: c.Requester.ARN, SessionName: c.Requester.SessionName}
			before := c.Old.Resolve(caller)
			if !before.Mapped || before.Username != c.Requester.Username {
				return // came in by something else: an access entry, or as the cluster's creator
			}
			after := c.New.Resolve(caller)
			if why := lockedOut(before, after); why != "" {
				p.ReportEdit(before.Section, fmt.Sprintf("you came in by %s (%s), and after this edit %s", entryOf(before), quote(c.Requester.ARN), why), false)
			}
		},
	}
}

// entryOf names the entry that a caller came in by.
func entryOf(r awsauth.Resolution) string { return fmt.Sprintf("%s[%d]", r.Section, r.Entry) }

// lockedOut says what the same caller loses, or returns "".
func lockedOut(before, after awsauth.Resolution) string {
	if !after.Mapped {
		return "no entry lets you in"
	}
	if after.Username != before.Username {
		return fmt.Sprintf("you would be %s instead of %s", quote(after.Username), quote(before.Username))
	}
	var lost []string
	still := groupSet(after.Groups)
	for _, g := range before.Groups {
		if !still[g] {
			lost = append(lost, g)
		}
	}
	if len(lost) > 0 {
		return "you would no longer be in " + strings.Join(lost, ", ")
	}
	return ""
}
