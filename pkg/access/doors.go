package access

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Verdict compares what a mapping gives with what the access entry of the same principal gives.
type Verdict string

// The verdicts.
const (
	Same     Verdict = "same"
	Stronger Verdict = "stronger"
	// Weaker: something that the mapping gives is lost.
	Weaker Verdict = "weaker"
	// Missing: the principal has no access entry.
	Missing Verdict = "missing"
	// Stale: the principal is gone, or was created again after its entry, which lets nobody in.
	Stale Verdict = "stale"
	// Unknown: what is known does not tell.
	Unknown Verdict = "unknown"
	// Extra: an access entry without a mapping.
	Extra Verdict = "extra"
)

// Comparison is a mapping held against the access entries.
type Comparison struct {
	Verdict Verdict
	// Entry is that of the principal, nil where there is none or none is known.
	Entry *snapshot.Entry
	// Lost is what the mapping gives and the entry does not, in words: "group viewers".
	Lost []string
	// Nodes is set where nodes that come in by the mapping come in by the entry just as well.
	Nodes bool
	// Because explains the verdict in a clause.
	Because string
}

// Covered reports whether the mapping may go: the entry gives the same or more.
func (c *Comparison) Covered() bool { return c.Verdict == Same || c.Verdict == Stronger }

// Compare holds what a map gives a principal against the access entries. What is not known for certain is Unknown.
func Compare(p *Principal, v *snapshot.View) Comparison {
	switch {
	case v == nil:
		return Comparison{Verdict: Unknown, Because: "no snapshot of the access entries is at hand"}
	case v.Trouble != "":
		return Comparison{Verdict: Unknown, Because: v.Trouble}
	case v.Mode() == snapshot.ConfigMap:
		return Comparison{Verdict: Missing, Because: fmt.Sprintf("in mode %s the cluster has no access entries", snapshot.ConfigMap)}
	case p.Account:
		return Comparison{Verdict: Missing, Because: "no access entry lets in a whole account"}
	case p.Random:
		return Comparison{Verdict: Unknown, Because: "the map has this principal twice, differing in letter case, and EKS takes one of the two at random"}
	}
	principal, err := arn.ParsePrincipal(p.ARN)
	if err != nil {
		return Comparison{Verdict: Unknown, Because: "it is no ARN"}
	}
	e := v.Find(principal)
	if e == nil {
		return Comparison{Verdict: Missing, Because: "it has no access entry"}
	}
	c := Comparison{Entry: e}
	if c.Verdict, c.Because = inForce(e, v.Now); c.Verdict == "" {
		c.compare(p, &principal)
	}
	return c
}

