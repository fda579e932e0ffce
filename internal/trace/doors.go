package trace

import (
	"encoding/json"
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// None is the door of somebody whom neither lets in.
const None = "none"

// Doors are what is known of the access entries.
type Doors struct {
	// View is nil where no snapshot is known.
	View *snapshot.View
	// Unknown says why there is none, "" where nobody was asked for one.
	Unknown string
	// Unread is set where there may be one that could not be read.
	Unread bool
}

// entrance is what a door makes of a caller.
type entrance struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

func (i entrance) String() string {
	return fmt.Sprintf("username %s, groups %s", text.Name(i.Username), text.List(i.Groups))
}

// OtherDoor is what the door that does not open would have given. Its JSON keys are always there.
type OtherDoor struct {
	Door access.Door `json:"door"`
	entrance
	// Because says why it does not open, or what is not known of it.
	Because string `json:"because"`
}

// EntryOf is the access entry of a caller.
type EntryOf struct {
	*snapshot.Entry
	entrance entrance
}

func (e *EntryOf) String() string {
	return fmt.Sprintf("%s of type %s", text.Name(e.PrincipalARN), e.Type)
}

// Open takes the access entries into account. The map's answer is in the trace already.
func (t *Trace) Open(d Doors) {
	t.known = d
	t.Door = string(access.ByEither)
	var passage access.Passage
	canonical, err := arn.Canonicalize(t.caller.ARN)
	if err == nil {
		var principal arn.Principal
		if principal, err = arn.ParsePrincipal(canonical); err == nil {
			passage = access.Through(principal, d.View)
		}
	}
	if err != nil || d.View == nil {
		return
	}
	t.because = passage.Because
	if passage.Entry != nil {
		t.accessEntry = &EntryOf{passage.Entry, t.byEntry(canonical, passage.Entry)}
	}
	byMap := entrance{t.Username, t.Groups}
	unread := d.View.Mode() == snapshot.API
	switch {
	case passage.InForce:
		t.Door = string(access.ByEntry)
		if t.Mapped {
			because := "EKS takes the access entry"
			if unread {
				because = "nobody reads the map"
			}
			t.Other = &OtherDoor{access.ByMap, byMap, because}
		}
		t.Username, t.Groups = t.accessEntry.entrance.Username, t.accessEntry.entrance.Groups
		return
	case passage.Door == access.ByMap && t.Mapped:
		t.Door = string(access.ByMap)
	case passage.Door == access.ByMap, passage.Door == access.ByEntry && d.View.Trouble == "" && !t.unsure():
		t.Door = None
	}
	switch {
	case t.accessEntry != nil:
		t.Other = &OtherDoor{access.ByEntry, t.accessEntry.entrance, t.because}
	case unread && t.Mapped:
		t.Other = &OtherDoor{access.ByMap, byMap, "nobody reads the map"}
	}
	if unread {
		t.Username, t.Groups = "", []string{}
		t.short, t.Nearest, t.advice = t.unreadReason(), []Near{}, nil
		t.Reason = t.short
	}
}

// unsure reports whether the caller has an access entry that may be in force, or not.
func (t *Trace) unsure() bool {
	return t.accessEntry != nil && t.accessEntry.Binding() != snapshot.Stale
}

func (t *Trace) unreadReason() string {
	v := t.known.View
	name := v.Cluster.Name
	reason := fmt.Sprintf("EKS reads access entries alone, because the authentication mode of the cluster %s is %s; %s", name, snapshot.API, t.because)
	if v.Trouble == "" && t.accessEntry == nil {
		reason += fmt.Sprintf("; to let it in: aws eks create-access-entry --cluster-name %s --principal-arn ROLE-OR-USER", name)
	}
	return reason
}

// byEntry is what an access entry makes of the caller: its templates are those of the map.
func (t *Trace) byEntry(canonical string, e *snapshot.Entry) entrance {
	plain := entrance{e.Username, append([]string{}, e.Groups...)}
	section, field := awsauth.MapRoles, "rolearn"
	if p, err := e.Principal(); err == nil && p.Kind != arn.Role {
		section, field = awsauth.MapUsers, "userarn"
	}
	list, err := json.Marshal([]map[string]any{{field: canonical, "username": e.Username, "groups": plain.Groups}})
	if err != nil {
		return plain
	}
	r := awsauth.Read(map[string]string{string(section): string(list)}).Resolve(awsauth.Caller{ARN: t.caller.ARN})
	if !r.Mapped {
		return plain
	}
	return entrance{r.Username, append([]string{}, r.Groups...)}
}

// LetIn reports whether the caller gets in by what is known.
func (t *Trace) LetIn() bool {
	switch t.Door {
	case string(access.ByEntry), string(access.ByMap):
		return true
	case None:
		return false
	}
	return t.Mapped && t.known.View.Mode() != snapshot.API
}

// doorRows say which door opens and what the other one would give, for people.
func (t *Trace) doorRows(row func(label, what string)) {
	v := t.known.View
	if v == nil {
		if t.known.Unknown != "" {
			row("door:", "not known: "+t.known.Unknown)
		}
		return
	}
	asOf := fmt.Sprintf("mode %s, as of %s ago", v.Mode(), v.Age())
	switch t.Door {
	case string(access.ByEntry):
		row("door:", fmt.Sprintf("access entry %s (%s)", t.accessEntry, asOf))
	case string(access.ByMap):
		row("door:", fmt.Sprintf("aws-auth (%s)", asOf))
	case None:
		row("door:", fmt.Sprintf("none (%s)", asOf))
	default:
		row("door:", "not known: "+t.because)
	}
	if t.Other == nil {
		return
	}
	if t.Other.Door == access.ByEntry {
		row("other:", fmt.Sprintf("access entry %s would give %s: %s", t.accessEntry, t.Other.entrance, t.Other.Because))
		return
	}
	row("other:", fmt.Sprintf("%s[%d] (%s) would give %s: %s", t.Section, *t.Entry, t.place, t.Other.entrance, t.Other.Because))
}

// EntryARN is the principal of the caller's access entry, empty where there is none.
func (t *Trace) EntryARN() string {
	if t.accessEntry == nil {
		return ""
	}
	return t.accessEntry.PrincipalARN
}

// EntryGivesNothing reports that the caller's access entry has neither groups nor access policies.
func (t *Trace) EntryGivesNothing() bool {
	e := t.accessEntry
	return e != nil && e.Type == snapshot.Standard && len(e.Groups)+len(e.Policies) == 0
}

// StaleEntry reports that the caller's access entry lets nobody in.
func (t *Trace) StaleEntry() bool {
	return t.accessEntry != nil && t.accessEntry.Binding() == snapshot.Stale
}

// Because says what is to be known of the caller's access entry.
func (t *Trace) Because() string { return t.because }
