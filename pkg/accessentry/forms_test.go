package accessentry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"mvdan.cc/sh/v3/syntax"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// hostile texts try to get out of their quotes, or to be taken for something else than text.
var hostile = []string{
	"dev", "it's", `say "hi"`, "$(reboot)", "`reboot`", "${aws.x}", "%{ if true }", "a\nfailed=1\n# b", "-x", "--type", "[a]", ` [`, `{"a":1}`, "{x",
	"file:///etc/passwd", "https://example.com", "@file", "yes", "0123", "1e3", "~", "null", "#a", "a: b", "- a", "*", "!Ref X", "\\", "\\n", "\t", "ä\u2028ö",
	"\u0085", "\u200b", "a\r\nb", "\x1b[31m", "'\n'", "EOF", "<<EOF", "a b", "&x", "|", "%s", "$$", "$${", "\ufeffa", "😀",
}

// planOf has a role with a username and a group, as an administrator, beside one of nodes and one to look up.
func planOf(username, group string) *Plan {
	const policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
	return &Plan{Cluster: "prod", Region: "eu-west-1", Items: []Item{
		{Section: "mapRoles", ARN: username, Status: Ready, File: group, Entry: &Entry{
			PrincipalARN: account + "role/te'am$/dev", Type: snapshot.Standard, Username: username, Groups: []string{group, "second"}, Policy: policy,
		}},
		{Section: "mapRoles", Index: 1, Status: Attention, Notes: []string{username}, Todo: []string{group}, Entry: &Entry{
			PrincipalARN: account + "role/proposal", Type: snapshot.Standard, Username: username, Groups: []string{group}, Policy: policy,
		}},
		{Section: "mapRoles", Index: 2, Status: Ready, Entry: &Entry{PrincipalARN: account + "role/nodes", Type: snapshot.EC2Linux}},
		{Section: "mapRoles", Index: 3, Status: Covered, Notes: []string{group}},
		{Section: "mapRoles", Index: 4, Status: Ready, Entry: &Entry{PrincipalARN: account + "role/sso", Lookup: "sso", Type: snapshot.Standard, Groups: []string{group}}},
	}}
}

func written(t testing.TB, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestShell(t *testing.T) {
	for _, text := range hostile {
		p := planOf(text, text)
		script := written(t, func(b *bytes.Buffer) error { return p.Shell(b) })
		if got := calls(t, script); !reflect.DeepEqual(got, wantCalls(p)) {
			t.Errorf("%q: the script calls\n%q\nwant\n%q\n%s", text, got, wantCalls(p), script)
		}
	}
}

// calls parses a script, runs it with a stand-in for the AWS CLI and returns the arguments of each call.
func calls(t *testing.T, script string) [][]string {
	t.Helper()
	if _, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(script), "script"); err != nil {
		t.Fatalf("%v\n%s", err, script)
	}
	dir := t.TempDir()
	// The stand-in writes its arguments down; asked for a role it answers with an ARN instead.
	const standIn = "#!/bin/sh\nif [ \"$1\" = iam ]; then echo \"found:$4\"; exit; fi\nprintf '%s\\0' \"$@\" end >>\"$CALLS\"\n"
	if err := os.WriteFile(filepath.Join(dir, "aws"), []byte(standIn), 0o755); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "calls")
	c := exec.Command("/bin/sh")
	c.Stdin = strings.NewReader(script)
	c.Env = []string{"PATH=" + dir, "CALLS=" + log}
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v\n%s\n%s", err, out, script)
	}
	raw, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for call := range strings.SplitSeq(strings.TrimSuffix(string(raw), "end\x00"), "end\x00") {
		all = append(all, strings.Split(strings.TrimSuffix(call, "\x00"), "\x00"))
	}
	return all
}

func wantCalls(p *Plan) [][]string {
	var all [][]string
	for i := range p.Items {
		it := &p.Items[i]
		if it.Status != Ready {
			continue
		}
		e := it.Entry
		principal := e.PrincipalARN
		if e.Lookup != "" {
			principal = "found:" + e.Lookup
		}
		common := []string{"--cluster-name", "prod", "--region", "eu-west-1", "--principal-arn", principal}
		create := append([]string{"eks", "create-access-entry"}, append(slices.Clone(common), "--type", string(e.Type))...)
		if plainArguments(e) {
			if e.Username != "" {
				create = append(create, "--username", e.Username)
			}
			if len(e.Groups) > 0 {
				create = append(append(create, "--kubernetes-groups"), e.Groups...)
			}
		} else {
			create = append(create, "--cli-input-json", identityJSON(e))
		}
		all = append(all, create)
		if e.Policy != "" {
			all = append(all, append([]string{"eks", "associate-access-policy"}, append(slices.Clone(common), "--policy-arn", e.Policy, "--access-scope", "type=cluster")...))
		}
	}
	return all
}

