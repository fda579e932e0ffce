package validate

import (
	"slices"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// working are maps that work and are correct. No profile but strict may refuse any of them; the rules named are
// those that may warn.
var working = map[string]struct {
	data map[string]string
	warn []string
}{
	"role ARNs in another case": {data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/DEV\n  username: dev\n- rolearn: ARN:AWS:IAM::111122223333:ROLE/OPS\n  username: ops\n"}},
	"user paths":                {data: map[string]string{"mapUsers": "- userarn: arn:aws:iam::111122223333:user/team/eng/bob\n  username: bob\n"}},
	"ARN-shaped usernames": {data: map[string]string{
		"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/Dev\n  username: arn:aws:iam::111122223333:role/Dev\n- rolearn: arn:aws:iam::111122223333:role/Ops\n  username: arn:aws:sts::111122223333:assumed-role/Ops/{{SessionName}}\n",
	}},
	"templates": {data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{AccountID}}:{{SessionName}}\n- rolearn: arn:aws:iam::111122223333:role/ops\n  username: \"ops:{{SessionNameRaw}}\"\n  groups: [\"ops-{{AccountID}}\"]\n"}},
	"entries commented out": {data: map[string]string{
		"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n# - rolearn: arn:aws:iam::111122223333:role/team/old\n#   username: {{SessionName}}\n",
	}},
	"comments only": {data: map[string]string{"mapRoles": "# - rolearn: arn:aws:iam::111122223333:role/team/old\n"}},
	"JSON": {data: map[string]string{
		"mapRoles":    `[{"rolearn":"arn:aws:iam::111122223333:role/dev","username":"dev","groups":["devs"]}]`,
		"mapUsers":    "[]",
		"mapAccounts": "[]",
	}},
	"flow style": {data: map[string]string{"mapRoles": "[{rolearn: 'arn:aws:iam::111122223333:role/dev', username: dev, groups: [devs, more]}]\n"}},
	"Linux then Windows duplicates": {
		data: map[string]string{"mapRoles": "- \"groups\":\n  - \"system:bootstrappers\"\n  - \"system:nodes\"\n  \"rolearn\": \"arn:aws:iam::111122223333:role/nodes\"\n  \"username\": \"system:node:{{EC2PrivateDNSName}}\"\n" +
			"- \"groups\":\n  - \"eks:kube-proxy-windows\"\n  - \"system:bootstrappers\"\n  - \"system:nodes\"\n  \"rolearn\": \"arn:aws:iam::111122223333:role/nodes\"\n  \"username\": \"system:node:{{EC2PrivateDNSName}}\"\n"},
		warn: []string{"duplicate-arn"},
	},
	"Fargate and hybrid nodes": {data: map[string]string{
		"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/fargate\n  username: system:node:{{SessionName}}\n  groups: [system:bootstrappers, system:nodes, system:node-proxier]\n" +
			"- rolearn: arn:aws:iam::111122223333:role/hybrid\n  username: system:node:{{SessionName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n",
	}},
	"GovCloud":                 {data: map[string]string{"mapRoles": "- rolearn: arn:aws-us-gov:iam::111122223333:role/dev\n  username: dev\n"}},
	"China":                    {data: map[string]string{"mapRoles": "- rolearn: arn:aws-cn:iam::111122223333:role/dev\n  username: dev\n"}},
	"isolated":                 {data: map[string]string{"mapRoles": "- rolearn: arn:aws-iso-b:iam::111122223333:role/dev\n  username: dev\n"}},
	"European sovereign cloud": {data: map[string]string{"mapRoles": "- rolearn: arn:aws-eusc:iam::111122223333:role/dev\n  username: dev\n"}},
	"root and federated users": {data: map[string]string{
		"mapUsers": "- userarn: arn:aws:iam::111122223333:root\n  username: root\n- userarn: arn:aws:sts::111122223333:federated-user/fed\n  username: fed\n",
		"mapRoles": "- rolearn: arn:aws:iam::444455556666:root\n  username: other-root\n",
	}},
	"no groups":                   {data: map[string]string{"mapUsers": "- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n- userarn: arn:aws:iam::111122223333:user/eve\n  username: eve\n  groups: []\n"}},
	"anchors and merge keys":      {data: map[string]string{"mapRoles": "- &base\n  rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: &g [devs]\n- <<: *base\n  rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n- rolearn: arn:aws:iam::111122223333:role/qa\n  username: qa\n  groups: *g\n"}},
	"the characters of names":     {data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/a+b=c,d.e@f_g-h\n  username: a\n- rolearn: arn:aws:iam::111122223333:role/comma,\n  username: comma\n"}},
	"accounts without quotes":     {data: map[string]string{"mapAccounts": "- 012345670123\n- \"111122223333\"\n"}, warn: []string{"map-accounts"}},
	"markers around one document": {data: map[string]string{"mapRoles": "---\n- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n...\n"}},
	"CRLF and BOM":                {data: map[string]string{"mapRoles": "\ufeff- rolearn: arn:aws:iam::111122223333:role/dev\r\n  username: dev\r\n  groups:\r\n  - devs\r\n"}},
	"folded ARN":                  {data: map[string]string{"mapRoles": "- rolearn: >-\n    arn:aws:iam::111122223333:role/dev\n  username: dev\n"}},
	"Kelvin sign":                 {data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/ro\u212aet\n  username: dev\n"}},
	"blank values":                {data: map[string]string{"mapRoles": "\n", "mapUsers": "''", "mapAccounts": "``"}},
	"userid and other data":       {data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  userid: AROAEXAMPLE\n", "README": "{{ anything }}: ["}},
	"an administrator":            {data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin:{{SessionName}}\n  groups:\n  - system:masters\n"}, warn: []string{"system-masters"}},
	"a group with a dash":         {data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - \"dev - c\"\n  - dev - d\n"}},
	"no data":                     {data: nil},
}

func TestWorkingMapsAreNotRefused(t *testing.T) {
	for name, tt := range working {
		t.Run(name, func(t *testing.T) {
			doc := awsauth.Read(tt.data)
			findings := Check(doc, Options{})
			for _, f := range findings {
				if Lookup(f.Rule).Action(Standard).Level() == Error {
					t.Errorf("refused or rewritten:%s", describe(doc, findings))
				}
			}
			if got := names(findings); !slices.Equal(got, tt.warn) {
				t.Errorf("warned by %v, want %v", got, tt.warn)
			}
		})
	}
}

func TestActions(t *testing.T) {
	for _, r := range Rules() {
		if r.Standard == Off {
			continue
		}
		if r.Action(Audit) != Warn {
			t.Errorf("%s: the profile audit does %s", r.Name, r.Action(Audit))
		}
		if a := r.Action(Strict); a != Deny && a != Fix {
			t.Errorf("%s: the profile strict does %s", r.Name, a)
		}
	}
}
