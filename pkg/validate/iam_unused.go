package validate

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

const (
	// paramDays is how many days without use are too many.
	paramDays = "days"
	// unusedDays is that many where the policy does not say.
	unusedDays = 90
	maxDays    = int(iam.Tracked / (24 * time.Hour))
)

func iamUnused() *Rule {
	return &Rule{
		Name:  "iam-unused",
		Title: "nobody has used the role for a long time",
		Rationale: "IAM tells when a role was last used, and where, for the last 400 days; for less where a region has told it for less. " +
			"A role that nobody needs is access that nobody watches. AWS does not say whether a login to EKS alone counts as use: " +
			"hold the entry against the logins (kubectl aws-auth usage) before you remove it. Roles for emergencies are unused by nature. " +
			"The days are counted back from the time of the file.",
		Severity:      Low,
		Controls:      []Control{leastPrivilege(), cloudAccounts()},
		Standard:      Warn,
		Standing:      true,
		Needs:         []Topic{TopicIAM},
		SilentWithout: true,
		Params: []Param{{
			Name: paramDays, About: "How many days without use are too many, 90 unless said: one number, 1 to 400.", Pattern: "^([1-9][0-9]?|[1-3][0-9]{2}|400)$",
			Check: func(item string) string {
				if n, err := strconv.Atoi(item); err != nil || n < 1 || n > maxDays || !digits.MatchString(item) {
					return fmt.Sprintf("%q is not a number of days from 1 to %d, which is how far back IAM tells", item, maxDays)
				}
				return ""
			},
		}},
		Bad:  []Example{{Data: map[string]string{"mapRoles": exampleDev}, IAM: exampleIAMUse("2025-11-01T09:00:00Z")}},
		Good: []Example{{Data: map[string]string{"mapRoles": exampleDev}, IAM: exampleIAMUse("2026-02-27T09:00:00Z")}},
		Check: func(p *Pass) {
			days := unusedDays
			for _, item := range p.Params[paramDays] {
				if n, err := strconv.Atoi(item); err == nil {
					days = n
				}
			}
			p.eachInIAM(func(m *mappedInIAM) {
				if m.found == nil || m.found.Use == nil {
					return
				}
				since, used := m.found.Use.At, "since "+m.found.Use.At.Format(time.DateOnly)
				switch {
				case since.IsZero():
					since, used = m.found.Created, fmt.Sprintf("in the %d days that it looks back; the role is there since %s", maxDays, m.found.Created.Format(time.DateOnly))
				case m.found.Use.Region != "":
					used += " (" + text.Short(m.found.Use.Region, maxQuoted) + ")"
				}
				if since.IsZero() || m.account.At.Sub(since) <= time.Duration(days)*24*time.Hour {
					return
				}
				p.ReportEntry(m.entry, fmt.Sprintf("IAM knows of no use of this role %s: more than %s; whoever may assume it gets in %s",
					used, text.Count(days, "day"), getsIn(m.entry)), "hold it against kubectl aws-auth usage, and remove the entry if nobody needs it")
			})
		},
	}
}

var digits = regexp.MustCompile(`^[0-9]+$`)