func TestIdentityJSON(t *testing.T) {
	for _, text := range hostile {
		e := planOf(text, text).Items[0].Entry
		var got struct {
			Username         string   `json:"username"`
			KubernetesGroups []string `json:"kubernetesGroups"`
		}
		if err := json.Unmarshal([]byte(identityJSON(e)), &got); err != nil || got.Username != e.Username || !slices.Equal(got.KubernetesGroups, e.Groups) {
			t.Errorf("%q became %+v, %v", text, got, err)
		}
	}
}

// template is what CloudFormation allows in what is written: the resource schema of AWS::EKS::AccessEntry.
type template struct {
	AWSTemplateFormatVersion string
	Parameters               map[string]struct{ Type, Description string }
	Resources                map[string]struct {
		Type       string
		Properties struct {
			ClusterName, Type, Username string
			PrincipalArn                any
			KubernetesGroups            []string
			AccessPolicies              []struct {
				PolicyArn   string
				AccessScope struct {
					Type       string
					Namespaces []string
				}
			}
		}
	}
}

func cloudFormationEntries(p *Plan) ([]Entry, error) {
	var b bytes.Buffer
	if err := p.CloudFormation(&b); err != nil {
		return nil, err
	}
	var tpl template
	if err := sigsyaml.UnmarshalStrict(b.Bytes(), &tpl); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, b.String())
	}
	if tpl.Resources == nil || tpl.AWSTemplateFormatVersion != "2010-09-09" {
		return nil, fmt.Errorf("no template:\n%s", b.String())
	}
	var entries []Entry
	for name, r := range tpl.Resources {
		e := Entry{Type: snapshot.Type(r.Properties.Type), Username: r.Properties.Username, Groups: r.Properties.KubernetesGroups}
		switch arn := r.Properties.PrincipalArn.(type) {
		case string:
			e.PrincipalARN = arn
		case map[string]any:
			parameter, _ := arn["Ref"].(string)
			if tpl.Parameters[parameter].Type != "String" {
				return nil, fmt.Errorf("%s refers to %v", name, arn)
			}
			e.Lookup = parameter
		}
		for _, a := range r.Properties.AccessPolicies {
			e.Policy = a.PolicyArn + a.AccessScope.Type
		}
		if r.Type != "AWS::EKS::AccessEntry" || r.Properties.ClusterName != "prod" {
			return nil, fmt.Errorf("%s is %+v", name, r)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func eksctlEntries(p *Plan) ([]Entry, error) {
	var b bytes.Buffer
	if err := p.Eksctl(&b); err != nil {
		return nil, err
	}
	// The part of eksctl's ClusterConfig that is used; eksctl decodes as strictly.
	var config struct {
		APIVersion   string `json:"apiVersion"`
		Kind         string `json:"kind"`
		Metadata     struct{ Name, Region string }
		AccessConfig struct {
			AuthenticationMode string `json:"authenticationMode"`
			AccessEntries      []struct {
				PrincipalARN       string   `json:"principalARN"`
				Type               string   `json:"type"`
				KubernetesUsername string   `json:"kubernetesUsername"`
				KubernetesGroups   []string `json:"kubernetesGroups"`
				AccessPolicies     []struct {
					PolicyARN   string `json:"policyARN"`
					AccessScope struct{ Type string }
				} `json:"accessPolicies"`
			} `json:"accessEntries"`
		} `json:"accessConfig"`
	}
	if err := sigsyaml.UnmarshalStrict(b.Bytes(), &config); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, b.String())
	}
	if config.APIVersion != "eksctl.io/v1alpha5" || config.Kind != "ClusterConfig" || config.Metadata.Name != "prod" || config.AccessConfig.AuthenticationMode != "API_AND_CONFIG_MAP" {
		return nil, fmt.Errorf("no ClusterConfig of the cluster:\n%s", b.String())
	}
	var entries []Entry
	for _, a := range config.AccessConfig.AccessEntries {
		e := Entry{PrincipalARN: a.PrincipalARN, Type: snapshot.Type(a.Type), Username: a.KubernetesUsername, Groups: a.KubernetesGroups}
		for _, policy := range a.AccessPolicies {
			e.Policy = policy.PolicyARN + policy.AccessScope.Type
		}
		if e.Type != snapshot.Standard && (e.Username != "" || len(e.Groups) > 0 || e.Policy != "") {
			return nil, fmt.Errorf("eksctl refuses %+v", e)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func terraformEntries(p *Plan) ([]Entry, error) {
	var b bytes.Buffer
	if err := p.Terraform(&b); err != nil {
		return nil, err
	}
	f, diags := hclsyntax.ParseConfig(b.Bytes(), "main.tf", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("%w\n%s", diags, b.String())
	}
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok {
		return nil, errors.New("no native syntax")
	}
	lookups, order := map[string]string{}, []string{}
	entries := map[string]*Entry{}
	text := func(b *hclsyntax.Body, name string) string {
		a := b.Attributes[name]
		if a == nil {
			return ""
		}
		v, diags := a.Expr.Value(nil)
		if diags.HasErrors() {
			return ""
		}
		return v.AsString()
	}
	for _, block := range body.Blocks {
		name := block.Labels[1]
		switch block.Labels[0] {
		case "aws_iam_role":
			lookups[name] = text(block.Body, "name")
		case "aws_eks_access_entry":
			e := &Entry{PrincipalARN: text(block.Body, "principal_arn"), Type: snapshot.Type(text(block.Body, "type")), Username: text(block.Body, "user_name"), Lookup: lookups[name]}
			if a := block.Body.Attributes["kubernetes_groups"]; a != nil {
				v, diags := a.Expr.Value(nil)
				if diags.HasErrors() {
					return nil, diags
				}
				for _, g := range v.AsValueSlice() {
					e.Groups = append(e.Groups, g.AsString())
				}
			}
			if text(block.Body, "cluster_name") != "prod" {
				return nil, fmt.Errorf("%s is of no cluster", name)
			}
			entries[name], order = e, append(order, name)
		case "aws_eks_access_policy_association":
			entries[name].Policy = text(block.Body, "policy_arn") + text(block.Body.Blocks[0].Body, "type")
		}
	}
	var all []Entry
	for _, name := range order {
		all = append(all, *entries[name])
	}
	return all, nil
}

// sorted brings entries into the form that those read back have.
func sorted(entries []Entry) string {
	lines := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.Lookup != "" {
			e.PrincipalARN, e.Lookup = "", "lookup"
		}
		lines = append(lines, fmt.Sprintf("%q", []any{e.PrincipalARN, e.Lookup, string(e.Type), e.Username, e.Groups, e.Policy}))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func checkForms(t *testing.T, username, group string) {
	t.Helper()
	p := planOf(username, group)
	for name, read := range map[string]func(*Plan) ([]Entry, error){"cloudformation": cloudFormationEntries, "terraform": terraformEntries, "eksctl": eksctlEntries} {
		plan := p
		switch name {
		case "eksctl":
			plan = p.ForEksctl()
		case "terraform":
			plan = p.ForTerraform()
		}
		var want []Entry
		for _, it := range plan.Items {
			if it.Status == Ready {
				e := *it.Entry
				if e.Policy != "" {
					e.Policy += "cluster"
				}
				want = append(want, e)
			}
		}
		got, err := read(p)
		if err != nil {
			t.Errorf("%s: %q, %q: %v", name, username, group, err)
		} else if sorted(got) != sorted(want) {
			t.Errorf("%s: %q, %q became\n%s\nwant\n%s", name, username, group, sorted(got), sorted(want))
		}
	}
	script := written(t, func(b *bytes.Buffer) error { return p.Shell(b) })
	if _, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(script), "script"); err != nil {
		t.Errorf("%v\n%s", err, script)
	}
}

func TestForms(t *testing.T) {
	for _, text := range hostile {
		checkForms(t, text, text+"g")
	}
}

func TestFormsOfNothing(t *testing.T) {
	p := &Plan{Cluster: "prod"}
	for name, read := range map[string]func(*Plan) ([]Entry, error){"cloudformation": cloudFormationEntries, "terraform": terraformEntries, "eksctl": eksctlEntries} {
		if got, err := read(p); err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestForEksctl(t *testing.T) {
	p := planOf("x", "y")
	limited := p.ForEksctl()
	if p.Count(Ready) != 3 || limited.Count(Ready) != 2 || limited.Count(Attention) != 2 {
		t.Errorf("ready %d, of these for eksctl %d, to attend to %d", p.Count(Ready), limited.Count(Ready), limited.Count(Attention))
	}
}

func TestForTerraform(t *testing.T) {
	for group, ready := range map[string]int{"caf\u00e9": 3, "cafe\u0301": 1} {
		p := planOf("x", group)
		limited := p.ForTerraform()
		if p.Count(Ready) != 3 || limited.Count(Ready) != ready {
			t.Errorf("%q: %d ready, %d of these for Terraform, want %d", group, p.Count(Ready), limited.Count(Ready), ready)
		}
		checkForms(t, "x", group)
	}
}

func FuzzForms(f *testing.F) {
	for _, text := range hostile {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, username, group string) {
		if !utf8.ValidString(username) || !utf8.ValidString(group) || strings.Contains(username+group, "\x00") || group == "" || username == "" {
			t.Skip("no text that a map can hold, or none that an access entry has")
		}
		checkForms(t, username, group)
	})
}
