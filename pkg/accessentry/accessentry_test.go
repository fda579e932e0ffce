package accessentry

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const (
	account   = "arn:aws:iam::111122223333:"
	nodeUser  = "  username: system:node:{{EC2PrivateDNSName}}\n"
	podUser   = "  username: system:node:{{SessionName}}\n"
	nodes     = "  groups: [system:bootstrappers, system:nodes]\n"
	developer = "  username: dev\n  groups: [developers]\n"
)

func role(name, rest string) string { return "- rolearn: " + account + "role/" + name + "\n" + rest }

func TestMake(t *testing.T) {
	for _, tt := range []struct {
		name, roles, users, accounts string
		options                      Options
		// want is the status and the access entry of each mapping.
		want []string
		// said must be in the notes or the things to do of some mapping.
		said string
	}{
		{name: "nothing"},
		{name: "person", roles: role("dev", developer), want: []string{"ready STANDARD role/dev, username dev, groups developers"}},
		{
			name: "user with a path", users: "- userarn: " + account + "user/team/bob\n  username: bob\n",
			want: []string{"ready STANDARD user/team/bob, username bob"},
		},
		{name: "user in mapRoles", roles: "- rolearn: " + account + "user/bob\n  username: bob\n", want: []string{"ready STANDARD user/bob, username bob"}},
		{name: "any case", roles: "- rolearn: ARN:AWS:IAM::111122223333:ROLE/Dev\n" + developer, want: []string{"ready STANDARD role/Dev, username dev, groups developers"}},
		{
			name: "admin", roles: role("admin", "  username: admin:{{SessionName}}\n  groups: [system:masters, ops]\n"),
			want: []string{"ready STANDARD role/admin, username admin:{{SessionName}}, groups ops, policy AmazonEKSClusterAdminPolicy"}, said: "takes its place",
		},
		{
			name: "admin in China", roles: "- rolearn: arn:aws-cn:iam::111122223333:role/admin\n  username: admin\n  groups: [system:masters]\n",
			want: []string{"ready STANDARD arn:aws-cn:iam::111122223333:role/admin, username admin, policy AmazonEKSClusterAdminPolicy"},
		},
		{name: "Linux nodes", roles: role("n", nodeUser+nodes), want: []string{"ready EC2_LINUX role/n"}, said: "managed node groups"},
		{name: "Windows nodes", roles: role("n", nodeUser+"  groups: [system:bootstrappers, system:nodes, eks:kube-proxy-windows]\n"), want: []string{"ready EC2_WINDOWS role/n"}},
		{name: "Fargate", roles: role("n", podUser+"  groups: [system:bootstrappers, system:nodes, system:node-proxier]\n"), want: []string{"ready FARGATE_LINUX role/n"}, said: "Fargate profiles"},
		{name: "nodes named by their session", roles: role("n", podUser+nodes), want: []string{"attention"}, said: "the type EC2 where EKS Auto Mode runs them"},
		{name: "the same may be Fargate", roles: role("n", podUser+nodes), want: []string{"attention"}, said: "for Fargate with FARGATE_LINUX"},
		{name: "the same, raw", roles: role("n", strings.Replace(podUser, "Name", "NameRaw", 1)+nodes), want: []string{"attention"}, said: "HYBRID_LINUX"},
		{name: "nodes named by something else", roles: role("n", "  username: system:node:{{EC2InstanceID}}\n"+nodes), want: []string{"attention"}, said: "none that EKS gives to nodes"},
		{name: "groups of EKS", roles: role("x", "  username: x\n  groups: [\"eks:a\", \"aws:b\", \"amazon:c\", \"iam:d\", system, g]\n"), want: []string{"attention STANDARD role/x, username x, groups system g"}, said: "refuses groups that begin with amazon:"},
		{name: "half a node", roles: role("n", nodeUser+"  groups: [system:nodes]\n"), want: []string{"attention EC2_LINUX role/n"}, said: "system:bootstrappers is missing"},
		{name: "node and admin", roles: role("n", nodeUser+"  groups: [system:bootstrappers, system:nodes, system:masters]\n"), want: []string{"attention EC2_LINUX role/n"}, said: "the group system:masters is lost"},
		{name: "component", roles: role("x", "  username: eks:node-manager\n"), want: []string{"attention STANDARD role/x"}, said: "begin with eks:"},
		{name: "reserved group", roles: role("x", "  username: x\n  groups: [system:monitoring]\n"), want: []string{"attention STANDARD role/x, username x"}, said: "begin with system:"},
		{name: "everybody's group", roles: role("x", "  username: x\n  groups: [system:authenticated, \"\", g, g]\n"), want: []string{"ready STANDARD role/x, username x, groups g"}, said: "puts everybody in it"},
		{name: "no username", roles: role("x", "  groups: [g]\n"), want: []string{"ready STANDARD role/x, groups g"}, said: "EKS sets the ARN"},
		{name: "colon before the template", roles: role("x", "  username: \"a:b{{SessionName}}\"\n"), want: []string{"ready STANDARD role/x, username a:b{{SessionName}}"}},
		{name: "colon after the template", roles: role("x", "  username: \"{{SessionNameRaw}}:b\"\n"), want: []string{"attention STANDARD role/x, username x:{{SessionName}}:b"}, said: "wants a colon before"},
		{name: "raw session", roles: role("x", "  username: \"x:{{SessionNameRaw}}\"\n"), want: []string{"attention STANDARD role/x, username x:{{SessionName}}"}, said: "do not know {{SessionNameRaw}}"},
		{name: "no colon", roles: role("x", "  username: dev{{SessionName}}\n"), want: []string{"attention STANDARD role/x, username dev:{{SessionName}}"}},
		{name: "account in the name", roles: role("x", "  username: \"{{AccountID}}:x\"\n"), want: []string{"ready STANDARD role/x, username 111122223333:x"}, said: "for this principal"},
		{name: "session of a user", users: "- userarn: " + account + "user/bob\n  username: bob{{SessionName}}\n", want: []string{"ready STANDARD user/bob, username bob"}},
		{name: "key in the name", roles: role("x", "  username: \"x:{{AccessKeyID}}\"\n"), want: []string{"attention STANDARD role/x"}, said: "no template but"},
		{name: "a Kelvin sign and a long s", roles: role("ro\u212aet\u017f", developer), want: []string{"ready STANDARD role/roKets, username dev, groups developers"}},
		{name: "dynamic reference", roles: role("x", "  username: \"x:{{resolve:ssm:name}}\"\n"), want: []string{"attention STANDARD role/x"}},
		{name: "reserved groups", roles: role("x", "  username: x\n  groups: [system:monitoring, system:b]\n"), want: []string{"attention STANDARD role/x, username x"}, said: "begin with system:"},
		{name: "template in a group", roles: role("x", "  username: x\n  groups: [\"g-{{SessionName}}\"]\n"), want: []string{"attention STANDARD role/x, username x"}, said: "only in usernames"},
		{name: "account in a group", roles: role("x", "  username: x\n  groups: [\"g-{{AccountID}}\"]\n"), want: []string{"ready STANDARD role/x, username x, groups g-111122223333"}},
		{name: "path", roles: role("team/dev", developer), want: []string{"attention STANDARD role/team/dev, username dev, groups developers"}, said: account + "role/dev would"},
		{
			name: "path told by a duplicate", roles: role("team/dev", developer) + role("dev", developer),
			want: []string{"covered", "ready STANDARD role/team/dev, username dev, groups developers"}, said: "path team/ is taken from",
		},
		{name: "SSO", roles: role("AWSReservedSSO_A_0123456789abcdef", developer), want: []string{"ready STANDARD role/AWSReservedSSO_A_0123456789abcdef with its path, username dev, groups developers"}, said: "ask IAM for it"},
		{
			name: "SSO with its region", roles: role("AWSReservedSSO_A_0123456789abcdef", developer), options: Options{SSORegion: "eu-west-1"},
			want: []string{"ready STANDARD role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_A_0123456789abcdef, username dev, groups developers"},
		},
		{
			name: "SSO at home", roles: role("AWSReservedSSO_A_0123456789abcdef", developer), options: Options{SSORegion: "us-east-1"},
			want: []string{"ready STANDARD role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_0123456789abcdef, username dev, groups developers"},
		},
		{name: "service-linked", roles: role("AWSServiceRoleForAmazonEMRContainers", developer), want: []string{"attention"}, said: "nobody but AWS creates"},
		{name: "duplicates", roles: role("dev", developer) + role("DEV", "  username: other\n"), want: []string{"covered", "ready STANDARD role/DEV, username other"}, said: "mapRoles[1] has the same ARN and wins"},
		{name: "sections", roles: "- rolearn: " + account + "user/bob\n  username: b\n", users: "- userarn: " + account + "user/bob\n  username: c\n", want: []string{"ready STANDARD user/bob, username b", "covered"}},
		{
			name:  "by chance",
			users: "- userarn: " + account + "user/bob\n  username: b\n- userarn: " + account + "user/Bob\n  username: c\n",
			want:  []string{"attention STANDARD user/bob, username b", "attention STANDARD user/Bob, username c"}, said: "at random",
		},
		{name: "root", users: "- userarn: " + account + "root\n  username: r\n", want: []string{"attention"}, said: "a cluster that it created has one"},
		{name: "federated", users: "- userarn: arn:aws:sts::111122223333:federated-user/f\n  username: f\n", want: []string{"attention"}, said: "federated users"},
		{name: "session", roles: "- rolearn: arn:aws:sts::111122223333:assumed-role/ci/build\n" + developer, want: []string{"attention"}, said: account + "role/ci"},
		{name: "profile", roles: "- rolearn: " + account + "instance-profile/n\n" + developer, want: []string{"attention"}, said: "get-instance-profile"},
		{name: "group", users: "- userarn: " + account + "group/devs\n" + developer, want: []string{"attention"}, said: "IAM group"},
		{name: "other service", roles: "- rolearn: arn:aws:eks:eu-west-1:111122223333:cluster/c\n" + developer, want: []string{"attention"}},
		{name: "policy", roles: "- rolearn: " + account + "policy/p\n" + developer, want: []string{"attention"}, said: "neither a role nor a user"},
		{name: "bad ARN", roles: "- rolearn: arn:aws:iam::1111:role/dev\n" + developer, want: []string{"attention"}, said: "no caller can have"},
		{name: "no ARN", roles: "- username: x\n", want: []string{"attention"}, said: "drops this entry"},
		{name: "sso field", roles: "- sso:\n    permissionSetName: A\n    accountID: \"111122223333\"\n" + developer, want: []string{"attention"}, said: "matches nobody on EKS"},
		{name: "not rendered", roles: role("dev", "  username: \"{{ .Values.name }}\"\n"), options: Options{Unrendered: func(s string) bool { return strings.Contains(s, ".Values") }}, want: []string{"attention"}, said: "render the file first"},
		{name: "not YAML", roles: "- rolearn: [\n", want: []string{"attention"}, said: "loses the whole list"},
		{name: "not a list", roles: "a: b\n", want: []string{"attention"}, said: "not a list"},
		{name: "second document", roles: role("dev", developer) + "---\n" + role("x", developer), want: []string{"attention", "ready STANDARD role/dev, username dev, groups developers"}, said: "never read"},
		{name: "accounts", accounts: "- \"111122223333\"\n- \"12\"\n", want: []string{"attention", "attention"}, said: "no equivalent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := map[string]string{}
			for key, text := range map[string]string{"mapRoles": tt.roles, "mapUsers": tt.users, "mapAccounts": tt.accounts} {
				if text != "" {
					data[key] = text
				}
			}
			p := Make(awsauth.Read(data), tt.options)
			var got []string
			var said strings.Builder
			for i := range p.Items {
				it := &p.Items[i]
				line := string(it.Status)
				if it.Entry != nil {
					line += " " + strings.Replace(it.Entry.String(), account, "", 1)
				}
				got = append(got, line)
				said.WriteString(strings.Join(append(it.Notes, it.Todo...), "\n") + "\n")
				if (it.Status == Attention) != (len(it.Todo) > 0) || it.Status != Ready && len(it.Notes) == 0 {
					t.Errorf("%s: %s with the notes %q and the things to do %q", it.Name(), it.Status, it.Notes, it.Todo)
				}
				if len(slices.Compact(slices.Sorted(slices.Values(it.Todo)))) != len(it.Todo) {
					t.Errorf("%s: says twice what to do: %q", it.Name(), it.Todo)
				}
			}
			if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			if !strings.Contains(said.String(), tt.said) {
				t.Errorf("nothing says %q:\n%s", tt.said, said.String())
			}
		})
	}
}

func TestNames(t *testing.T) {
	for s, want := range map[string]bool{"prod": true, "a-b_c9": true, "": false, "-a": false, "a b": false, "$(x)": false, strings.Repeat("a", 101): false} {
		if IsClusterName(s) != want {
			t.Errorf("IsClusterName(%q) is not %v", s, want)
		}
	}
	for s, want := range map[string]bool{"eu-west-1": true, "us-gov-east-1": true, "": false, "eu": false, "eu-west-1;": false} {
		if IsRegion(s) != want {
			t.Errorf("IsRegion(%q) is not %v", s, want)
		}
	}
	names := namer{}
	var got []string
	for _, arn := range []string{"a:role/x.y", "a:role/p/x-y", "a:role/X_Y", "a:role/="} {
		got = append(got, names.name(&Entry{PrincipalARN: arn}, "p_", "_", strings.ToLower))
	}
	if strings.Join(got, " ") != "p_x_y p_x_y_2 p_x_y_3 p_" {
		t.Errorf("names %q", got)
	}
}
