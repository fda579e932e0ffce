package accessentry

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Verification holds a map against the access entries of a cluster.
type Verification struct {
	// Cluster is the name of the cluster, Mode its authentication mode as far as it is known, TakenAt the time of the snapshot;
	// all are empty without one.
	Cluster string        `json:"cluster"`
	Mode    snapshot.Mode `json:"authenticationMode"`
	TakenAt time.Time     `json:"takenAt,omitzero"`
	// Principals are those whom the map lets in, in the order of the map, then those with an access entry alone.
	Principals []Verdict `json:"principals"`
	// SafeToRemove are the principals whose mappings may go: nobody loses anything.
	SafeToRemove []string `json:"safeToRemove"`
	// SafeToSwitch says whether the cluster may stop reading the map: mode API, from which there is no way back.
	SafeToSwitch bool `json:"safeToSwitch"`
	// Because explains SafeToSwitch.
	Because []string `json:"because"`
	// Notes are what is worth knowing besides.
	Notes []string `json:"notes"`

	// File is what the map was read from, and At gives the place of a mapping in it; nil where it has none.
	File string                                                 `json:"-"`
	At   func(section awsauth.Key, entry int) manifest.Position `json:"-"`
}

// Verdict is what becomes of one principal when its mapping goes.
type Verdict struct {
	// ARN as the map has it; of an item of mapAccounts its number, of an access entry without a mapping that of the entry.
	ARN string `json:"arn"`
	// Section is empty and Entry nil where there is no mapping. Entry counts from 0.
	Section awsauth.Key    `json:"section"`
	Entry   *int           `json:"entry"`
	Verdict access.Verdict `json:"verdict"`
	// Lost is what the mapping gives and the access entry does not, in words.
	Lost []string `json:"lost"`
	// Because explains the verdict.
	Because string `json:"because"`
	// AccessEntry is the ARN of the access entry, path and all, or empty.
	AccessEntry string `json:"accessEntry,omitempty"`
}

// Place is the mapping, mapRoles[0], or "" where there is none.
func (v *Verdict) Place() string {
	if v.Entry == nil {
		return ""
	}
	return fmt.Sprintf("%s[%d]", v.Section, *v.Entry)
}

// Covered reports whether the mapping may go.
func (v *Verdict) Covered() bool { return v.Verdict == access.Same || v.Verdict == access.Stronger }

// Verify holds a map against what is known of the access entries; nil is nothing.
func Verify(doc *awsauth.Document, view *snapshot.View, o Options) *Verification {
	v := &Verification{Principals: []Verdict{}, SafeToRemove: []string{}, Because: []string{}, Notes: []string{}}
	if view != nil {
		v.Cluster, v.Mode, v.TakenAt = view.Cluster.Name, view.Mode(), view.TakenAt
	}
	var lost []string
	plan := Make(doc, o)
	rows := rowsByPlace(doc)
	for i := range plan.Items {
		it := &plan.Items[i]
		row, lives := rows[it.Name()]
		switch {
		case it.Index < 0:
			lost = append(lost, it.Notes[0])
		case o.unrendered(append([]string{it.ARN, it.Username}, it.Groups...)...):
			c := access.Comparison{Verdict: access.Unknown, Because: "another tool has yet to fill in a part of it: render the file first"}
			if principal, err := arn.ParsePrincipal(it.ARN); err == nil && view != nil {
				c.Entry = view.Find(principal)
			}
			v.add(it, c)
		case !lives:
			v.Notes = append(v.Notes, fmt.Sprintf("%s (%s) lets nobody in: %s", it.Name(), text.Name(it.ARN), it.Notes[0]))
		default:
			c := access.Compare(row, view)
			if view != nil && view.Trouble != "" {
				c.Because = unknown + view.Trouble
			}
			v.add(it, c)
		}
	}
	v.answer(view, lost)
	v.extra(view)
	return v
}

// rowsByPlace are those whom a map lets in, by the names of their mappings.
func rowsByPlace(doc *awsauth.Document) map[string]*access.Principal {
	rows := map[string]*access.Principal{}
	table := access.Table(doc)
	for i := range table {
		rows[(&Item{Section: table[i].Section, Index: table[i].Entry}).Name()] = &table[i]
	}
	return rows
}

func (v *Verification) add(it *Item, c access.Comparison) {
	row := Verdict{ARN: it.ARN, Section: it.Section, Entry: &it.Index, Verdict: c.Verdict, Lost: append([]string{}, c.Lost...), Because: c.Because}
	if c.Entry != nil {
		row.AccessEntry = c.Entry.PrincipalARN
	}
	v.Principals = append(v.Principals, row)
}

