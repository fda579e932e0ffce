package access

import (
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func TestHold(t *testing.T) {
	const dev = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [devs]\n"
	old, gone := awsauth.Read(map[string]string{"mapRoles": dev}), awsauth.Read(map[string]string{"mapRoles": "[]"})
	devs := func(e *snapshot.Entry) { e.Groups = []string{"devs"} }
	for name, tt := range map[string]struct {
		old, new *awsauth.Document
		view     *snapshot.View
		want     Verdict
		line     string
	}{
		"nothing is known":   {old, gone, nil, "", "LOSES  arn:aws:iam::111122223333:role/dev (username dev, groups devs)\n"},
		"covered":            {old, gone, viewOf(t, snapshot.Both, entryFor(devs)), Same, "its access entry gives the same"},
		"weaker":             {old, gone, viewOf(t, snapshot.Both, entryFor(nil)), Weaker, "group devs would be lost"},
		"missing":            {old, gone, viewOf(t, snapshot.Both), Missing, "it has no access entry"},
		"too old":            {old, gone, viewOf(t, snapshot.Both, entryFor(devs)).At(moment.AddDate(0, 0, 1), time.Hour), Unknown, "the policy lets one count"},
		"a gain, without":    {gone, old, viewOf(t, snapshot.Both), "", "GAINS  arn:aws:iam::111122223333:role/dev (username dev, groups devs)\n"},
		"a gain, overruled":  {gone, old, viewOf(t, snapshot.Both, entryFor(nil)), Weaker, "its access entry gives less"},
		"a mode without any": {old, gone, viewOf(t, snapshot.ConfigMap), Missing, "in mode CONFIG_MAP the cluster has no access entries"},
	} {
		t.Run(name, func(t *testing.T) {
			changes := Diff(tt.old, tt.new)
			Hold(changes, tt.view)
			got := Verdict("")
			if c := changes[0].AccessEntry; c != nil {
				got = c.Verdict
			}
			if line := Text(changes); got != tt.want || !strings.Contains(line, tt.line) {
				t.Errorf("%q: %s", got, line)
			}
		})
	}
}

func TestThrough(t *testing.T) {
	stale := entryFor(func(e *snapshot.Entry) { at := moment; e.PrincipalCreatedAt = &at })
	for name, tt := range map[string]struct {
		view    *snapshot.View
		door    Door
		inForce bool
		because string
	}{
		"nothing is known":   {nil, ByEither, false, ""},
		"an entry":           {viewOf(t, snapshot.Both, entryFor(nil)), ByEntry, true, ""},
		"no entry":           {viewOf(t, snapshot.Both), ByMap, false, "it has no access entry"},
		"a stale one":        {viewOf(t, snapshot.Both, stale), ByMap, false, "lets nobody in"},
		"a stale one, API":   {viewOf(t, snapshot.API, stale), ByEntry, false, "lets nobody in"},
		"none, API":          {viewOf(t, snapshot.API), ByEntry, false, "it has no access entry"},
		"API of long ago":    {viewOf(t, snapshot.API, entryFor(nil)).At(moment.AddDate(0, 0, 1), time.Hour), ByEntry, false, "is 24 h old"},
		"Both, of long ago":  {viewOf(t, snapshot.Both, entryFor(nil)).At(moment.AddDate(0, 0, 1), time.Hour), ByEither, false, "is 24 h old"},
		"one that may count": {viewOf(t, snapshot.Both, entryFor(func(e *snapshot.Entry) { e.PrincipalCreatedAt = nil })), ByEither, false, "not known when"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := arn.ParsePrincipal("arn:aws:iam::111122223333:role/dev")
			if err != nil {
				t.Fatal(err)
			}
			got := Through(p, tt.view)
			if got.Door != tt.door || got.InForce != tt.inForce || (got.Because == "") != (tt.because == "") || !strings.Contains(got.Because, tt.because) {
				t.Errorf("%+v", got)
			}
		})
	}
}
