package lint

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Wanted says what becomes of the mappings of a map once the objects that ask for access entries, or for a mode, have what they
// ask for. Of those for one principal the first is taken, with the policies of all. Nothing of it counts as an access entry.
func Wanted(doc *awsauth.Document, wishes []manifest.Wish) []validate.Finding {
	var found []validate.Finding
	for _, w := range wishes {
		if w.Mode == snapshot.API {
			found = append(found, wanted(validate.Finding{Entry: -1,
				What: fmt.Sprintf("once %s takes effect%s, the authentication mode is %s and EKS does not read this map: who has no access entry then is out, and there is no way back",
					text.Visible(w.Object), of(w), snapshot.API),
				Remedy: "see first that access-entries verify says it is safe to switch",
			}))
		}
	}
	rows := access.Table(doc)
	for _, w := range united(wishes) {
		p, err := w.Entry.Principal()
		if err != nil || w.Entry.Type == "" || len(Refused(w)) > 0 {
			continue
		}
		view := granted(*w.Entry)
		for i := range rows {
			own, err := arn.ParsePrincipal(rows[i].ARN)
			if err != nil || rows[i].Account || snapshot.Key(own) != snapshot.Key(p) {
				continue
			}
			c := access.Compare(&rows[i], view)
			if c.Verdict != access.Weaker && c.Verdict != access.Stronger {
				continue
			}
			e := doc.Section(rows[i].Section).Entries[rows[i].Entry]
			found = append(found, wanted(validate.Finding{Section: e.Section.Key, Entry: e.Index, Span: e.Span(),
				What:   fmt.Sprintf("once %s takes effect%s, EKS takes its access entry and not this mapping: %s", text.Visible(w.Object), of(w), differs(&c)),
				Remedy: "ask there for what the mapping gives, or remove the mapping once the entry is there",
			}))
		}
	}
	return found
}

func wanted(f validate.Finding) validate.Finding {
	f.Rule, f.Advisory = manifest.RuleWanted, true
	return f
}

// of names the cluster that a wish is for, where it is known.
func of(w manifest.Wish) string {
	if w.Cluster == "" {
		return ""
	}
	return " in the cluster " + text.Name(w.Cluster)
}

func differs(c *access.Comparison) string {
	if c.Verdict == access.Weaker {
		return strings.Join(c.Lost, ", ") + " would be lost"
	}
	return strings.Replace(c.Because, "its access entry gives", "it gives", 1)
}

// united gives each access entry the policies that other objects associate with it.
func united(wishes []manifest.Wish) []manifest.Wish {
	var all []manifest.Wish
	for _, w := range wishes {
		if w.Entry == nil || w.Entry.Type == "" {
			continue
		}
		e := *w.Entry
		for _, other := range wishes {
			if other.Entry != nil && other.Entry.Type == "" && other.Cluster == w.Cluster && arn.Fold(other.Entry.PrincipalARN) == arn.Fold(e.PrincipalARN) {
				e.Policies = append(e.Policies[:len(e.Policies):len(e.Policies)], other.Entry.Policies...)
			}
		}
		w.Entry = &e
		all = append(all, w)
	}
	return all
}

// granted is a cluster that has one access entry, as it will be once EKS has made it.
func granted(e snapshot.Entry) *snapshot.View {
	now := time.Unix(0, 0).UTC().Add(24 * time.Hour)
	created, principal := now.Add(-time.Hour), now.Add(-2*time.Hour)
	e.CreatedAt, e.PrincipalCreatedAt = created, &principal
	if p, err := e.Principal(); err == nil && e.Username == "" && e.Type == snapshot.Standard {
		e.Username = p.String()
		if p.Kind == arn.Role {
			e.Username = "arn:" + p.Partition + ":sts::" + p.Account + ":assumed-role/" + p.Name + "/" + awsauth.TemplateSessionName
		}
	}
	s := &snapshot.Snapshot{TakenAt: now, Entries: []snapshot.Entry{e}, Cluster: snapshot.Cluster{AuthenticationMode: snapshot.Both}}
	return s.At(now, time.Hour)
}

// Refused says what EKS refuses of the access entry that an object asks for: what it refuses, and what to write instead.
func Refused(w manifest.Wish) []validate.Finding {
	e := w.Entry
	if e == nil {
		return nil
	}
	var found []validate.Finding
	refuse := func(what, remedy string) {
		found = append(found, wanted(validate.Finding{Entry: -1, What: "EKS refuses this access entry, so it never comes to be: " + what, Remedy: remedy}))
	}
	p, err := e.Principal()
	ssoWithoutPath := err == nil && p.Kind == arn.Role && p.Path == "" && strings.HasPrefix(p.Name, "AWSReservedSSO_")
	switch {
	case err != nil || p.Check() != nil || p.Kind != arn.Role && p.Kind != arn.User && p.Kind != arn.Root:
		refuse(text.Name(e.PrincipalARN)+" is the ARN of no role and no user", "write the ARN of the role or the user, with its path")
	case ssoWithoutPath:
		refuse(text.Name(e.PrincipalARN)+" leaves out the path of a role of IAM Identity Center",
			"write role/aws-reserved/sso.amazonaws.com/REGION/"+text.Name(p.Name)+" as IAM has it, in us-east-1 without the region")
	case p.Kind == arn.Role && strings.HasPrefix(p.Path, "aws-service-role/"):
		refuse("nobody but AWS makes those of service-linked roles", "remove it")
	}
	if e.Type != "" && e.Type != snapshot.Standard {
		if e.Username != "" || len(e.Groups) > 0 {
			refuse(fmt.Sprintf("an entry of the type %s takes no username and no groups, EKS sets them", text.Name(string(e.Type))), "leave both out")
		}
		return found
	}
	for _, g := range e.Groups {
		if prefix := snapshot.ReservedPrefix(g); prefix != "" {
			remedy := "bind a group of another name to the same roles, and write that one"
			if g == awsauth.MastersGroup {
				remedy = "associate the access policy " + snapshot.ClusterAdmin + " with it instead"
			}
			refuse(fmt.Sprintf("the group %s begins with %s", text.Name(g), prefix), remedy)
		}
	}
	if prefix := snapshot.ReservedPrefix(e.Username); prefix != "" {
		refuse(fmt.Sprintf("the username %s begins with %s", text.Name(e.Username), prefix), "leave the username out, or write another one")
	}
	return found
}
