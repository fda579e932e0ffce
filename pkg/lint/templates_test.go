package lint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
)

// foreignTemplates are values that other tools put their own in the place of.
var foreignTemplates = []string{
	"{{ role }}", "{{ nodeArn }}", "{{node-arn}}", "{{- .Values.x }}", "{{ .Values.a.b | quote }}", `{{ include "x.arn" . }}`, "{{ $x }}", "<%= role %>",
	"${x}", "${ACCOUNT}", "${aws_iam_role.x.arn}", "%{lookup('x')}", "%{x}", "[[ .x ]]", "$(role)", "#{role}", "{{ hostvars['x'].arn }}", "{{x}}", "{{ Foo }}",
	"{{role_arn}}", "{{AccountID}}", "{{SessionName}}",
	"$ROLE", "$node_role", "((role))", "(( grab meta.role ))", "%ROLE%", "__ROLE__", "__NODE_ROLE__", "@ROLE@", "@@ROLE@@", "(@= data.values.role @)",
	"<path:secret/data/x#role>", "#{role}#",
}

// namesFilledIn are tokens that stand in usernames and groups.
var namesFilledIn = []string{
	"$NAME", "$Name", "${Name}", "#{Octopus.Name}", "#{Name}#", "%NAME%", "((Name))", "(( grab meta.Name ))", "__NAME__", "@NAME@", "(@= data.values.Name @)",
	"<path:secret/data/x#Name>", "<%= Name %>", "$(Name)", "[[ .Name ]]",
}

// TestForeignTemplates_names: what another tool fills in, in a username and in a group, is one note, and never fixed.
func TestForeignTemplates_names(t *testing.T) {
	for _, token := range namesFilledIn {
		for _, name := range []string{"T", "Admin-T", "T:Admin", "admin-T-x"} {
			name = `"` + strings.ReplaceAll(name, "T", token) + `"`
			for at, text := range map[string]string{
				"username": "username: " + name, "group": "username: dev\n    groups:\n    - " + name, "flow": "username: dev\n    groups: [devs, " + name + "]",
			} {
				text = "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    " + text + "\n"
				if _, r := lintText(t, text); len(r.Findings) > 0 || len(r.Notes) != 1 {
					t.Errorf("%s: findings %+v, notes %+v\n%s", at, messages(r), r.Notes, text)
				}
			}
		}
	}
}

// TestForeignTemplates_whole: what brings a whole list is one note.
func TestForeignTemplates_whole(t *testing.T) {
	for _, value := range []string{
		"$MAP_ROLES", "${MAP_ROLES}", "(( grab meta.roles ))", "((roles))", `"<path:secret/data/x#roles>"`, "<path:secret/data/x#roles>", "__MAP_ROLES__",
		"%MAP_ROLES%", `"%MAP_ROLES%"`, "@MAP_ROLES@", `"#{MapRoles}"`, `"(@= data.values.roles @)"`, "#@ data.values.map_roles", "|\n    $ENTRIES", "|\n    __ENTRIES__",
	} {
		for _, frame := range []string{"mapRoles: VALUE\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: VALUE\n"} {
			text := strings.ReplaceAll(frame, "VALUE", value)
			if _, r := lintText(t, text); len(r.Findings) > 0 || len(r.Notes) != 1 {
				t.Errorf("findings %+v, notes %+v\n%s", messages(r), r.Notes, text)
			}
		}
	}
}

// TestForeignTemplates_ytt: what ytt computes is null for YAML, and no entry without an ARN.
func TestForeignTemplates_ytt(t *testing.T) {
	for _, entries := range []string{
		"  - arn: #@ data.values.arn\n    username: x\n", "  - arn: arn:aws:iam::111122223333:role/dev\n    username: #@ data.values.name\n",
		"  - arn: arn:aws:iam::111122223333:role/dev\n    username: x\n    groups:\n    - #@ data.values.group\n",
		"  #@ for r in data.values.roles:\n  - arn: arn:aws:iam::111122223333:role/dev\n    username: X\n  #@ end\n",
	} {
		text := "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: eu-west-1}\niamIdentityMappings:\n" + entries
		if _, r := lintText(t, text); len(r.Findings) > 0 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0].Message, "ytt") {
			t.Errorf("findings %+v, notes %+v\n%s", messages(r), r.Notes, text)
		}
	}
	text := "data:\n  mapRoles: #@ data.values.roles\n  mapUsers: |\n    - userarn: arn:aws:iam::111122223333:user/bob\n      username: Bob\n"
	if _, r := lintText(t, text); len(r.Findings) != 1 || len(r.Notes) != 1 {
		t.Errorf("beside a list: findings %+v, notes %+v", messages(r), r.Notes)
	}
}

