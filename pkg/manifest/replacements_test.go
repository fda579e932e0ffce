package manifest

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReplacements: what kustomize puts into a part of the map is a note that says from where, and the rest is read.
func TestReplacements(t *testing.T) {
	const (
		head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n"
		one  = "    - rolearn: arn:aws:iam::ACCOUNT_ID:role/dev\n      username: dev\n"
	)
	replace := func(select_, options string) string {
		return "resources: [aws-auth.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: account, fieldPath: data.id}\n  targets:\n  - select: " + select_ +
			"\n    fieldPaths: [data.mapRoles]\n" + options
	}
	for name, tt := range map[string]struct {
		kustomization string
		note          string
	}{
		"a part":              {replace("{kind: ConfigMap, name: aws-auth}", "    options: {delimiter: ':', index: 5}\n"), "ACCOUNT_ID (kustomize replaces it by data.id of ConfigMap account)"},
		"by kind alone":       {replace("{kind: ConfigMap}", "    options: {delimiter: ':', index: 5}\n"), "ACCOUNT_ID (kustomize replaces it by data.id of ConfigMap account)"},
		"all of it":           {replace("{name: aws-auth}", ""), "(kustomize replaces it by data.id of ConfigMap account)"},
		"another object":      {replace("{kind: ConfigMap, name: other}", "    options: {delimiter: ':', index: 5}\n"), ""},
		"no such part":        {replace("{name: aws-auth}", "    options: {delimiter: ':', index: 50}\n"), ""},
		"no part, at all":     {replace("{name: aws-auth}", "    options: {delimiter: ':', index: x}\n"), ""},
		"a negative index":    {replace("{name: aws-auth}", "    options: {delimiter: ':', index: -1}\n"), ""},
		"none":                {"resources: [aws-auth.yaml]\n", ""},
		"of other shapes":     {"resources: [aws-auth.yaml]\nreplacements: {a: [b]}\n", ""},
		"in a namespace":      {replace("{name: aws-auth, namespace: kube-system}", ""), "(kustomize replaces it by data.id of ConfigMap account)"},
		"all of the selector": {replace("{name: aws-auth, kind: ConfigMap, namespace: '', group: '', version: v1}", ""), "(kustomize replaces it by data.id of ConfigMap account)"},
		"a value of its own":  {strings.Replace(replace("{name: aws-auth}", ""), "source: {kind: ConfigMap, name: account, fieldPath: data.id}", "sourceValue: x", 1), "replaces it by a value of its own)"},
		"of no shape":         {"resources: [aws-auth.yaml]\nreplacements: [7, {targets: [8, {select: 9, fieldPaths: {a: b}}]}]\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"kustomization.yaml": tt.kustomization, "aws-auth.yaml": head + one} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			f, err := Input{Path: filepath.Join(dir, "aws-auth.yaml")}.Load(nil)
			if err != nil || len(f.Documents) != 1 {
				t.Fatalf("%v, %+v", err, f)
			}
			said := ""
			for _, n := range f.Notes {
				said += n.Message
			}
			if tt.note == "" && said != "" || !strings.Contains(said, tt.note) {
				t.Errorf("%q, want %q", said, tt.note)
			}
			d := f.Documents[0]
			if got := d.Unrendered("arn:aws:iam::ACCOUNT_ID:role/dev"); got {
				t.Error("the same text elsewhere counts as filled in")
			}
			if masked := !strings.Contains(d.Readable()["mapRoles"], "ACCOUNT_ID"); masked != (tt.note != "") {
				t.Errorf("readable as %q", d.Readable()["mapRoles"])
			}
		})
	}
}

