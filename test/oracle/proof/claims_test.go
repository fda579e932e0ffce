package proof

import (
	"slices"
	"strings"
	"unicode"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// claim is a finding that an edit brings in, with all that the judge knows of the edit.
type claim struct {
	finding *admission.EvaluatedFinding
	// written is the map as the author sent it.
	written *small
	// before and after are the verdicts on the old map and on the one judged, rest on that without what breaks a list.
	before, after, rest *verdict
	author              string
	was                 *cases.Outcome // what the author came in as by the old map, nil for nobody
	cluster             *cluster
}

// confirmations say for each rule what the judge must see, so that a refusal is right: a loss, an entry that is dead, or
// a grant that is wider than it may be.
func confirmations() map[string]func(*claim) bool {
	m := map[string]func(*claim) bool{
		"arn-partition":     func(c *claim) bool { return partitions(c.after) > 1 },
		"arn-section":       (*claim).inTheOtherSection,
		"duplicate-arn":     (*claim).meantTwice,
		"map-accounts":      func(c *claim) bool { return c.after.any(eve, always) },
		"username-missing":  func(c *claim) bool { return c.entry(func(o cases.Outcome) bool { return o.Username == "" }) },
		"username-reserved": func(c *claim) bool { return c.entry(reserved) },
		"template-unknown": func(c *claim) bool {
			return c.entry(func(o cases.Outcome) bool { return strings.Contains(o.Username, "{{") })
		},
		"template-unsafe":      (*claim).chosenByTheCaller,
		"template-in-group":    func(c *claim) bool { return c.after.any(masters, inGroup("system:masters")) },
		"template-mismatch":    func(c *claim) bool { return c.dead() || c.shutsOut() },
		"username-uppercase":   func(c *claim) bool { return c.entry(c.upperCased) },
		"username-shared":      (*claim).sharesAName,
		"username-format":      func(c *claim) bool { return c.entry(badName) },
		"system-masters":       (*claim).grantsMasters,
		"group-unbound":        func(c *claim) bool { return c.entry(c.unbound) },
		"node-entry":           func(c *claim) bool { return c.entry(halfNode) || c.dead() },
		"map-deleted":          func(c *claim) bool { return len(c.losers()) > 0 || c.after.keepsLess(c.before) },
		"node-access-lost":     func(c *claim) bool { return c.losesNodes() },
		"self-lockout":         func(c *claim) bool { return c.was != nil && c.after.loses(c.author, *c.was) },
		"admin-access-lost":    func(c *claim) bool { return c.losesAdmins() },
		"privilege-escalation": (*claim).escalates,
	}
	for _, rule := range []string{
		"yaml-syntax", "unquoted-template", "extra-document", "not-a-list", "entry-not-a-mapping", "unknown-field", "wrong-type",
		"arn-missing", "sso-field", "duplicate-field", "merged-list-items", "unknown-data-key", "placeholder", "arn-kind",
		"arn-syntax", "role-path", "sso-role-path", "conflicting-arn", "account-id", "group-name",
	} {
		m[rule] = (*claim).dead
	}
	return m
}

func always(cases.Outcome) bool { return true }

// items are what the items that the finding is about mean: one, all of its section, or all that is written.
func (c *claim) items() []meant {
	section, entry := string(c.finding.Section), c.finding.Entry
	items := c.written.items[section]
	switch {
	case section == "" || c.finding.Rule == "unknown-data-key":
		return c.written.hidden
	case entry < 0:
		return append(slices.Clone(items), c.written.hidden...)
	case entry < len(items):
		related := []meant{items[entry]}
		for _, r := range c.finding.Related {
			if others := c.written.items[string(r.Section)]; r.Entry < len(others) {
				related = append(related, others[r.Entry])
			}
		}
		return related
	}
	return nil
}

// dead confirms that somebody whom an entry means does not get what it says.
func (c *claim) dead() bool {
	return slices.ContainsFunc(c.items(), func(m meant) bool { return !c.after.fulfils(m) })
}

// shutsOut confirms that some callers of a role that an entry means do not get in.
func (c *claim) shutsOut() bool {
	return slices.ContainsFunc(c.items(), func(m meant) bool {
		for caller := range c.after.outcomes {
			if callerRole(caller) == callerRole(m.caller) && !c.after.any(caller, always) {
				return true
			}
		}
		return false
	})
}

// entry confirms something of somebody whom the entry means and lets in.
func (c *claim) entry(holds func(cases.Outcome) bool) bool {
	return slices.ContainsFunc(c.items(), func(m meant) bool { return c.after.any(m.caller, holds) })
}

func (c *claim) inTheOtherSection() bool {
	return slices.ContainsFunc(c.after.roles, func(arn string) bool { return strings.Contains(arn, ":user/") }) ||
		slices.ContainsFunc(c.after.users, func(arn string) bool { return strings.Contains(arn, ":role/") })
}

// meantTwice confirms that entries mean the same caller, so that one of them does nothing.
func (c *claim) meantTwice() bool {
	all := slices.Concat(c.written.items["mapRoles"], c.written.items["mapUsers"])
	return slices.ContainsFunc(c.items(), func(m meant) bool {
		n := 0
		for _, o := range all {
			if o.caller == m.caller {
				n++
			}
		}
		return n > 1
	})
}

// chosenByTheCaller confirms that the name is nothing but what the caller chooses or the key it signs with.
func (c *claim) chosenByTheCaller() bool {
	return slices.ContainsFunc(c.items(), func(m meant) bool {
		session := callers()[m.caller].SessionName
		return c.after.any(m.caller, func(o cases.Outcome) bool {
			return strings.Contains(o.Username, cases.AccessKeyID) || session != "" && strings.HasSuffix(o.Username, session)
		})
	})
}

func (c *claim) upperCased(o cases.Outcome) bool {
	return strings.ContainsFunc(o.Username, unicode.IsUpper) && !c.cluster.bound(o.Username)
}

func (c *claim) unbound(o cases.Outcome) bool {
	return slices.ContainsFunc(o.Groups, func(g string) bool { return !c.cluster.bound(g) })
}

// sharesAName confirms that different principals arrive under the name.
func (c *claim) sharesAName() bool {
	return c.entry(func(o cases.Outcome) bool {
		n := 0
		for caller := range c.after.outcomes {
			if caller != masters && c.after.any(caller, func(other cases.Outcome) bool { return other.Username == o.Username }) {
				n++
			}
		}
		return n > 1
	})
}

// grantsMasters confirms that somebody is an administrator, or would be, were the entry not dead.
func (c *claim) grantsMasters() bool {
	return c.entry(inGroup("system:masters")) || slices.ContainsFunc(c.items(), func(m meant) bool {
		return slices.Contains(m.groups, "system:masters")
	})
}

// losers are those who got in and don't any more.
func (c *claim) losers() []string {
	var names []string
	for caller := range c.before.outcomes {
		if c.before.any(caller, always) && !c.after.any(caller, always) {
			names = append(names, caller)
		}
	}
	return names
}

func (c *claim) losesNodes() bool {
	return slices.ContainsFunc([]string{node, machine, fargate}, func(caller string) bool {
		was, ok := c.before.sure(caller)
		return ok && isNode(was) && c.after.loses(caller, was)
	})
}

func (c *claim) losesAdmins() bool { return len(c.before.admins()) > 0 && len(c.after.admins()) == 0 }

// newAdmins reports whether somebody is an administrator who was none.
func (c *claim) newAdmins() bool { return !subset(c.after.admins(), c.before.admins()) }

// silence is the first entry that the edit brings in and that does nothing.
func (c *claim) silence(old *small) (meant, bool) {
	was := slices.Collect(old.all())
	for m := range c.written.all() {
		if !c.after.fulfils(m) && !slices.ContainsFunc(was, m.same) {
			return m, true
		}
	}
	return meant{}, false
}

// escalates confirms that somebody gets a name or a group that the author may not take, or would, were the list not lost.
func (c *claim) escalates() bool {
	if c.escalatesTo(c.after) || c.escalatesTo(c.rest) {
		return true
	}
	for m := range c.written.all() {
		would := cases.Outcome{Username: m.username, Groups: m.groups}
		if !c.before.fulfils(m) && !c.after.fulfils(m) && c.gives(m.caller, would) {
			return true
		}
	}
	return false
}

func (c *claim) escalatesTo(v *verdict) bool {
	for caller := range v.outcomes {
		if v.any(caller, func(o cases.Outcome) bool { return c.gives(caller, o) }) {
			return true
		}
	}
	return false
}

// gives reports whether a caller who becomes somebody has a name or a group which it had not, and which the author may not
// take.
func (c *claim) gives(caller string, is cases.Outcome) bool {
	named := c.before.any(caller, func(b cases.Outcome) bool { return b.Username == is.Username })
	return !named && !c.cluster.mayTake("user", is.Username) || slices.ContainsFunc(is.Groups, func(g string) bool {
		return !c.before.any(caller, inGroup(g)) && !c.cluster.mayTake("group", g)
	})
}

func reserved(o cases.Outcome) bool {
	for _, prefix := range []string{"system:", "eks:", "aws:", "amazon:", "iam:"} {
		if strings.HasPrefix(o.Username, prefix) {
			return true
		}
	}
	return false
}

func badName(o cases.Outcome) bool {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	return strings.TrimSpace(o.Username) != o.Username || strings.ContainsFunc(o.Username, hidden)
}

// halfNode holds of somebody who has a part of what a node has.
func halfNode(o cases.Outcome) bool {
	named := strings.HasPrefix(o.Username, "system:node:")
	return !isNode(o) && (named || inGroup("system:nodes")(o) || inGroup("system:bootstrappers")(o))
}

// partitions counts those that the kept ARNs name.
func partitions(v *verdict) int {
	seen := map[string]bool{}
	for _, arn := range slices.Concat(v.roles, v.users) {
		if parts := strings.Split(arn, ":"); len(parts) > 2 && parts[0] == "arn" {
			seen[parts[1]] = true
		}
	}
	return len(seen)
}
