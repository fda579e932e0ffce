package validate

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

const nodesARN = "arn:aws:iam::111122223333:role/nodes"

// TestNodeAccessLostAndNodeClasses takes the mapping of the role nodes away.
func TestNodeAccessLostAndNodeClasses(t *testing.T) {
	class := func(role string) NodeClasses { return NodeClasses{{EC2NodeClass, "default", role}} }
	none := &NodeFacts{}
	covered := exampleEntries(snapshot.Both, doorsEntries()...)
	for name, tt := range map[string]struct {
		facts Facts
		// want is a part of the finding's message, "" for no finding.
		want                   string
		inconclusive, advisory bool
	}{
		"no nodes, no classes":            {facts: Facts{Nodes: none, Classes: NodeClasses{}}},
		"no nodes, a class names it":      {facts: Facts{Nodes: none, Classes: class("nodes")}, want: `the cluster has no nodes now, but EC2NodeClass "default" starts nodes with it, and they can't join (access entries were not checked)`},
		"in another case":                 {facts: Facts{Nodes: none, Classes: class("NODES")}, want: "starts nodes with it"},
		"with a path":                     {facts: Facts{Nodes: none, Classes: class("team/nodes")}, want: "starts nodes with it"},
		"by its ARN":                      {facts: Facts{Nodes: none, Classes: class(nodesARN)}, want: "starts nodes with it"},
		"a class of Auto Mode":            {facts: Facts{Nodes: none, Classes: NodeClasses{{AutoNodeClass, "gpu", "nodes"}}}, want: `NodeClass "gpu" starts nodes with it`},
		"a class names another":           {facts: Facts{Nodes: none, Classes: class("others")}},
		"a class with a profile alone":    {facts: Facts{Nodes: none, Classes: class("")}, want: `the cluster has no nodes, but EC2NodeClass "default" may use it: which role its instance profile has is not known`, inconclusive: true},
		"classes that can't be read":      {facts: Facts{Nodes: none, Unavailable: Unavailable{Classes: "no answer"}}, want: "the cluster has no nodes, but whether a node class uses it could not be checked (no answer)", inconclusive: true},
		"nodes, and a class names it":     {facts: Facts{Nodes: &NodeFacts{Total: 2, Ready: 2}, Classes: class("nodes")}, want: `the cluster has 2 Ready nodes, and those that use it turn NotReady; EC2NodeClass "default" starts more with it`},
		"nodes can't be counted":          {facts: Facts{Unavailable: Unavailable{Nodes: "no answer"}, Classes: class("others")}, want: "could not be checked (no answer)", inconclusive: true},
		"not counted, a class names it":   {facts: Facts{Unavailable: Unavailable{Nodes: "no answer"}, Classes: class("nodes")}, want: `EC2NodeClass "default" starts nodes with it, and they can't join`},
		"an access entry lets them in":    {facts: Facts{Nodes: none, Classes: class("nodes"), Entries: covered}, want: "still join by its access entry", advisory: true},
		"an entry, and no class names it": {facts: Facts{Nodes: none, Classes: class("others"), Entries: covered}},
		"hostile names":                   {facts: Facts{Nodes: none, Classes: NodeClasses{{EC2NodeClass, "a\x1b[31m\n", "nodes"}}}, want: `EC2NodeClass "a\x1b[31m\n" starts nodes with it`},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Change{Old: awsauth.Read(mapRoles(nodes + devs)), New: awsauth.Read(mapRoles(devs)), Facts: tt.facts}
			var found []Finding
			for _, f := range CheckChange(c, Options{}) {
				if f.Rule == "node-access-lost" {
					found = append(found, f)
				}
			}
			if tt.want == "" {
				if len(found) > 0 {
					t.Fatalf("found %+v", found)
				}
				return
			}
			if len(found) != 1 || !strings.Contains(found[0].Sentence().Text, tt.want) || found[0].Inconclusive != tt.inconclusive || found[0].Advisory != tt.advisory {
				t.Errorf("found %+v", found)
			}
		})
	}
}

