package manifest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxNote is how long a note may be, in bytes: a few lines.
const maxNote = 1200

func checkNoteLength(t *testing.T, f *File) {
	t.Helper()
	for _, n := range f.Notes {
		if len(n.Message) > maxNote {
			t.Errorf("a note of %d bytes: %.300s…", len(n.Message), n.Message)
		}
	}
}

// TestNotesAreShort: however long a word or a value of a file is, no note repeats all of it.
func TestNotesAreShort(t *testing.T) {
	texts := examples(t)
	for i, text := range []string{
		plan, changes, join, sub, clusterConfig,
		"module \"x\" {\n  aws_auth_roles = [{ rolearn = module.n.arn, username = var.u, groups = var.g }]\n  map_users = var.users\n}\n",
		"kind: ConfigMap\nmetadata: {name: aws-auth}\ndata:\n  mapRoles: |\n    - rolearn: word\n      username: word\n    - rolearn: word\n  mapUsers: |\n    word\n",
		"iamIdentityMappings: word\nkind: ClusterConfig\napiVersion: eksctl.io/v1alpha5\n",
		"kind: word\napiVersion: word\nmapRoles: word\n",
		"kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nmetadata: {name: aws-auth}\nspec: {valuesFrom: [{kind: word, name: word}]}\n",
		"- {op: copy, path: /data/mapRoles, from: /word}\n",
		`{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"word","objectRef":{"resource":"configmaps","namespace":"kube-system","name":"aws-auth"},"responseStatus":{"code":403,"reason":"word"}}`,
		"releases:\n- name: word\n  set:\n  - {name: 'mapRoles[0].word', value: x}\n",
	} {
		texts["more "+string(rune('a'+i))] = [2]string{"x.yaml", text}
	}
	words := regexp.MustCompile(`[A-Za-z][A-Za-z0-9_.:-]{2,}`)
	const long = maxNote
	notes := 0
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		file, text := texts[name][0], texts[name][1]
		found := words.FindAllString(text, -1)
		slices.Sort(found)
		for _, word := range slices.Compact(found) {
			for _, with := range []string{word + strings.Repeat("x", long), word + "${" + strings.Repeat("x", long) + "}"} {
				f := Read(file, strings.Replace(text, word, with, 1))
				notes += len(f.Notes)
				checkNoteLength(t, f)
			}
		}
		if t.Failed() {
			t.Fatalf("in %s", name)
		}
	}
	if notes < 300 {
		t.Errorf("only %d notes were made", notes)
	}
	t.Logf("%d notes", notes)
}

// TestNoteOfAWholeValue: what kustomize replaces whole is named by its key, and nothing is said of a rest that is not there.
func TestNoteOfAWholeValue(t *testing.T) {
	const (
		head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n"
		by   = "resources: [aws-auth.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: account, fieldPath: data.id}\n  targets:\n  - select: {name: aws-auth}\n    fieldPaths: [data.mapRoles]\n"
	)
	long := strings.Repeat("    - rolearn: arn:aws:iam::111122223333:role/dev\n", 100)
	for _, tt := range []struct{ name, kustomization, data, want string }{
		{"all that there is", by, "  mapRoles: |\n" + long, "not checked: mapRoles (kustomize replaces it by data.id of ConfigMap account); check what comes of it"},
		{"beside users", by, "  mapRoles: |\n" + long + "  mapUsers: |\n    - userarn: x\n", "not checked: mapRoles (kustomize replaces it by data.id of ConfigMap account); the rest was; check"},
		{"a part", by + "    options: {delimiter: '- rolearn', index: 3}\n", "  mapRoles: |\n" + long, ": arn:aws:iam::111122223333:role/dev (kustomize replaces it by data.id of ConfigMap account); the rest was; check"},
		{"a variable", "resources: []\n", "  mapRoles: ${ROLES}\n", "not checked: ${ROLES}; render it"},
		{"a variable beside users", "resources: []\n", "  mapRoles: ${ROLES}\n  mapUsers: |\n    - userarn: x\n", "not checked: ${ROLES}; the rest was; render it"},
		{"users before a variable", "resources: []\n", "  mapRoles: |\n    - rolearn: x\n  mapUsers: ${USERS}\n", "not checked: ${USERS}; the rest was; render it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := loadFrom(t, t.TempDir(), map[string]string{"kustomization.yaml": tt.kustomization, "aws-auth.yaml": head + tt.data}, "aws-auth.yaml")
			if len(f.Notes) != 1 || !strings.Contains(f.Notes[0].Message, tt.want) {
				t.Errorf("%+v, want %q", f.Notes, tt.want)
			}
		})
	}
}