// answer says which mappings may go, and whether all may. The principals are still those of the map alone.
func (v *Verification) answer(view *snapshot.View, lost []string) {
	for i := range v.Principals {
		if p := &v.Principals[i]; p.Covered() || v.Mode == snapshot.API {
			v.SafeToRemove = append(v.SafeToRemove, p.ARN)
		}
	}
	if v.Mode == snapshot.API {
		v.SafeToSwitch = true
		v.Because = append(v.Because, "the cluster is in mode API already: nobody reads the map")
		return
	}
	v.Because = append(v.Because, v.obstacles(view)...)
	for _, why := range lost {
		v.Because = append(v.Because, why+": whom it was to let in is not known")
	}
	if v.SafeToSwitch = len(v.Because) == 0; !v.SafeToSwitch {
		return
	}
	v.Because = append(v.Because, "every mapping has an access entry that gives the same or more")
	if len(v.Principals) == 0 {
		v.Because[0] = "the map lets nobody in"
	}
	if access.Admin(view) == nil {
		v.Notes = append(v.Notes, "no access entry is known to allow everything ("+snapshot.ClusterAdmin+"): after the switch, only somebody who may create access entries in AWS can give more rights")
	}
}

const unknown = "the access entries are not known: "

// obstacles are why the cluster must go on reading the map.
func (v *Verification) obstacles(view *snapshot.View) []string {
	switch {
	case view == nil:
		return []string{"no snapshot of the access entries is at hand"}
	case view.Trouble != "":
		return []string{unknown + view.Trouble}
	case v.Mode == snapshot.ConfigMap:
		return []string{fmt.Sprintf("the cluster is in mode %s, which has no access entries: its mode has to become %s first", snapshot.ConfigMap, snapshot.Both)}
	}
	var all []string
	for _, verdict := range []access.Verdict{access.Missing, access.Weaker, access.Stale, access.Unknown} {
		var who []string
		for i := range v.Principals {
			if p := &v.Principals[i]; p.Verdict == verdict {
				who = append(who, text.Name(p.ARN))
			}
		}
		if len(who) > 0 {
			all = append(all, fmt.Sprintf(obstacleWords[verdict][min(len(who), 2)-1], strings.Join(who, ", ")))
		}
	}
	if len(v.Principals) > 0 && v.foreign(view.Cluster.Account()) {
		all = append(all, fmt.Sprintf("no mapping is of the account %s of the cluster %s: the map or the snapshot is probably of another cluster", view.Cluster.Account(), view.Cluster.Name))
	}
	return all
}

// obstacleWords are for one principal and for more.
var obstacleWords = map[access.Verdict][2]string{
	access.Missing: {"%s has no access entry", "these have no access entry: %s"},
	access.Weaker:  {"the access entry of %s gives less", "the access entries of these give less: %s"},
	access.Stale:   {"the access entry of %s is of a principal that is gone", "the access entries of these are of principals that are gone: %s"},
	access.Unknown: {"it is not known whether an access entry covers %s", "it is not known whether access entries cover these: %s"},
}

// foreign reports whether no mapping is of an account.
func (v *Verification) foreign(account string) bool {
	return !slices.ContainsFunc(v.Principals, func(p Verdict) bool {
		principal, err := arn.ParsePrincipal(p.ARN)
		return p.ARN == account || err == nil && principal.Account == account
	})
}

// extra adds the access entries without a mapping. None of them is too many: those of AWS and of the root user belong there,
// and the others let in somebody who needs no mapping.
func (v *Verification) extra(view *snapshot.View) {
	if view == nil || view.Trouble != "" {
		return
	}
	mapped := map[string]bool{}
	for i := range v.Principals {
		mapped[v.Principals[i].AccessEntry] = true
	}
	entries := slices.SortedFunc(slices.Values(view.Entries), func(a, b snapshot.Entry) int { return strings.Compare(a.PrincipalARN, b.PrincipalARN) })
	for i := range entries {
		if e := &entries[i]; !mapped[e.PrincipalARN] {
			v.Principals = append(v.Principals, Verdict{
				ARN: e.PrincipalARN, Verdict: access.Extra, Lost: []string{}, Because: whyExtra(e), AccessEntry: e.PrincipalARN,
			})
		}
	}
}

// servicePath begins the paths of service-linked roles.
const servicePath = "aws-service-role/"

func whyExtra(e *snapshot.Entry) string {
	p, err := e.Principal()
	switch {
	case err == nil && p.Kind == arn.Role && strings.HasPrefix(p.Path+"/", servicePath):
		return "an AWS service made its access entry and needs it: leave it"
	case err == nil && p.Kind == arn.Root:
		return "the root user of the account has an access entry where it created the cluster: leave it"
	case e.Binding() == snapshot.Stale:
		return "it has no mapping, and its access entry is of a principal that is gone: it lets nobody in"
	}
	return "it has an access entry and no mapping, and needs none"
}
