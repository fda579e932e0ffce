package access

import (
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// moment is when the tests look at the snapshot; its entries are a month old, and their principals a year.
var moment = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// entryFor is an access entry of the role dev, changed as a test needs it.
func entryFor(change func(*snapshot.Entry)) snapshot.Entry {
	created := moment.AddDate(-1, 0, 0)
	e := snapshot.Entry{
		PrincipalARN: "arn:aws:iam::111122223333:role/team/dev", Type: snapshot.Standard, Username: "dev",
		CreatedAt: moment.AddDate(0, -1, 0), PrincipalCreatedAt: &created,
	}
	if change != nil {
		change(&e)
	}
	return e
}

func viewOf(t *testing.T, mode snapshot.Mode, entries ...snapshot.Entry) *snapshot.View {
	t.Helper()
	s := &snapshot.Snapshot{
		APIVersion: snapshot.APIVersion, Kind: snapshot.Kind, TakenAt: moment.Add(-5 * time.Minute), Entries: append([]snapshot.Entry{}, entries...),
		Cluster: snapshot.Cluster{Name: "blue", ARN: "arn:aws:eks:eu-west-1:111122223333:cluster/blue", AuthenticationMode: mode},
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return s.At(moment, time.Hour)
}

func policy(name, scope string, namespaces ...string) snapshot.Policy {
	return snapshot.Policy{ARN: "arn:aws:eks::aws:cluster-access-policy/" + name, Scope: snapshot.Scope{Type: scope, Namespaces: namespaces}}
}

func TestCompare(t *testing.T) {
	const (
		linux   = "system:node:{{EC2PrivateDNSName}}"
		session = "system:node:{{SessionName}}"
		nodes   = "system:nodes, system:bootstrappers"
	)
	typed := func(kind snapshot.Type) func(*snapshot.Entry) {
		return func(e *snapshot.Entry) { e.Type, e.Username, e.Groups = kind, "set by EKS", []string{"system:nodes"} }
	}
	for name, tt := range map[string]struct {
		username, groups string
		entry            func(*snapshot.Entry)
		want             Verdict
		because          string
		nodes            bool
	}{
		"the same":                    {username: "dev", groups: "devs", entry: func(e *snapshot.Entry) { e.Groups = []string{"devs"} }, want: Same},
		"more groups":                 {username: "dev", groups: "devs", entry: func(e *snapshot.Entry) { e.Groups = []string{"devs", "ops"} }, want: Stronger},
		"a policy besides":            {username: "dev", entry: func(e *snapshot.Entry) { e.Policies = []snapshot.Policy{policy("AmazonEKSViewPolicy", "cluster")} }, want: Stronger},
		"a group less":                {username: "dev", groups: "devs, ops", entry: func(e *snapshot.Entry) { e.Groups = []string{"devs"} }, want: Weaker, because: "group ops would be lost"},
		"a policy in a group's place": {username: "dev", groups: "viewers", entry: func(e *snapshot.Entry) { e.Policies = []snapshot.Policy{policy("AmazonEKSViewPolicy", "cluster")} }, want: Weaker, because: "group viewers"},
		"another username":            {username: "Dev", want: Weaker, because: "username Dev would be lost"},
		"no username in the map":      {username: "", want: Same},
		"the account's number":        {username: "dev-{{AccountID}}", entry: func(e *snapshot.Entry) { e.Username = "dev-111122223333" }, want: Same},
		"a session's name":            {username: "dev:{{SessionName}}", entry: func(e *snapshot.Entry) { e.Username = "dev:{{SessionName}}" }, want: Same},
		"a session's raw name":        {username: "dev:{{SessionNameRaw}}", entry: func(e *snapshot.Entry) { e.Username = "dev:{{SessionName}}" }, want: Weaker, because: "{{SessionNameRaw}}"},
		"what everybody is in":        {username: "dev", groups: "system:authenticated", want: Same},
		"administrators": {username: "admin", groups: "system:masters", entry: func(e *snapshot.Entry) {
			e.Policies = []snapshot.Policy{policy("AmazonEKSClusterAdminPolicy", "cluster")}
		}, want: Same, because: "AmazonEKSClusterAdminPolicy allows everything"},
		"administrators of a namespace": {username: "dev", groups: "system:masters", entry: func(e *snapshot.Entry) {
			e.Policies = []snapshot.Policy{policy("AmazonEKSClusterAdminPolicy", "namespace", "dev")}
		}, want: Weaker, because: "group system:masters"},
		"the admin policy that is less": {username: "dev", groups: "system:masters", entry: func(e *snapshot.Entry) { e.Policies = []snapshot.Policy{policy("AmazonEKSAdminPolicy", "cluster")} }, want: Weaker, because: "group system:masters"},
		"everything for somebody": {username: "dev", groups: "devs", entry: func(e *snapshot.Entry) {
			e.Policies = []snapshot.Policy{policy("AmazonEKSClusterAdminPolicy", "cluster")}
		}, want: Stronger, because: "group devs"},
		"another principal":                {username: "dev", entry: func(e *snapshot.Entry) { e.PrincipalARN = "arn:aws:iam::111122223333:role/ops" }, want: Missing},
		"the role of another account":      {username: "dev", entry: func(e *snapshot.Entry) { e.PrincipalARN = "arn:aws:iam::999922223333:role/dev" }, want: Missing},
		"a role that was created again":    {username: "dev", entry: func(e *snapshot.Entry) { at := moment.AddDate(0, 0, -1); e.PrincipalCreatedAt = &at }, want: Stale, because: "the one that is gone"},
		"a role that is gone":              {username: "dev", entry: func(e *snapshot.Entry) { e.PrincipalCreatedAt, e.PrincipalGone = nil, true }, want: Stale, because: "IAM does not know it"},
		"nobody asked IAM":                 {username: "dev", entry: func(e *snapshot.Entry) { e.PrincipalCreatedAt = nil }, want: Unknown, because: "it is not known when the principal was created"},
		"the same second":                  {username: "dev", entry: func(e *snapshot.Entry) { at := e.CreatedAt; e.PrincipalCreatedAt = &at }, want: Unknown, because: "the same second"},
		"just created":                     {username: "dev", entry: func(e *snapshot.Entry) { e.CreatedAt = moment.Add(-20 * time.Second) }, want: Unknown, because: "20 s old"},
		"Linux nodes":                      {username: linux, groups: nodes, entry: typed(snapshot.EC2Linux), want: Same, nodes: true},
		"Linux nodes by Windows' type":     {username: linux, groups: nodes, entry: typed(snapshot.EC2Windows), want: Weaker, because: "need EC2_LINUX"},
		"Windows nodes":                    {username: linux, groups: nodes + ", eks:kube-proxy-windows", entry: typed(snapshot.EC2Windows), want: Same, nodes: true},
		"Windows nodes by Linux' type":     {username: linux, groups: nodes + ", eks:kube-proxy-windows", entry: typed(snapshot.EC2Linux), want: Weaker, because: "need EC2_WINDOWS"},
		"nodes by a person's type":         {username: linux, groups: nodes, want: Weaker, because: "nodes can't join by it"},
		"Fargate":                          {username: session, groups: nodes + ", system:node-proxier", entry: typed(snapshot.FargateLinux), want: Same, nodes: true},
		"Fargate by hybrid nodes' type":    {username: session, groups: nodes + ", system:node-proxier", entry: typed(snapshot.HybridLinux), want: Weaker},
		"hybrid nodes":                     {username: session, groups: nodes, entry: typed(snapshot.HybridLinux), want: Same, nodes: true},
		"Auto Mode":                        {username: session, groups: nodes, entry: typed(snapshot.EC2), want: Same, nodes: true},
		"Auto Mode's type for other nodes": {username: linux, groups: nodes, entry: typed(snapshot.EC2), want: Weaker, because: "need EC2_LINUX"},
		"HyperPod":                         {username: linux, groups: nodes, entry: typed(snapshot.HyperPodLinux), want: Unknown, because: "not documented"},
		"nodes with a name of their own":   {username: "system:node:x-{{SessionName}}", groups: nodes, entry: typed(snapshot.HybridLinux), want: Weaker, because: "no access entry gives"},
		"nodes with a group besides":       {username: linux, groups: nodes + ", ops", entry: typed(snapshot.EC2Linux), want: Weaker, because: "group ops would be lost", nodes: true},
		"a person by a node's type":        {username: "dev", groups: "devs", entry: typed(snapshot.EC2Linux), want: Weaker, because: "lets in nodes, and nobody else"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Principal{ARN: "arn:aws:iam::111122223333:role/dev", Kind: arn.Role, Identity: Identity{Username: tt.username}}
			if tt.groups != "" {
				p.Groups = strings.Split(tt.groups, ", ")
			}
			got := Compare(p, viewOf(t, snapshot.Both, entryFor(tt.entry)))
			if got.Verdict != tt.want || !strings.Contains(got.Because, tt.because) || got.Nodes != tt.nodes {
				t.Errorf("got %s (%s; nodes %t), want %s (%s; nodes %t)", got.Verdict, got.Because, got.Nodes, tt.want, tt.because, tt.nodes)
			}
			if (got.Verdict == Weaker) != (len(got.Lost) > 0) {
				t.Errorf("%s loses %q", got.Verdict, got.Lost)
			}
		})
	}
}

// TestNothingIsCoveredWithoutCertainty takes what makes an answer certain away, one at a time.
func TestNothingIsCoveredWithoutCertainty(t *testing.T) {
	dev := &Principal{ARN: "arn:aws:iam::111122223333:role/dev", Kind: arn.Role, Identity: Identity{Username: "dev"}}
	fresh := viewOf(t, snapshot.Both, entryFor(nil))
	if c := Compare(dev, fresh); !c.Covered() {
		t.Fatalf("with everything known: %s, %s", c.Verdict, c.Because)
	}
	old := fresh.At(moment.Add(2*time.Hour), time.Hour)
	for name, tt := range map[string]struct {
		principal *Principal
		view      *snapshot.View
		want      Verdict
	}{
		"no snapshot":                {dev, nil, Unknown},
		"an old one":                 {dev, old, Unknown},
		"a mode without entries":     {dev, viewOf(t, snapshot.ConfigMap), Missing},
		"a whole account":            {&Principal{ARN: "111122223333", Account: true}, fresh, Missing},
		"a mapping that is chance":   {&Principal{ARN: dev.ARN, Kind: arn.Role, Identity: dev.Identity, Random: true}, fresh, Unknown},
		"an entry of somebody else":  {dev, viewOf(t, snapshot.Both), Missing},
		"an entry made for the past": {dev, viewOf(t, snapshot.Both, entryFor(func(e *snapshot.Entry) { *e.PrincipalCreatedAt = moment })), Stale},
	} {
		t.Run(name, func(t *testing.T) {
			if c := Compare(tt.principal, tt.view); c.Verdict != tt.want || c.Covered() || c.Because == "" {
				t.Errorf("got %s (%s), want %s", c.Verdict, c.Because, tt.want)
			}
		})
	}
}

func TestDoorOf(t *testing.T) {
	stale := entryFor(func(e *snapshot.Entry) { at := moment; e.PrincipalCreatedAt = &at })
	unsure := entryFor(func(e *snapshot.Entry) { e.PrincipalCreatedAt = nil })
	old := viewOf(t, snapshot.API).At(moment.AddDate(1, 0, 0), time.Hour)
	for name, tt := range map[string]struct {
		view *snapshot.View
		want Door
	}{
		"no snapshot":                     {nil, ByEither},
		"an old one":                      {viewOf(t, snapshot.Both).At(moment.AddDate(1, 0, 0), time.Hour), ByEither},
		"an old one of mode API":          {old, ByEntry},
		"an entry":                        {viewOf(t, snapshot.Both, entryFor(nil)), ByEntry},
		"an entry that may be stale":      {viewOf(t, snapshot.Both, unsure), ByEither},
		"a stale entry shadows no map":    {viewOf(t, snapshot.Both, stale), ByMap},
		"no entry":                        {viewOf(t, snapshot.Both), ByMap},
		"no entry where no map is read":   {viewOf(t, snapshot.API), ByEntry},
		"a mode that reads the map alone": {viewOf(t, snapshot.ConfigMap), ByMap},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := arn.ParsePrincipal("arn:aws:iam::111122223333:role/dev")
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := DoorOf(p, tt.view); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAdmin(t *testing.T) {
	everything := func(e *snapshot.Entry) { e.Policies = []snapshot.Policy{policy(snapshot.ClusterAdmin, "cluster")} }
	view := viewOf(t, snapshot.Both, entryFor(everything))
	if e := Admin(view); e == nil || e.PrincipalARN != "arn:aws:iam::111122223333:role/team/dev" {
		t.Errorf("administrator %v", e)
	}
	for name, v := range map[string]*snapshot.View{
		"none":                   nil,
		"too old":                view.At(moment.AddDate(0, 0, 1), time.Hour),
		"no policy":              viewOf(t, snapshot.Both, entryFor(nil)),
		"an entry that is stale": viewOf(t, snapshot.Both, entryFor(func(e *snapshot.Entry) { everything(e); *e.PrincipalCreatedAt = moment })),
	} {
		if e := Admin(v); e != nil {
			t.Errorf("%s: %s counts as an administrator", name, e.PrincipalARN)
		}
	}
}
