package access

import (
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// Entrant is somebody whom a cluster lets in by one of its doors.
type Entrant struct {
	// Principal is as the map has it, or as the access entry: then Section is empty and Entry -1.
	Principal
	Door Door `json:"door"`
	// Type and Policies are those of the access entry.
	Type     snapshot.Type     `json:"type,omitempty"`
	Policies []snapshot.Policy `json:"policies,omitempty"`
}

// ByAccessEntry reports whether it is an access entry that the row stands for.
func (e *Entrant) ByAccessEntry() bool { return e.Type != "" }

// Admin reports whether it may do everything: by system:masters or by an access policy.
func (e *Entrant) Admin() bool {
	return e.IsAdmin() || (&snapshot.Entry{Policies: e.Policies}).IsClusterAdmin()
}

// Node reports whether nodes come in by it.
func (e *Entrant) Node() bool {
	return e.IsNode() || e.ByAccessEntry() && e.Type != snapshot.Standard
}

// Key identifies the principal, whichever door it comes in by.
func (e *Entrant) Key() string {
	if e.ByAccessEntry() {
		if p, err := arn.ParsePrincipal(e.ARN); err == nil {
			return snapshot.Key(p)
		}
	}
	return arn.Fold(e.ARN)
}

// Entrants lists whom a cluster lets in: by the map those of Table whom no access entry overrules, in the order of the
// document, then those of the access entries. A row whose Door is ByEither may let in nobody: what is known does not tell.
func Entrants(doc *awsauth.Document, v *snapshot.View) []Entrant {
	var rows []Entrant
	if v.Mode() != snapshot.API {
		for _, p := range Table(doc) {
			if door := doorOf(&p, v); door != ByEntry {
				rows = append(rows, Entrant{Principal: p, Door: door})
			}
		}
	}
	if v == nil || v.Trouble != "" {
		return rows
	}
	for i := range v.Entries {
		e := &v.Entries[i]
		door := ByEither
		switch verdict, _ := inForce(e, v.Now); verdict {
		case "":
			door = ByEntry
		case Stale:
			continue
		}
		principal, err := e.Principal()
		if err != nil {
			continue
		}
		rows = append(rows, Entrant{
			Principal: Principal{ARN: e.PrincipalARN, Kind: principal.Kind, Identity: Identity{Username: e.Username, Groups: slices.Clone(e.Groups)}, Entry: -1},
			Door:      door, Type: e.Type, Policies: e.Policies,
		})
	}
	return rows
}

// doorOf is the door of somebody whom the map would let in.
func doorOf(p *Principal, v *snapshot.View) Door {
	if p.Account {
		// Everybody of the account who has no access entry.
		if v == nil || v.Trouble != "" {
			return ByEither
		}
		return ByMap
	}
	principal, err := arn.ParsePrincipal(p.ARN)
	if err != nil {
		return ByEither
	}
	door, _ := DoorOf(principal, v)
	return door
}
