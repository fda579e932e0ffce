package proof

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

// judge says who gets in by a map. It asks the real authenticator, and knows nothing of the guard.
type judge struct {
	real *authenticator.Authenticator
	mu   sync.Mutex
	said map[string]*verdict
}

// verdict is who gets in by a map.
type verdict struct {
	// outcomes by caller: one, or all that are possible where the authenticator chooses by chance.
	outcomes map[string][]cases.Outcome
	// roles and users are the ARNs that it keeps, accounts what it keeps of mapAccounts.
	roles, users, accounts []string
}

func newJudge(t testing.TB) *judge {
	return &judge{real: authenticator.Start(t), said: map[string]*verdict{}}
}

// verdict judges a map, each but once. Many may ask at the same time.
func (j *judge) verdict(data map[string]string) (*verdict, error) {
	key := textOf(data)
	j.mu.Lock()
	defer j.mu.Unlock()
	if v := j.said[key]; v != nil {
		return v, nil
	}
	if err := j.real.Load(data); err != nil {
		return nil, err
	}
	v := &verdict{outcomes: map[string][]cases.Outcome{}}
	for name, caller := range callers() {
		outcomes, err := j.real.Outcomes(caller)
		if err != nil {
			return nil, err
		}
		v.outcomes[name] = outcomes
	}
	roles, users, accounts, _ := authenticator.Parse(data) // whose error is no verdict: what is kept is kept
	v.accounts = accounts
	for _, r := range roles {
		v.roles = append(v.roles, r.RoleARN)
	}
	for _, u := range users {
		v.users = append(v.users, u.UserARN)
	}
	j.said[key] = v
	return v, nil
}

// sure is what a caller becomes, unless that is a matter of chance.
func (v *verdict) sure(caller string) (cases.Outcome, bool) {
	if o := v.outcomes[caller]; len(o) == 1 && o[0].Kind == cases.Mapped {
		return o[0], true
	}
	return cases.Outcome{}, false
}

// any reports whether some possible outcome of a caller who gets in holds.
func (v *verdict) any(caller string, holds func(o cases.Outcome) bool) bool {
	return slices.ContainsFunc(v.outcomes[caller], func(o cases.Outcome) bool { return o.Kind == cases.Mapped && holds(o) })
}

// admins are the people of this cluster in system:masters, but for who is one by a name chosen for the session.
func (v *verdict) admins() []string {
	var names []string
	for caller := range v.outcomes {
		if !slices.Contains([]string{masters, machine, abroad}, caller) && v.any(caller, inGroup("system:masters")) {
			names = append(names, caller)
		}
	}
	return names
}

// keepsLess reports whether some list has fewer items than it had.
func (v *verdict) keepsLess(was *verdict) bool {
	return len(v.roles) < len(was.roles) || len(v.users) < len(was.users) || len(v.accounts) < len(was.accounts)
}

// loses reports whether a caller who was somebody is no longer that for certain: not let in, somebody else, or in fewer
// groups.
func (v *verdict) loses(caller string, was cases.Outcome) bool {
	return slices.ContainsFunc(v.outcomes[caller], func(o cases.Outcome) bool {
		return o.Kind != cases.Mapped || o.Username != was.Username || !subset(was.Groups, o.Groups)
	})
}

// fulfils reports whether a caller gets for certain what an entry means.
func (v *verdict) fulfils(m meant) bool {
	return !v.loses(m.caller, cases.Outcome{Kind: cases.Mapped, Username: m.username, Groups: m.groups})
}

func (v *verdict) same(o *verdict, caller string) bool {
	return slices.EqualFunc(v.outcomes[caller], o.outcomes[caller], func(a, b cases.Outcome) bool {
		return a.Kind == b.Kind && a.Username == b.Username && slices.Equal(a.Groups, b.Groups)
	})
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

func inGroup(group string) func(cases.Outcome) bool {
	return func(o cases.Outcome) bool { return slices.Contains(o.Groups, group) }
}

// isNode reports whether somebody is a node to the API server, which has none with braces in its name.
func isNode(o cases.Outcome) bool {
	return strings.HasPrefix(o.Username, "system:node:") && !strings.Contains(o.Username, "{") && subset([]string{"system:bootstrappers", "system:nodes"}, o.Groups)
}

// callerRole puts callers who come in by one role together.
func callerRole(caller string) string {
	switch caller {
	case masters, robot:
		return jane
	case machine:
		return admin
	}
	return caller
}