// TestForeignTemplates_own: what the authenticator renders is its own in a name that looks like an ARN, too.
func TestForeignTemplates_own(t *testing.T) {
	for _, rest := range []string{
		"username: \"arn:aws:iam::{{AccountID}}:user/x\"", "username:\n      arn:aws:iam::{{AccountID}}:user/x", "username: x\n    groups:\n    - arn:aws:iam::{{AccountID}}:role/x",
		"username: x\n    groups: [\"arn:aws:iam::{{AccountID}}:role/x\"]",
	} {
		text := "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    " + rest + "\n"
		if _, r := lintText(t, text); len(r.Notes) != 0 {
			t.Errorf("notes %+v\n%s", r.Notes, text)
		}
	}
	for _, text := range []string{"- rolearn: arn:aws:iam::{{AccountID}}:role/dev\n    username: x", "- rolearn:\n      arn:aws:iam::{{AccountID}}:role/dev\n    username: x", "- {\"username\": \"x\", \"rolearn\": \"arn:aws:iam::{{AccountID}}:role/dev\"}"} {
		text = "mapRoles: |\n  " + text + "\n"
		if _, r := lintText(t, text); len(r.Notes) != 1 {
			t.Errorf("notes %+v\n%s", r.Notes, text)
		}
	}
}

// TestForeignTemplates_none: names that only look like what a tool fills in are judged.
func TestForeignTemplates_none(t *testing.T) {
	for _, name := range []string{"Team__OPS__x", "host$", "100%", "Jos%C3%A9", "a@B", "Dev(x)", "Cost$5", "__init", "@@"} {
		text := "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/team/dev\n    username: \"" + name + "\"\n"
		if _, r := lintText(t, text); len(r.Notes) > 0 || len(r.Findings) == 0 {
			t.Errorf("%s: findings %+v, notes %+v", name, messages(r), r.Notes)
		}
	}
}

func lintText(t *testing.T, text string) (*manifest.File, *report.Report) {
	t.Helper()
	p := policy.Default()
	b := &report.Builder{Action: p.Action}
	f := manifest.Read("aws-auth.yaml", text)
	New(p).Add(b, f)
	return f, b.Report()
}

// TestForeignTemplates: what another tool fills in, in an ARN and around it, with quotes and without, is one note, never an
// error, and never fixed.
func TestForeignTemplates(t *testing.T) {
	const node = "\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n    - system:bootstrappers\n    - system:nodes\n"
	for _, token := range foreignTemplates {
		for name, entry := range map[string]string{
			"the ARN": "- rolearn: T" + node, "quoted": "- rolearn: 'T'" + node, "the account": "- rolearn: arn:aws:iam::T:role/x" + node,
			"the partition": "- rolearn: arn:T:iam::111122223333:role/x" + node, "the name": "- rolearn: arn:aws:iam::111122223333:role/T" + node,
			"a part of the name": "- rolearn: arn:aws:iam::111122223333:role/x-T-y" + node,
		} {
			for _, frame := range []string{"mapRoles: |\n  E", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    E", "E"} {
				indent := frame[strings.LastIndex(frame, "\n")+1 : len(frame)-1]
				text := strings.ReplaceAll(entry, "T", token)
				if strings.Contains(token, "'") {
					text = strings.ReplaceAll(entry, "'T'", `"`+token+`"`)
					text = strings.ReplaceAll(text, "T", token)
				}
				text = strings.Replace(frame, "E", strings.TrimRight(strings.ReplaceAll(text, "\n", "\n"+indent), " "), 1)
				if _, r := lintText(t, text); len(r.Findings) > 0 || len(r.Notes) != 1 {
					t.Errorf("%s, %s: findings %+v, notes %+v\n%s", token, name, messages(r), r.Notes, text)
				}
			}
		}
	}
}

func messages(r *report.Report) (all []string) {
	for i := range r.Findings {
		fix := ""
		if r.Findings[i].Fix != nil {
			fix = " (fix)"
		}
		all = append(all, fmt.Sprintf("%s%s: %s", r.Findings[i].Rule, fix, r.Findings[i].Message))
	}
	return all
}