// TestUnsureReplacements: what kustomize may leave as it is, is read as it is written, and a note says so.
func TestUnsureReplacements(t *testing.T) {
	const (
		whole  = "resources: [aws-auth.yaml]\n"
		source = "replacements:\n- source: {kind: ConfigMap, name: account, fieldPath: data.id}\n  targets:\n  - fieldPaths: [data.mapRoles]\n    "
		sure   = source + "select: {name: aws-auth}\n"
		inKube = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    - rolearn: MARK\n"
		nested = "apiVersion: kubernetes.crossplane.io/v1alpha2\nkind: Object\nmetadata: {name: x}\nspec:\n  forProvider:\n    manifest:\n"
	)
	indent := func(text string) string {
		return "      " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n      ") + "\n"
	}
	for name, tt := range map[string]struct {
		kustomization, manifest string
		// silent is set where it is sure that kustomize leaves the map.
		silent bool
		beside map[string]string
	}{
		"labels":                {kustomization: whole + source + "select: {name: aws-auth, labelSelector: 'no=such'}\n"},
		"annotations":           {kustomization: whole + source + "select: {name: aws-auth, annotationSelector: 'no=such'}\n"},
		"rejected by name":      {kustomization: whole + source + "select: {name: aws-auth}\n    reject: [{name: aws-auth}]\n"},
		"rejected by kind":      {kustomization: whole + source + "select: {name: aws-auth}\n    reject: [{kind: ConfigMap}]\n"},
		"a pattern":             {kustomization: whole + source + "select: {name: 'aws-.*'}\n"},
		"a field of its own":    {kustomization: whole + source + "select: {name: aws-auth, other: x}\n"},
		"another group":         {kustomization: whole + source + "select: {name: aws-auth, group: apps}\n", silent: true},
		"another version":       {kustomization: whole + source + "select: {name: aws-auth, version: v2}\n", silent: true},
		"another namespace":     {kustomization: whole + source + "select: {name: aws-auth, namespace: default}\n", silent: true},
		"another name":          {kustomization: whole + source + "select: {name: 'aws-auth.+'}\n", silent: true},
		"no pattern":            {kustomization: whole + source + "select: {name: 'aws-auth('}\n", silent: true},
		"no selector":           {kustomization: whole + source + "options: {}\n", silent: true},
		"a file not listed":     {kustomization: sure},
		"no namespace in it":    {kustomization: whole + source + "select: {namespace: kube-system}\n", manifest: strings.Replace(inKube, ", namespace: kube-system", "", 1)},
		"a part of an object":   {kustomization: whole + sure, manifest: nested + indent(inKube)},
		"an item of a List":     {kustomization: whole + sure, manifest: "apiVersion: v1\nkind: List\nitems:\n-\n" + indent(inKube)},
		"taken twice":           {kustomization: whole + sure, beside: map[string]string{"kustomization.yaml": "resources: [k/aws-auth.yaml]\n"}},
		"a file that is gone":   {kustomization: whole + "replacements: [{path: gone.yaml}]\n"},
		"a file outside":        {kustomization: whole + "replacements: [{path: ../r.yaml}]\n", beside: map[string]string{"r.yaml": ""}},
		"a file that is broken": {kustomization: whole + "replacements: [{path: r.yaml}]\n", beside: map[string]string{"k/r.yaml": "- [\n"}},
		"a file of another":     {kustomization: whole + "replacements: [{path: r.yaml}]\n", silent: true, beside: map[string]string{"k/r.yaml": "source: {name: x}\ntargets: [{select: {name: y}}]\n"}},
		"a file with a reject":  {kustomization: whole + "replacements: [{path: r.yaml}]\n", beside: map[string]string{"k/r.yaml": "source: {name: x}\ntargets: [{select: {name: aws-auth}, reject: [{kind: ConfigMap}], fieldPaths: [data.mapRoles]}]\n"}},
		"a part of the text":    {kustomization: whole + strings.Replace(sure, "data.mapRoles]", "data.mapRoles.0.rolearn]", 1)},
		"of any object":         {kustomization: whole + strings.Replace(sure, "kind: ConfigMap, name: account, ", "", 1)},
		"by itself":             {kustomization: whole + strings.Replace(sure, "name: account, fieldPath: data.id", "name: aws-auth, fieldPath: data.mapRoles", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files := map[string]string{"k/kustomization.yaml": tt.kustomization, "k/aws-auth.yaml": cmp.Or(tt.manifest, inKube)}
			maps.Copy(files, tt.beside)
			f := loadFrom(t, dir, files, "k/aws-auth.yaml")
			if len(f.Documents) != 1 || !strings.Contains(f.Documents[0].Readable()["mapRoles"], "MARK") {
				t.Fatalf("not read as it is written: %+v", f)
			}
			said := ""
			for _, n := range f.Notes {
				said += n.Message
			}
			if strings.Contains(said, "nil") || tt.silent != (said == "") || !tt.silent && !strings.Contains(said, "kustomize may replace parts of mapRoles by ") {
				t.Errorf("%q", said)
			}
		})
	}
}

