package manifest

import (
	"strconv"
	"strings"
	"testing"
)

// TestLists_byWhatTheyHold: a list is one of entries by what its items hold, not by what they lack.
func TestLists_byWhatTheyHold(t *testing.T) {
	const block = "        mapRoles: |\n          - rolearn: arn:aws:iam::111122223333:role/team/x\n            username: x\n"
	for _, tt := range []struct {
		name, text string
		list       bool
	}{
		{"entries", "- rolearn: a\n  username: x\n", true},
		{"the username first", "- username: x\n  rolearn: a\n", true},
		{"in JSON", `[{"username":"x","userarn":"a"}]`, true},
		{"a near miss", "- roleARN: a\n  username: x\n", true},
		{"a field too many", "- rolearn: a\n  username: x\n  env: [y]\n", true},
		{"broken", "- rolearn: a\n   username: x\n", true},
		{"broken, a template", "- username: {{SessionName}}-x\n  rolearn: a\n", true},
		{"a playbook", "- hosts: all\n  tasks:\n  - k8s:\n      data:\n" + block, false},
		{"a broken playbook", "- hosts: all\n  tasks:\n  - k8s:\n      data:\n" + block + "         - x\n", false},
		{"a JSON patch", "- op: add\n  path: /x/y\n  value:\n    rolearn: a\n", false},
		{"profiles", "- name: dev\n  role_arn: arn:aws:iam::111122223333:role/x\n", false},
		{"another tool's list", "- roleArn: arn:aws:iam::111122223333:role/x\n  sessionName: x\n", false},
		{"much else", "- rolearn: a\n  id: 1\n  region: x\n  vpc: y\n", false},
		{"steps", "- uses: x\n  with: {role-arn: a}\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if f := Read("x.yaml", tt.text); tt.list != (lists(f) > 0) {
				t.Errorf("%d lists; documents %s, notes %+v", lists(f), dump(f), f.Notes)
			}
		})
	}
}

// TestUnread: what speaks of the map where no carrier reads it gets one note an object, with the line and the kind.
func TestUnread(t *testing.T) {
	const entry = "rolearn: arn:aws:iam::111122223333:role/x"
	for _, tt := range []struct {
		name, file, text string
		// want is the line of each note and how it begins.
		want []string
	}{
		{"another kind", "x.yaml", "apiVersion: example.com/v1\nkind: Widget\nspec:\n  a: [{b: {" + entry + "}}]\n", []string{"4 rolearn in a Widget (example.com/v1), not checked"}},
		{"inside a text", "x.yaml", "kind: Widget\nspec: |\n  # one\n  - " + entry + "\n", []string{"4 rolearn in a Widget, not checked"}},
		{"inside JSON in a text", "x.json", "{\"kind\": \"Event\",\n\"o\": \"{\\\"data\\\":{\\\"mapRoles\\\":\\\"x\\\"}}\"}", []string{"2 mapRoles in an Event"}},
		{"a ConfigMap inside a text", "x.yaml", "kind: Script\nrun: |\n  kind: ConfigMap\n  metadata:\n    name: aws-auth\n", []string{"5 aws-auth in a Script"}},
		{"a list in a List", "x.yaml", "kind: List\nitems:\n- kind: Pod\n- kind: Widget\n  " + entry + "\n- kind: Widget\n  userarn: x\n", []string{"5 rolearn in a Widget", "7 userarn in a Widget"}},
		{"a ConfigMap of another name", "x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata:\n  mapUsers: |\n    - userarn: x\n", []string{"5 mapUsers in a ConfigMap (v1)"}},
		{"an ARN beside a username", "x.yaml", "aws-auth:\n  roles:\n  - arn: arn:aws:iam::111122223333:role/x\n    username: x\n", []string{"3 arn in a file"}},
		{"in other letters", "x.yaml", "Resources:\n  A:\n    Properties:\n      RoleMappings: [{RoleArn: x, Username: y}]\n", []string{"4 RoleArn in a CloudFormation template"}},
		{"many in one", "x.yaml", "kind: Widget\na: {" + entry + "}\nb: {" + entry + "}\n", []string{"2 rolearn"}},
		{"a workflow", "ci.yml", "on: push\njobs:\n  x:\n    steps:\n    - run: |\n        cat <<E\n        - " + entry + "\n", []string{"7 rolearn in a GitHub workflow"}},
		{"a Compose file", "docker-compose.yml", "services:\n  a:\n    environment: ['X=mapRoles: y']\n", []string{"3 mapRoles in a Compose file"}},
		{"Compose, broken", "x.txt", "services: [\n mapRoles: y\n", []string{"2 mapRoles in a document"}},
		{"a shell script", "x.sh", "#!/bin/sh\n# mapRoles: x\nkubectl apply -f - <<E\ndata: {{\n  mapRoles: |\n    - " + entry + "\nE\n", []string{"5 mapRoles in a shell script"}},
		{"source code", "x.ts", "new Patch({\n  mapRoles: `- " + entry + "`})\n", []string{"2 mapRoles in source code"}},
		{"lines with their numbers", "x.yaml", "1  kind: ConfigMap\n2  data:\n3    mapRoles: x\n", []string{"3 mapRoles in a file"}},
		{"added lines", "x.yaml", "+kind: ConfigMap\n+data:\n+  mapRoles: |\n+    - rolearn: x\n", []string{"4 rolearn in a file"}},
		{"names of another tool", "x.yaml", "access:\n- roleArn: arn:aws:iam::111122223333:role/x\n  groups: [x]\n", []string{"2 roleArn in a file"}},
		{"empty lists", "x.yaml", "kind: Widget\nspec: {mapRoles: [], mapUsers: '', rolearn: ~}\n", nil},
		{"words alone", "x.yaml", "kind: Role\nrules: [{resourceNames: [aws-auth]}]\nargs: [--watch=aws-auth, roleArn, mapRoles]\n", nil},
		{"others' ARNs", "x.yaml", "kind: Widget\nroleArn: x\nrole_arn: y\nmy.rolearn: z\n", nil},
		{"read", "x.yaml", configMap("\n  mapRoles: |\n    - " + entry + "\n"), nil},
		{"read beside unread", "x.yaml", configMap("\n  mapRoles: |\n    []\n") + "---\nkind: Widget\n" + entry + "\n", []string{"11 rolearn in a Widget"}},
	} {
		for _, found := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				f := read(tt.file, tt.text, found)
				if len(f.Notes) != len(tt.want) || len(f.Problems) > 0 {
					t.Fatalf("notes %+v, want %q; problems %s", f.Notes, tt.want, problems(f))
				}
				for i, n := range f.Notes {
					line, message, _ := strings.Cut(tt.want[i], " ")
					if at := f.Position(n.Span.Start).Line; line != strconv.Itoa(at) || !strings.HasPrefix(n.Message, message) {
						t.Errorf("line %d: %s, want %s", at, n.Message, tt.want[i])
					}
				}
			})
		}
	}
}
