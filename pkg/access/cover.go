package access

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Cover is what the access entries have to do with a change.
type Cover struct {
	// Verdict holds what the map gave against the access entry.
	Verdict Verdict `json:"verdict"`
	// Lost is what the map gave and the access entry does not, in words.
	Lost []string `json:"lost"`
	// Because explains the verdict in a clause.
	Because string `json:"because"`
}

// Hold says of each change what the access entries have to do with it. Of a view of nil nothing is said.
func Hold(changes []Change, v *snapshot.View) {
	if v == nil {
		return
	}
	for i := range changes {
		changes[i].AccessEntry = cover(&changes[i], v)
	}
}

func cover(c *Change, v *snapshot.View) *Cover {
	p := &Principal{ARN: c.ARN, Account: c.Account}
	switch {
	case c.Old != nil:
		p.Identity = *c.Old
	case c.New != nil:
		p.Identity = *c.New
	}
	held := Compare(p, v)
	if !c.Loses() && held.Entry == nil {
		return nil
	}
	return &Cover{Verdict: held.Verdict, Lost: append([]string{}, held.Lost...), Because: held.Because}
}

// said is what the access entry has to do with a change, for the end of its line.
func (c *Change) said() string {
	if c.AccessEntry == nil {
		return ""
	}
	return "; " + c.AccessEntry.Because
}

// Headline says what the access entries and the authentication mode have to do with all changes of a map, "" for nothing.
func Headline(v *snapshot.View) string {
	switch {
	case v == nil:
		return ""
	case v.Mode() == snapshot.API:
		return fmt.Sprintf("nobody reads this map: the authentication mode of the cluster %s is %s, so none of this changes anybody's access\n", text.Name(v.Cluster.Name), snapshot.API)
	case v.Trouble != "":
		return "access entries are not known: " + v.Trouble + "\n"
	}
	return fmt.Sprintf("access entries of the cluster %s as of %s ago, mode %s\n", text.Name(v.Cluster.Name), v.Age(), v.Mode())
}

// Passage is how one caller comes in.
type Passage struct {
	// Door that opens. Nobody is let in where it is ByMap and the map has no mapping, nor where it is ByEntry and InForce is not set.
	Door Door
	// Entry is the access entry of the caller, nil where there is none or none is known.
	Entry *snapshot.Entry
	// InForce is set where the entry lets its principal in for certain.
	InForce bool
	// Because explains what is not certain, or why the entry is not in force.
	Because string
}

// Through says which door a principal comes in by.
func Through(p arn.Principal, v *snapshot.View) Passage {
	door, e := DoorOf(p, v)
	passage := Passage{Door: door, Entry: e}
	switch {
	case v == nil:
	case v.Trouble != "":
		passage.Because = v.Trouble
	case e == nil:
		passage.Because = "it has no access entry"
	default:
		var verdict Verdict
		verdict, passage.Because = inForce(e, v.Now)
		passage.InForce = verdict == ""
	}
	return passage
}