// TestReplacementsOfAFile: a file with replacements, one or a list, says the same as the kustomization itself.
func TestReplacementsOfAFile(t *testing.T) {
	const (
		one     = "source: {kind: ConfigMap, name: account, fieldPath: data.id}\ntargets:\n- select: {name: aws-auth}\n  fieldPaths: [data.mapRoles]\n  options: {delimiter: ':', index: 5}\n"
		entries = "- rolearn: arn:aws:iam::ACCOUNT_ID:role/dev\n"
		taken   = "replacements: [{path: sub/r.yaml}]\n"
	)
	indented := func(text string) string { return strings.ReplaceAll(text, "\n", "\n  ") }
	for name, tt := range map[string]struct {
		kustomization, held, read string
	}{
		"one":             {"resources: [aws-auth.yaml]\n" + taken, one, "aws-auth.yaml"},
		"a list":          {"resources: [aws-auth.yaml]\n" + taken, "- source: {name: x}\n  targets: []\n- " + indented(one), "aws-auth.yaml"},
		"beside others":   {"resources: [aws-auth.yaml]\nreplacements:\n- path: sub/r.yaml\n- targets: [{select: {name: other}}]\n", one, "aws-auth.yaml"},
		"of a generator":  {"namespace: kube-system\nconfigMapGenerator:\n- name: aws-auth\n  options: {disableNameSuffixHash: true}\n  literals: ['mapRoles=" + strings.TrimSpace(entries) + "']\n" + taken, one, "kustomization.yaml"},
		"of a file of it": {"namespace: kube-system\nconfigMapGenerator:\n- name: aws-auth\n  options: {disableNameSuffixHash: true}\n  files: [mapRoles=r.txt]\n" + taken, one, "r.txt"},
		"around a folder": {"resources: [base]\n" + taken, one, "base/aws-auth.yaml"},
		"around two":      {"components: [./x]\n" + taken, one, "x/base/aws-auth.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    " + entries
			f := loadFrom(t, t.TempDir(), map[string]string{
				"base/kustomization.yaml": "resources: [aws-auth.yaml]\n", "base/aws-auth.yaml": manifest, "x/kustomization.yaml": "resources: [base]\n",
				"x/base/kustomization.yaml": "resources: [aws-auth.yaml]\n", "x/base/aws-auth.yaml": manifest,
				"kustomization.yaml": tt.kustomization, "sub/r.yaml": tt.held, "r.txt": entries,
				"aws-auth.yaml": manifest,
			}, tt.read)
			if len(f.Documents) != 1 || len(f.Notes) != 1 || !strings.Contains(f.Notes[0].Message, "ACCOUNT_ID (kustomize replaces it by data.id of ConfigMap account)") {
				t.Errorf("%+v, notes %+v", f.Documents, f.Notes)
			}
		})
	}
}

// TestReplacementsFromInside: a kustomization above counts also where the file is named from its own folder.
func TestReplacementsFromInside(t *testing.T) {
	for _, resources := range []string{"[base]", "[base/aws-auth.yaml]"} {
		dir := t.TempDir()
		loadFrom(t, dir, map[string]string{
			"kustomization.yaml":      "resources: " + resources + "\nreplacements:\n- source: {name: x}\n  targets: [{select: {name: aws-auth}, fieldPaths: [data.mapRoles]}]\n",
			"base/kustomization.yaml": "resources: [aws-auth.yaml]\n",
			"base/aws-auth.yaml":      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    - rolearn: x\n",
		}, "base/aws-auth.yaml")
		t.Chdir(filepath.Join(dir, "base"))
		f, err := Input{Path: "aws-auth.yaml"}.Load(nil)
		if err != nil || len(f.Notes) != 1 || !strings.Contains(f.Notes[0].Message, "kustomize") {
			t.Errorf("%s: %v, %+v", resources, err, f.Notes)
		}
	}
}

// TestReplacedNothing: that an empty value is replaced hides nothing of the others.
func TestReplacedNothing(t *testing.T) {
	f := loadFrom(t, t.TempDir(), map[string]string{
		"kustomization.yaml": "resources: [aws-auth.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: x, fieldPath: data.y}\n" +
			"  targets: [{select: {name: aws-auth}, fieldPaths: [data.mapRoles]}]\n",
		"aws-auth.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: ''\n  mapUsers: |\n    - userarn: x\n",
	}, "aws-auth.yaml")
	if f.Documents[0].Unrendered("x") {
		t.Error("all texts count as filled in")
	}
}

// loadFrom loads one of some files.
func loadFrom(t *testing.T, dir string, files map[string]string, name string) *File {
	t.Helper()
	for file, text := range files {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Input{Path: filepath.Join(dir, name)}.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