// TestStandingNodes judges a map as it stands with what is known of nodes and classes.
func TestStandingNodes(t *testing.T) {
	entries := func(mode snapshot.Mode, types ...snapshot.Type) *snapshot.View {
		var list []snapshot.Entry
		for _, of := range types {
			e := exampleEntry("nodes")
			e.Type, e.Username, e.Groups = of, "system:node:{{EC2PrivateDNSName}}", []string{"system:nodes"}
			list = append(list, e)
		}
		return exampleEntries(mode, list...)
	}
	old := entries(snapshot.Both, snapshot.EC2Linux)
	old.Trouble = "their snapshot is old"
	oldAPI := entries(snapshot.API, snapshot.EC2Linux)
	oldAPI.Trouble = "their snapshot is old"
	karpenter, auto := NodeClass{EC2NodeClass, "default", "nodes"}, NodeClass{AutoNodeClass, "default", "nodes"}
	profile, other := NodeClass{EC2NodeClass, "profile", ""}, NodeClass{EC2NodeClass, "other", "other"}
	joined := &NodeFacts{Total: 1, Ready: 1, ByRole: map[string][]string{nodesARN: {"ip-1"}}}
	others := &NodeFacts{Total: 1, Ready: 1, ByRole: map[string][]string{"arn:aws:iam::111122223333:role/other": {"ip-1"}}}
	for name, tt := range map[string]struct {
		roles   string
		entries *snapshot.View
		nodes   *NodeFacts
		classes NodeClasses
		// want are parts of the findings of the two rules, in their order.
		want []string
	}{
		"mapped":                                {roles: nodes, nodes: joined, classes: NodeClasses{karpenter}},
		"not mapped":                            {roles: devs, nodes: joined, classes: NodeClasses{karpenter}, want: []string{`EC2NodeClass "default" starts nodes with the role "nodes", which no mapping lets in as nodes, so they can't join (access entries were not checked); map it with kubectl aws-auth add role ARN --node linux, or create an access entry of type EC2_LINUX`}},
		"mapped, not as nodes":                  {roles: strings.Replace(devs, "role/dev", "role/nodes", 1), nodes: joined, classes: NodeClasses{karpenter}, want: []string{"no mapping lets in as nodes"}},
		"an entry":                              {roles: devs, entries: entries(snapshot.Both, snapshot.EC2Linux), classes: NodeClasses{karpenter}},
		"an entry for Windows":                  {roles: devs, entries: entries(snapshot.Both, snapshot.EC2Windows), classes: NodeClasses{karpenter}},
		"an entry of another type":              {roles: devs, entries: entries(snapshot.Both, snapshot.HybridLinux), classes: NodeClasses{karpenter}, want: []string{"neither a mapping nor an access entry lets in"}},
		"none of both":                          {roles: devs, entries: entries(snapshot.Both), classes: NodeClasses{karpenter}, want: []string{"neither a mapping nor an access entry lets in"}},
		"the mode CONFIG_MAP":                   {roles: devs, entries: entries(snapshot.ConfigMap), classes: NodeClasses{karpenter}, want: []string{"access entry of type EC2_LINUX"}},
		"the mode API, mapped":                  {roles: nodes, entries: entries(snapshot.API), classes: NodeClasses{karpenter}, want: []string{"which no access entry lets in as nodes, so they can't join; create an access entry of type EC2_LINUX"}},
		"the mode API, an entry":                {entries: entries(snapshot.API, snapshot.EC2Linux), classes: NodeClasses{karpenter}},
		"entries that are too old":              {roles: devs, entries: old, classes: NodeClasses{karpenter}, want: []string{"no mapping lets in as nodes, so they can't join (access entries were not checked: their snapshot is old); map it with kubectl aws-auth add role ARN --node linux, or create an access entry of type EC2_LINUX"}},
		"the mode API, entries that are old":    {roles: devs, entries: oldAPI, classes: NodeClasses{karpenter}},
		"Auto Mode, an entry":                   {roles: devs, entries: entries(snapshot.Both, snapshot.EC2), classes: NodeClasses{auto}},
		"Auto Mode, an entry of another type":   {roles: devs, entries: entries(snapshot.Both, snapshot.EC2Linux), classes: NodeClasses{auto}, want: []string{`NodeClass "default" starts nodes with the role "nodes", which neither a mapping nor an access entry lets in as nodes, so they can't join; create an access entry of type EC2`}},
		"Auto Mode, entries not known":          {roles: devs, classes: NodeClasses{auto}},
		"a profile alone is unknown":            {roles: nodes, nodes: others, classes: NodeClasses{profile}},
		"classes not known":                     {roles: nodes, nodes: others},
		"nobody uses it":                        {roles: nodes, nodes: others, classes: NodeClasses{}, want: []string{`no node and no node class uses the node role "` + nodesARN + `": the guard looked at 1 node and 0 node classes`}},
		"nobody uses it, and a class another":   {roles: nodes + strings.Replace(nodes, "role/nodes", "role/other", 1), nodes: &NodeFacts{}, classes: NodeClasses{other}, want: []string{"the guard looked at 0 nodes and 1 node class,"}},
		"a cluster that shows nothing":          {roles: nodes, nodes: &NodeFacts{}, classes: NodeClasses{}},
		"a node whose role is not known":        {roles: nodes, nodes: &NodeFacts{Total: 2, Ready: 2, ByRole: others.ByRole}, classes: NodeClasses{}},
		"more nodes than were counted":          {roles: nodes, nodes: &NodeFacts{Total: 1, More: true, ByRole: others.ByRole}, classes: NodeClasses{}},
		"nodes not known":                       {roles: nodes, classes: NodeClasses{other}, want: []string{`EC2NodeClass "other"`}},
		"a lost list has its own rule":          {roles: nodes + " x: y\n", nodes: others, classes: NodeClasses{karpenter}},
		"hostile roles":                         {roles: nodes, classes: NodeClasses{{EC2NodeClass, "x", "a\x1b[31m\nb"}}, want: []string{`with the role "a\x1b[31m\nb"`}},
		"several classes of one role, together": {roles: devs, classes: NodeClasses{karpenter, {EC2NodeClass, "b", "nodes"}}, want: []string{`EC2NodeClass "b", EC2NodeClass "default" starts`}},
	} {
		t.Run(name, func(t *testing.T) {
			var found []string
			for _, f := range Check(awsauth.Read(mapRoles(tt.roles)), Options{Entries: tt.entries, Nodes: tt.nodes, Classes: tt.classes}) {
				if f.Rule == "node-class-unmapped" || f.Rule == "node-role-unused" {
					found = append(found, f.Sentence().Text)
				}
			}
			if len(found) != len(tt.want) {
				t.Fatalf("found %q", found)
			}
			for i := range found {
				if !strings.Contains(found[i], tt.want[i]) {
					t.Errorf("found %q", found[i])
				}
			}
		})
	}
}
