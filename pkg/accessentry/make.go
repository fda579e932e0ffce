package accessentry

import (
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Make plans the move of a map. Every mapping gets an item, those that match nobody too.
func Make(doc *awsauth.Document, o Options) *Plan {
	m := &maker{options: o, rows: map[string]access.Principal{}, paths: map[string]string{}}
	for _, row := range access.Table(doc) {
		if !row.Account {
			m.rows[arn.Fold(row.ARN)] = row
		}
	}
	for _, e := range doc.Mappings() {
		// A role's name is unique in its account whatever the path, so an ARN with a path shows that of one without.
		if pr := e.Principal(); pr != nil && pr.Kind == arn.Role && pr.Path != "" && pr.Check() == nil {
			m.paths[arn.Fold(pr.WithoutPath())] = pr.Path
		}
	}
	p := &Plan{Cluster: o.Cluster, Region: o.Region}
	for _, s := range []*awsauth.Section{doc.Roles, doc.Users} {
		p.Items = append(p.Items, unread(s)...)
		for _, e := range s.Entries {
			p.Items = append(p.Items, m.mapping(e))
		}
	}
	p.Items = append(p.Items, unread(doc.Accounts)...)
	for _, a := range doc.Accounts.Accounts {
		p.Items = append(p.Items, m.account(a))
	}
	return p
}

type maker struct {
	options Options
	// rows are those whom the map lets in, by folded ARN.
	rows map[string]access.Principal
	// paths are the paths of roles as far as the map tells, by the folded ARN without the path.
	paths map[string]string
}

const fixFirst = "fix it in aws-auth first (kubectl aws-auth lint says how), then plan again"

// unread reports text that EKS does not read.
func unread(s *awsauth.Section) []Item {
	it := Item{Section: s.Key, Index: -1}
	switch at, trailing := s.Trailing(); {
	case s.Err != nil:
		it.attend(fixFirst, "%s is not YAML, so EKS loses the whole list: none of its mappings is in force", s.Key)
	case s.Discarded():
		it.attend(fixFirst, "%s is not a list, so EKS loses it whole: none of its mappings is in force", s.Key)
	case trailing:
		it.Span = awsauth.Span{Start: at, End: len(s.Text)}
		it.attend(fixFirst, "EKS never reads what comes after the first YAML document of %s", s.Key)
	default:
		return nil
	}
	return []Item{it}
}

func (m *maker) account(a *awsauth.Account) Item {
	it := Item{Section: awsauth.MapAccounts, Index: a.Index, Span: a.Span(), ARN: a.Value}
	switch {
	case m.options.unrendered(a.Value):
		it.attend("render the file first, then plan again", "another tool has yet to fill in %s", text.Name(a.Value))
	case !a.Valid || !arn.IsAccountID(a.Value):
		it.attend("remove it, or fix it in aws-auth first (kubectl aws-auth lint says how)", "%s is not an account that EKS matches: it lets nobody in", text.Name(a.Value))
	default:
		it.attend("find out who of the account signs in (the cluster's authenticator log names the ARN of every login) and create an access entry for each",
			"a whole account has no equivalent: an access entry is for one role or user")
	}
	return it
}

func (m *maker) mapping(e *awsauth.Entry) Item {
	it := Item{Section: e.Section.Key, Index: e.Index, Span: e.Span(), ARN: e.ARN, Username: e.Username, Groups: e.Groups}
	if !e.Valid {
		it.attend(fixFirst, "EKS drops this entry: %s", e.Invalid)
		return it
	}
	if e.SSO != nil {
		it.attend("find the role (aws iam list-roles --path-prefix /aws-reserved/sso.amazonaws.com/) and create an access entry for its ARN, if it is meant to get in",
			"sso: matches nobody on EKS")
		return it
	}
	if m.options.unrendered(append([]string{e.ARN, e.Username}, e.Groups...)...) {
		it.attend("render the file first, then plan again", "another tool has yet to fill in a part of it")
		return it
	}
	pr, err := arn.ParsePrincipal(e.ARN)
	if err == nil {
		err = pr.Check()
	}
	switch {
	case e.ARN == "":
		it.attend(fixFirst, "it has no ARN, so it matches nobody")
	case err != nil:
		it.attend("correct the ARN, if somebody is meant to get in", "no caller can have this ARN: %v", err)
	case pr.Kind == arn.Role || pr.Kind == arn.User:
		m.principal(&it, e, pr)
	default:
		otherKind(&it, pr)
	}
	return it
}

// principal plans a mapping of a role or a user.
func (m *maker) principal(it *Item, e *awsauth.Entry, pr arn.Principal) {
	if pr.Kind == arn.Role && pr.Path != "" {
		m.pathed(it, pr)
		return
	}
	switch row := m.rows[e.FoldedARN()]; {
	case row.Random:
		m.access(it, pr)
		it.attend("decide which of them is right and remove the other, then plan again", "the map has this ARN twice, differing in case: EKS takes one of them at random")
		return
	case row.Section != it.Section || row.Entry != it.Index:
		it.Status = Covered
		it.note("%s[%d] has the same ARN and wins, so this mapping does nothing", row.Section, row.Entry)
		return
	}
	m.access(it, pr)
}

// pathed plans a mapping of a role with its path, which matches nobody.
func (m *maker) pathed(it *Item, pr arn.Principal) {
	if duplicate, ok := m.rows[arn.Fold(pr.WithoutPath())]; ok {
		it.Status = Covered
		it.note("in aws-auth an ARN with a path matches nobody; %s[%d] is the same role, and its access entry has the path", duplicate.Section, duplicate.Entry)
		return
	}
	m.access(it, pr)
	it.attend("create the access entry if the role is meant to get in, else remove the mapping",
		"in aws-auth an ARN with a path matches nobody (%s would); an access entry accepts it, so it lets in somebody who does not get in today", pr.WithoutPath())
}

// access fills in the access entry of a role or a user.
func (m *maker) access(it *Item, pr arn.Principal) {
	it.Status = Ready
	it.Entry = &Entry{Type: snapshot.Standard}
	m.identify(it, pr)
	switch {
	case pr.Kind == arn.Role && strings.HasPrefix(arn.Fold(pr.Name), serviceLinked):
		it.Entry = nil
		it.attend("keep the mapping until the access entries have the role: see the guide of the AWS service for how that comes about",
			"nobody but AWS creates access entries for service-linked roles")
	case pr.Kind == arn.Role && isNode(it.Username):
		node(it)
	default:
		person(it, pr)
	}
}

// serviceLinked begins the names of service-linked roles, in lower case.
const serviceLinked = "awsservicerolefor"

// The way in which IAM Identity Center names its roles, in lower case, and where it keeps them.
const (
	ssoNames = "awsreservedsso_"
	ssoPath  = "aws-reserved/sso.amazonaws.com"
	// ssoHome is the region that the path leaves out.
	ssoHome = "us-east-1"
)

// identify finds the principal's own ARN, path and all: that is what an access entry needs.
func (m *maker) identify(it *Item, pr arn.Principal) {
	path := pr.Path
	if pr.Kind == arn.Role && path == "" {
		known := m.paths[arn.Fold(pr.WithoutPath())]
		switch sso := strings.HasPrefix(arn.Fold(pr.Name), ssoNames); {
		case known != "":
			path = known
			it.note("the path %s/ is taken from another entry of the map that names the role with it", text.Name(known))
		case sso && m.options.SSORegion != "":
			path = ssoPath
			if m.options.SSORegion != ssoHome {
				path += "/" + m.options.SSORegion
			}
		case sso:
			it.Entry.Lookup = pr.Name
			it.note("roles of IAM Identity Center have a path, which the map leaves out and an access entry needs: the commands ask IAM for it, in the account %s", pr.Account)
		}
	}
	it.Entry.PrincipalARN = principalARN(pr, path)
}

// principalARN spells an ARN as IAM does, in ASCII; the authenticator minds neither the case nor the two letters that are an
// ASCII letter in another case.
func principalARN(pr arn.Principal, path string) string {
	if path != "" {
		path += "/"
	}
	return "arn:" + arn.Fold(pr.Partition) + ":iam::" + pr.Account + ":" + pr.Kind.String() + "/" + strings.NewReplacer("\u212a", "K", "\u017f", "s").Replace(path+pr.Name)
}

func otherKind(it *Item, pr arn.Principal) {
	switch pr.Kind {
	case arn.Root:
		it.attend("map a role in its place: nobody should work as the root user", "EKS documents access entries for roles and users, not for the root user, though a cluster that it created has one")
	case arn.FederatedUser:
		it.attend("map a role in its place, and let it be assumed", "access entries are for roles and users, not for federated users: those are sessions")
	case arn.AssumedRole:
		role, _, _ := strings.Cut(pr.Path, "/")
		if role == "" {
			role = pr.Name
		}
		it.attend("create an access entry for the role, if all of its sessions are meant to get in: "+principalARN(arn.Principal{ARN: pr.ARN, Kind: arn.Role, Name: role}, ""),
			"it names one session of a role, so it matches nobody; access entries are for the role")
	case arn.InstanceProfile:
		it.attend("find the profile's role (aws iam get-instance-profile) and create an access entry for that, if its instances are meant to get in", "it names an instance profile, so it matches nobody")
	case arn.Group:
		it.attend("create an access entry for a role that the members of the group may assume", "it names an IAM group, so it matches nobody; access entries know no groups of IAM either")
	default:
		it.attend("create an access entry for a role or a user that is meant to get in", "it names neither a role nor a user, so it matches nobody")
	}
}