// inForce says why an entry may not let its principal in; no verdict where it does.
func inForce(e *snapshot.Entry, now time.Time) (Verdict, string) {
	switch e.Binding() {
	case snapshot.Stale:
		if e.PrincipalGone {
			return Stale, "IAM does not know it any more: its access entry lets nobody in, not even one that is created under the same name"
		}
		return Stale, fmt.Sprintf("it was deleted and created again at %s, after its access entry (%s): the entry belongs to the one that is gone, and lets nobody in",
			stamp(*e.PrincipalCreatedAt), stamp(e.CreatedAt))
	case snapshot.Unknown:
		if e.PrincipalCreatedAt == nil {
			return Unknown, "it is not known when the principal was created: if that was after its access entry, the entry lets nobody in"
		}
		return Unknown, "the principal and its access entry were created in the same second: which came first is not known"
	}
	if age := now.Sub(e.CreatedAt); age < snapshot.Settle {
		return Unknown, fmt.Sprintf("its access entry is %s old, and EKS needs some seconds until it uses a new one: try again in a minute", snapshot.Age(age))
	}
	return "", ""
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (c *Comparison) compare(p *Principal, principal *arn.Principal) {
	e := c.Entry
	if strings.HasPrefix(p.Username, awsauth.NodeUsernamePrefix) && p.IsNode() || e.Type != snapshot.Standard {
		c.compareNodes(p)
		return
	}
	if username, ok := awsauth.Render(p.Username, principal); ok && username.String() != "" && username.String() != e.Username {
		c.Lost = append(c.Lost, "username "+text.Name(username.String()))
	}
	more := len(e.Policies) > 0
	has := groupsOf(p, principal)
	for _, g := range set(e.Groups) {
		more = more || !slices.Contains(has, g)
	}
	for _, g := range has {
		if !slices.Contains(e.Groups, g) {
			c.Lost = append(c.Lost, "group "+text.Name(g))
		}
	}
	switch {
	case e.IsClusterAdmin():
		// Whatever the lost names are bound to, the policy allows it too.
		c.Verdict, c.Because = Stronger, "the access policy "+snapshot.ClusterAdmin+" allows everything"
		if p.IsAdmin() {
			c.Verdict = Same
		}
		if len(c.Lost) > 0 {
			c.Because += "; what asks for the name is not served: " + strings.Join(c.Lost, ", ")
		}
		c.Lost = nil
	case len(c.Lost) > 0:
		c.Verdict, c.Because = Weaker, "its access entry gives less: "+strings.Join(c.Lost, ", ")+" would be lost"
	case more:
		c.Verdict, c.Because = Stronger, "its access entry gives the same and more"
	default:
		c.Verdict, c.Because = Same, "its access entry gives the same"
	}
}

// groupsOf are the groups that the mapping gives, rendered. What Kubernetes gives to everybody, and what nothing can be bound
// to, is left out.
func groupsOf(p *Principal, principal *arn.Principal) []string {
	var groups []string
	for _, g := range set(p.Groups) {
		if r, ok := awsauth.Render(g, principal); ok {
			g = r.String()
		}
		if strings.TrimSpace(g) != "" && g != "system:authenticated" {
			groups = append(groups, g)
		}
	}
	return groups
}

// compareNodes compares by the type: EKS sets username and groups of node entries.
func (c *Comparison) compareNodes(p *Principal) {
	e := c.Entry
	switch name := p.nodeName(); {
	case e.Type == snapshot.HyperPodLinux:
		c.Verdict, c.Because = Unknown, fmt.Sprintf("what an access entry of type %s gives is not documented", e.Type)
		return
	case name == "" && !p.IsNode():
		c.Lost = append(c.Lost, "username "+text.Name(p.Username))
		c.Verdict, c.Because = Weaker, fmt.Sprintf("its access entry is of type %s: it lets in nodes, and nobody else", e.Type)
		return
	case e.Type == snapshot.Standard:
		c.Lost = append(c.Lost, "the nodes")
		c.Verdict, c.Because = Weaker, fmt.Sprintf("its access entry is of type %s: nodes can't join by it", e.Type)
		return
	case !slices.Contains(typesFor(p), e.Type):
		c.Lost = append(c.Lost, "the nodes")
		c.Verdict, c.Because = Weaker, fmt.Sprintf("its access entry is of type %s, and these nodes need %s", e.Type, oneOf(typesFor(p)))
		return
	}
	c.Nodes = true
	for _, g := range set(p.Groups) {
		if !slices.Contains([]string{awsauth.NodesGroup, awsauth.BootstrappersGroup, awsauth.WindowsProxyGroup, awsauth.ProxyGroup, "system:authenticated", ""}, g) {
			c.Lost = append(c.Lost, "group "+text.Name(g))
		}
	}
	c.Verdict, c.Because = Same, fmt.Sprintf("its access entry is of type %s, by which these nodes join as well", e.Type)
	if len(c.Lost) > 0 {
		c.Verdict, c.Because = Weaker, fmt.Sprintf("nodes join by its access entry of type %s, and that gives less: %s would be lost", e.Type, strings.Join(c.Lost, ", "))
	}
}

// typesFor are the types of access entries by which the nodes of a mapping join under their names.
func typesFor(p *Principal) []snapshot.Type {
	switch p.nodeName() {
	case awsauth.NodeUsernamePrefix + awsauth.TemplateEC2PrivateDNSName:
		if slices.Contains(p.Groups, awsauth.WindowsProxyGroup) {
			return []snapshot.Type{snapshot.EC2Windows}
		}
		return []snapshot.Type{snapshot.EC2Linux}
	case awsauth.NodeUsernamePrefix + awsauth.TemplateSessionName:
		if slices.Contains(p.Groups, awsauth.ProxyGroup) {
			return []snapshot.Type{snapshot.FargateLinux}
		}
		// The map does not tell hybrid nodes from those of Auto Mode; EKS gives all of these the same name.
		return []snapshot.Type{snapshot.HybridLinux, snapshot.EC2, snapshot.FargateLinux}
	}
	return nil
}

func oneOf(types []snapshot.Type) string {
	if len(types) == 0 {
		return "a name that no access entry gives"
	}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	return strings.Join(names, " or ")
}

// Door is what lets a principal in.
type Door string

// The doors.
const (
	// ByMap: the principal has no access entry, or one that lets nobody in, so EKS looks into the map.
	ByMap Door = "aws-auth"
	// ByEntry: EKS takes the access entry, whatever the map says.
	ByEntry Door = "access-entry"
	// ByEither: what is known does not tell which of the two it is.
	ByEither Door = "unknown"
)

// DoorOf says which door a principal comes in by, if at all, and the access entry that the answer rests on.
func DoorOf(p arn.Principal, v *snapshot.View) (Door, *snapshot.Entry) {
	switch {
	case v == nil:
		return ByEither, nil
	case v.Mode() == snapshot.API:
		if v.Trouble != "" {
			return ByEntry, nil
		}
		return ByEntry, v.Find(p)
	case v.Trouble != "":
		return ByEither, nil
	}
	e := v.Find(p)
	if e == nil {
		return ByMap, nil
	}
	switch verdict, _ := inForce(e, v.Now); verdict {
	case "":
		return ByEntry, e
	case Stale:
		return ByMap, e
	}
	return ByEither, e
}

// Admin is an access entry that is certainly in force and may do everything, nil where there is none.
func Admin(v *snapshot.View) *snapshot.Entry {
	if v == nil || v.Trouble != "" {
		return nil
	}
	for i := range v.Entries {
		e := &v.Entries[i]
		if verdict, _ := inForce(e, v.Now); verdict == "" && e.IsClusterAdmin() {
			return e
		}
	}
	return nil
}