// TestForeignTemplates_rest: what is literal is still judged, and only what is literal is repaired.
func TestForeignTemplates_rest(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"a path":        {"- rolearn: arn:aws:iam::{{ account_id }}:role/team/dev\n  username: x\n", []string{"role-path (fix): this role ARN has the path team/: callers arrive without it, so EKS would never match it; write arn:aws:iam::{{ account_id }}:role/dev"}},
		"a path, ${x}":  {"- rolearn: arn:aws:iam::${account}:role/team/dev\n  username: x\n", []string{"role-path (fix): this role ARN has the path team/: callers arrive without it, so EKS would never match it; write arn:aws:iam::${account}:role/dev"}},
		"no username":   {"- rolearn: {{ role }}\n", []string{"username-missing: this entry has no username"}},
		"another entry": {"- rolearn: {{ role }}\n  username: a\n- rolearn: arn:aws:iam::111122223333:role/team/dev\n  username: dev\n", []string{"role-path (fix): "}},
		"twins":         {"- rolearn: {{ role }}\n  username: a\n- rolearn: {{ role }}\n  username: a\n", []string{"duplicate-arn: "}},
		"an admin":      {"- rolearn: {{ role }}\n  username: a\n  groups: [system:masters]\n", []string{`system-masters: "{{ role }}" is in system:masters`}},
		"an admin of a long name": {
			"- rolearn: arn:aws:iam::${data.aws_caller_identity.current.account_id}:role/one-of-the-administrators-of-all-of-these-clusters-1\n  username: a\n  groups: [system:masters]\n",
			[]string{`system-masters: "arn:aws:iam::${data.aws_caller_identity.current.ac…e-of-the-administrators-of-all-of-these-clusters-1" is in`},
		},
		"an admin, long at the end": {
			"- rolearn: arn:aws:iam::111122223333:role/one-of-the-administrators-of-all-of-these-clusters-${data.the_name_of_the_cluster.short}\n  username: a\n  groups: [system:masters]\n",
			[]string{`system-masters: "arn:aws:iam::111122223333:role/one-of-the-administ…ese-clusters-${data.the_name_of_the_cluster.short}" is in`},
		},
		"an entry":        {"- {{ entry }}\n", nil},
		"groups":          {"- rolearn: arn:aws:iam::111122223333:role/dev\n  username: a\n  groups: {{ groups }}\n", nil},
		"a group":         {"- rolearn: arn:aws:iam::111122223333:role/dev\n  username: a\n  groups: [{{ g }}]\n", nil},
		"a group beside":  {"- rolearn: arn:aws:iam::111122223333:role/dev\n  username: a\n  groups:\n  - ${GROUP}\n  - system:master\n", []string{`group-name: the group "system:master" is not system:masters`}},
		"an admin beside": {"- rolearn: arn:aws:iam::111122223333:role/dev\n  username: a\n  groups: [system:masters, ${GROUP}]\n", []string{"system-masters: "}},
		"a node's group": {
			"- rolearn: arn:aws:iam::111122223333:role/n\n  username: system:node:{{EC2PrivateDNSName}}\n  groups: [system:bootstrappers, system:node, \"{{ extra }}\"]\n",
			[]string{`group-name: the group "system:node" is not system:nodes`},
		},
		"a node's other group": {"- rolearn: arn:aws:iam::111122223333:role/n\n  username: system:node:{{EC2PrivateDNSName}}\n  groups: [system:nodes, ${GROUP}]\n", nil},
		"no node's groups":     {"- rolearn: arn:aws:iam::111122223333:role/n\n  username: n:{{EC2PrivateDNSName}}\n  groups: [\"${GROUP}\"]\n", nil},
		"who has nodes' groups": {
			"- rolearn: arn:aws:iam::111122223333:role/n\n  username: ${USER}\n  groups: [system:bootstrappers, system:nodes]\n", nil,
		},
		"a person with a node's group": {
			"- rolearn: arn:aws:iam::111122223333:role/n\n  username: bob\n  groups: [system:nodes, ${GROUP}]\n", []string{"node-entry: system:nodes is for nodes"},
		},
		"a user":            {"- rolearn: arn:aws:iam::111122223333:role/dev\n  username: {{ User }}\n", nil},
		"its own":           {"- rolearn: arn:aws:iam::111122223333:role/dev\n  username: a:{{sessionName}}\n", []string{"template-unknown (fix): "}},
		"its own, unquoted": {"- rolearn: arn:aws:iam::111122223333:role/dev\n  username: {{SessionName}}:a\n", []string{"unquoted-template (fix): "}},
		"not a template":    {"- rolearn: <ARN of the role>\n  username: a\n", []string{"placeholder: "}},
	} {
		t.Run(name, func(t *testing.T) {
			_, r := lintText(t, tt.text)
			got := messages(r)
			if len(got) != len(tt.want) {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tt.want[i]) {
					t.Errorf("got %q, want %q", got[i], tt.want[i])
				}
			}
		})
	}
}
