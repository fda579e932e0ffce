package validate

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

func mapDeleted() *Rule {
	return &Rule{
		Name:  "map-deleted",
		Title: "the map is deleted or emptied",
		Rationale: "When the ConfigMap is deleted, or mapRoles is dropped or emptied, the authenticator forgets every " +
			"mapping at once. All nodes turn NotReady, and everybody but the cluster's creator and the holders of " +
			"access entries is locked out. kubectl replace --force deletes first. To delete the map on purpose, empty " +
			"it first, in an edit that adds aws-auth-guard.dev/override: \"map-deleted: why\", and then delete it. Where access " +
			"entries let everybody in, switch the cluster to the authentication mode API first: then nobody reads the map, and " +
			"it may go.",
		Severity:  Critical,
		Controls:  []Control{accessRemoval()},
		AboutEdit: true,
		Standard:  Deny,
		Guards:    Gone,
		Live:      true,
		Companion: true,
		Losses: []string{
			"`kubectl delete configmap aws-auth`, also as part of `replace --force` or a delete of the collection",
			"the data emptied, or `mapRoles` dropped by a patch or a replace",
		},
		Bad: []Example{
			{Old: map[string]string{"mapUsers": "- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n"}, Data: map[string]string{}},
			{
				Old: map[string]string{
					"mapRoles":    "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n",
					"mapAccounts": "- 111122223333\n",
				},
				Data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"},
			},
		},
		Good: []Example{{
			Old: map[string]string{
				"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n",
				"mapUsers": "- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n",
			},
			Data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n", "mapUsers": "[]\n"},
		}},
		Check: func(p *Pass) {
			c := p.Change
			if c == nil {
				return
			}
			if c.Old == nil {
				p.checkTaken()
				return
			}
			had := mappings(c.Old)
			switch {
			case had == 0:
			case c.Deleted:
				p.gone = true
				because, remedy := p.noMap()
				p.ReportEdit("", fmt.Sprintf("deleting aws-auth removes %s at once: nodes turn NotReady and people are locked out%s", text.Count(had, "mapping"), because), remedy, false)
			case mappings(c.New) == 0 && !anyLost(c.New):
				p.gone = true
				because, remedy := p.noMap()
				p.ReportEdit("", fmt.Sprintf("this edit empties aws-auth: %s away at once, nodes turn NotReady and people are locked out%s", gone(had), because), remedy, false)
			default:
				p.checkDroppedKeys()
			}
		},
	}
}

// checkTaken reports what an edit takes from a map that nobody knows here.
func (p *Pass) checkTaken() {
	const all = "nodes turn NotReady and people are locked out"
	c := p.Change
	switch {
	case c.Deleted:
		p.gone = true
		p.ReportEdit("", "deleting aws-auth removes all its mappings at once: "+all, keepMap, false)
	case len(c.Taken) == len(awsauth.Keys()):
		p.gone = true
		p.ReportEdit("", "this edit empties aws-auth: all its mappings go away at once, "+all, keepMap, false)
	default:
		for _, key := range c.Taken {
			if key == awsauth.MapRoles {
				p.gone = true
				p.ReportEdit(key, "this edit drops mapRoles with all that it holds: "+all, writeList, false)
			} else {
				p.ReportEdit(key, fmt.Sprintf("this edit drops %s with all that it holds", key), emptyList("it"), false)
			}
		}
	}
}

// writeList is what to do about mapRoles, which no edit may empty.
const writeList = "write the list that is to stay"

func emptyList(what string) string {
	return "to remove " + what + " on purpose, leave the key with an empty list"
}

func gone(n int) string {
	if n == 1 {
		return "its only mapping goes"
	}
	return fmt.Sprintf("all of its %s go", text.Count(n, "mapping"))
}

// mappings counts what a document lets in: entries and accounts.
func mappings(d *awsauth.Document) int {
	n := len(d.Mappings())
	for _, a := range d.Accounts.Accounts {
		if a.Valid {
			n++
		}
	}
	return n
}

func anyLost(d *awsauth.Document) bool {
	return d.Roles.Discarded() || d.Users.Discarded() || d.Accounts.Discarded()
}

// checkDroppedKeys reports data keys that go with what they held. An explicit empty list is an answer, except for
// mapRoles, where the nodes are.
func (p *Pass) checkDroppedKeys() {
	for _, s := range p.Change.New.Sections() {
		old := p.Change.Old.Section(s.Key)
		n := len(old.Accounts)
		for _, e := range old.Entries {
			if e.Valid {
				n++
			}
		}
		empty := s.Blank || s.Key == awsauth.MapRoles && !s.Discarded() && len(s.Entries) == 0
		if n == 0 || !empty || s.Present && s.Key != awsauth.MapRoles && strings.TrimSpace(s.Text) != "" {
			continue
		}
		p.gone = p.gone || s.Key == awsauth.MapRoles
		remedy := emptyList("them")
		if s.Key == awsauth.MapRoles {
			remedy = writeList
		}
		p.ReportEdit(s.Key, fmt.Sprintf("this edit drops %s with %s", s.Key, text.Count(n, "mapping")), remedy, false)
	}
}
