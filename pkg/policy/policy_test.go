package policy

import (
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func TestEmptyTextIsTheDefaultPolicy(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing yet\n", "---\n", "---\n---\n", "null\n", "\ufeff"} {
		p, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("Parse(%q): %v", text, err)
			continue
		}
		if p.Profile != validate.Standard || !p.RepairsFor("kubectl-edit") || !p.Exempt("eks:node-manager") || len(p.Rules) != 0 {
			t.Errorf("Parse(%q) = %+v, want the default policy", text, p)
		}
	}
}

const header = "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\n"

func parse(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := Parse([]byte(header + text))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return p
}

func TestActionsFollowProfileAndSettings(t *testing.T) {
	const settings = `rules:
  username-uppercase: {action: warn}
  system-masters: {action: deny, allow: ["arn:aws:iam::111122223333:role/Admin"]}
  arn-account: {action: deny, accounts: ["111122223333"]}
  duplicate-arn: {action: "off"}
`
	for _, tt := range []struct {
		text, rule string
		want       validate.Action
	}{
		{"", "role-path", validate.Fix},
		{"", "yaml-syntax", validate.Deny},
		{"", "system-masters", validate.Warn},
		{"", "arn-account", validate.Off},
		{"", "no-such-rule", validate.Off},
		{"profile: strict\n", "system-masters", validate.Deny},
		{"profile: strict\n", "role-path", validate.Fix},
		{"profile: strict\n", "arn-account", validate.Off},
		{"profile: audit\n", "role-path", validate.Warn},
		{"profile: audit\n", "yaml-syntax", validate.Warn},
		{settings, "username-uppercase", validate.Warn},
		{settings, "system-masters", validate.Deny},
		{settings, "arn-account", validate.Deny},
		{settings, "duplicate-arn", validate.Off},
		{settings, "role-path", validate.Fix},
		{"profile: strict\n" + settings, "username-uppercase", validate.Warn},
		// audit stands the guard down, whatever the settings say
		{"profile: audit\n" + settings, "system-masters", validate.Warn},
		{settings + "profile: audit\n", "arn-account", validate.Warn},
		{"profile: audit\n" + settings, "duplicate-arn", validate.Off},
	} {
		if got := parse(t, tt.text).Action(tt.rule); got != tt.want {
			t.Errorf("Action(%s) = %s, want %s under\n%s", tt.rule, got, tt.want, tt.text)
		}
	}
}

func TestOptionsTurnRulesOffAndHandParametersOn(t *testing.T) {
	p := parse(t, `rules:
  system-masters: {allow: ["arn:aws:iam::111122223333:role/Admin", "arn:aws:iam::111122223333:user/ops/Bob"]}
  arn-account: {action: warn, accounts: ["111122223333"]}
  role-path: {action: "off"}
`)
	o := p.Options()
	if !o.Off["role-path"] || o.Off["arn-account"] || o.Off["yaml-syntax"] {
		t.Errorf("Off = %v, want role-path alone", o.Off)
	}
	if got := o.Params["system-masters"]["allow"]; len(got) != 2 || got[1] != "arn:aws:iam::111122223333:user/ops/Bob" {
		t.Errorf("Allow = %q", got)
	}
	if got := o.Params["arn-account"]["accounts"]; len(got) != 1 || got[0] != "111122223333" {
		t.Errorf("Accounts = %q", got)
	}
	if !Default().Options().Off["arn-account"] {
		t.Error("arn-account runs by default, want it off")
	}
}

func TestWritersAndExemptUsers(t *testing.T) {
	custom := parse(t, "fix: {fieldManagers: [\"*\"]}\nexempt: {users: [\"eks:*\", \"system:serviceaccount:*:argocd-*\"]}\n")
	none := parse(t, "fix: {fieldManagers: []}\nexempt: {users: []}\n")
	empty := parse(t, "fix:\nexempt:\nrules:\n")
	for _, tt := range []struct {
		p    *Policy
		name string
		want bool
	}{
		{Default(), "kubectl", true},
		{Default(), "kubectl-edit", true},
		{Default(), "kubectl-client-side-apply", true},
		{Default(), "k9s", true},
		{Default(), "eksctl", true},
		{Default(), "kubectlish", false},
		{Default(), "Terraform", false},
		{Default(), "my-kubectl-edit", false},
		{Default(), "", false},
		{custom, "Terraform", true},
		{custom, "", false},
		{none, "kubectl", false},
		{empty, "kubectl", true},
	} {
		if got := tt.p.RepairsFor(tt.name); got != tt.want {
			t.Errorf("RepairsFor(%q) = %v with %q", tt.name, got, tt.p.FieldManagers)
		}
	}
	for _, tt := range []struct {
		p    *Policy
		name string
		want bool
	}{
		{Default(), "eks:node-manager", true},
		{Default(), "eks:", true},
		{Default(), "EKS:node-manager", false},
		{Default(), "aeks:x", false},
		{Default(), "", false},
		{custom, "system:serviceaccount:argo:argocd-server", true},
		{custom, "system:serviceaccount:argo:other", false},
		{none, "eks:node-manager", false},
		{empty, "eks:node-manager", true},
	} {
		if got := tt.p.Exempt(tt.name); got != tt.want {
			t.Errorf("Exempt(%q) = %v with %q", tt.name, got, tt.p.ExemptUsers)
		}
	}
}
