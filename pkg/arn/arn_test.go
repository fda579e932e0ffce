package arn

import "testing"

func TestCanonicalize(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"arn:aws:iam::123456789012:role/dev", "arn:aws:iam::123456789012:role/dev"},
		{"arn:aws:iam::123456789012:role/team/dev", "arn:aws:iam::123456789012:role/team/dev"},
		{"arn:aws:iam::123456789012:user/team/bob", "arn:aws:iam::123456789012:user/team/bob"},
		{"arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:root"},
		{"arn:aws:sts::123456789012:federated-user/fed", "arn:aws:sts::123456789012:federated-user/fed"},
		{"arn:aws:sts::123456789012:assumed-role/dev/alice@example.com", "arn:aws:iam::123456789012:role/dev"},
		{"arn:aws-cn:sts::123456789012:assumed-role/dev/i-0123456789abcdef0", "arn:aws-cn:iam::123456789012:role/dev"},
		{"arn:aws-eusc:sts::123456789012:assumed-role/team/dev/alice", "arn:aws-eusc:iam::123456789012:role/team/dev"},
		{"arn:aws:sts::123456789012:assumed-role/dev", ""},
		{"arn:aws:sts::123456789012:role/dev", ""},
		{"arn:aws:iam::123456789012:group/devs", ""},
		{"arn:aws:eks:us-east-1:123456789012:cluster/c", ""},
		{"arn:aws-foo:iam::123456789012:role/dev", ""},
		{"ARN:aws:iam::123456789012:role/dev", ""},
		{"arn:aws:iam:123456789012:role/dev", ""},
		{"", ""},
	} {
		got, err := Canonicalize(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("Canonicalize(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestSessionName(t *testing.T) {
	for in, want := range map[string]string{
		"arn:aws:sts::123456789012:assumed-role/dev/alice": "alice",
		"arn:aws:sts::123456789012:assumed-role/dev":       "",
		"arn:aws:iam::123456789012:role/dev/alice":         "",
		"nonsense": "",
	} {
		if got := SessionName(in); got != want {
			t.Errorf("SessionName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParsePrincipal(t *testing.T) {
	for _, tt := range []struct {
		in, path, name, stripped string
		kind                     Kind
		sso, fits                bool
	}{
		{in: "arn:aws:iam::123456789012:role/dev", name: "dev", kind: Role, fits: true, stripped: "arn:aws:iam::123456789012:role/dev"},
		{in: "ARN:AWS:IAM::123456789012:ROLE/DEV", name: "DEV", kind: Role, fits: true, stripped: "arn:AWS:IAM::123456789012:ROLE/DEV"},
		{in: "arn:aws:iam::123456789012:role/team/eng/dev", path: "team/eng", name: "dev", kind: Role, fits: true, stripped: "arn:aws:iam::123456789012:role/dev"},
		{
			in:   "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef",
			path: "aws-reserved/sso.amazonaws.com/eu-west-1", name: "AWSReservedSSO_Admin_0123456789abcdef", kind: Role, sso: true, fits: true,
			stripped: "arn:aws:iam::123456789012:role/AWSReservedSSO_Admin_0123456789abcdef",
		},
		{in: "arn:aws:iam::123456789012:user/a/b/bob", path: "a/b", name: "bob", kind: User, fits: true, stripped: "arn:aws:iam::123456789012:user/bob"},
		{in: "arn:aws:iam::123456789012:root", kind: Root, fits: true, stripped: "arn:aws:iam::123456789012:root/"},
		{in: "arn:aws:sts::123456789012:federated-user/fed", name: "fed", kind: FederatedUser, fits: true, stripped: "arn:aws:sts::123456789012:federated-user/fed"},
		{in: "arn:aws:iam::123456789012:role/comma,", name: "comma,", kind: Role, fits: true, stripped: "arn:aws:iam::123456789012:role/comma,"},
		{in: "arn:aws:iam::123456789012:role/ro\u212aet", name: "ro\u212aet", kind: Role, fits: true, stripped: "arn:aws:iam::123456789012:role/ro\u212aet"},
		{in: "arn:aws:iam::123456789012:role/dev/", path: "dev", kind: Role, stripped: "arn:aws:iam::123456789012:role/"},
		{in: "arn:aws:iam::123456789012:role//dev", name: "dev", kind: Role, stripped: "arn:aws:iam::123456789012:role/dev"},
		{in: "arn:aws:iam::123456789012:role/", kind: Role, stripped: "arn:aws:iam::123456789012:role/"},
		{in: "arn:aws:iam::123456789012:role/de*", name: "de*", kind: Role, stripped: "arn:aws:iam::123456789012:role/de*"},
		{in: "arn:aws:iam::123456789012:role/dev ", name: "dev ", kind: Role, stripped: "arn:aws:iam::123456789012:role/dev "},
		{in: "arn:aws:iam::123456789012:role/dev\u00a0", name: "dev\u00a0", kind: Role, stripped: "arn:aws:iam::123456789012:role/dev\u00a0"},
		{in: "arn:aws:iam::12345678901:role/dev", name: "dev", kind: Role, stripped: "arn:aws:iam::12345678901:role/dev"},
		{in: "arn:aws:iam:us-east-1:123456789012:role/dev", name: "dev", kind: Role, stripped: "arn:aws:iam:us-east-1:123456789012:role/dev"},
		{in: "arn:aws-foo:iam::123456789012:role/dev", name: "dev", kind: Role, stripped: "arn:aws-foo:iam::123456789012:role/dev"},
		{in: "arn:aws:sts::123456789012:assumed-role/dev/alice", path: "dev", name: "alice", kind: AssumedRole, fits: true, stripped: "arn:aws:sts::123456789012:assumed-role/alice"},
		{in: "arn:aws:iam::123456789012:instance-profile/n", name: "n", kind: InstanceProfile, fits: true, stripped: "arn:aws:iam::123456789012:instance-profile/n"},
		{in: "arn:aws:eks::123456789012:cluster/c", name: "c", kind: OtherService, fits: true, stripped: "arn:aws:eks::123456789012:cluster/c"},
		{in: "arn:aws:iam::123456789012:roles/dev", name: "dev", kind: Unknown, fits: true, stripped: "arn:aws:iam::123456789012:roles/dev"},
	} {
		p, err := ParsePrincipal(tt.in)
		if err != nil {
			t.Errorf("ParsePrincipal(%q): %v", tt.in, err)
			continue
		}
		if p.Kind != tt.kind || p.Path != tt.path || p.Name != tt.name || p.IsSSO() != tt.sso || p.WithoutPath() != tt.stripped {
			t.Errorf("ParsePrincipal(%q) = kind %v, path %q, name %q, sso %v, without path %q", tt.in, p.Kind, p.Path, p.Name, p.IsSSO(), p.WithoutPath())
		}
		if err := p.Check(); (err == nil) != tt.fits {
			t.Errorf("%q: Check() = %v, want fits %v", tt.in, err, tt.fits)
		}
	}
	for _, bad := range []string{"", "dev", "arn:aws:iam:123456789012:role/dev", "aws:iam::123456789012:role/dev", " arn:aws:iam::123456789012:role/dev"} {
		if _, err := ParsePrincipal(bad); err == nil {
			t.Errorf("ParsePrincipal(%q) succeeded", bad)
		}
	}
}

func TestFold(t *testing.T) {
	if Fold("arn:aw\u017f:iam::1:role/Ro\u212aet") != "arn:aws:iam::1:role/roket" {
		t.Error("Fold misses what strings.EqualFold takes for one")
	}
}

// TestParsePrincipal_filledInLater: what another tool fills in does not divide an ARN.
func TestParsePrincipal_filledInLater(t *testing.T) {
	for text, want := range map[string]struct{ account, path, name string }{
		"arn:aws:iam::${AWS::AccountId}:role/team/dev":                    {"${AWS::AccountId}", "team", "dev"},
		"arn:${AWS::Partition}:iam::${AWS::AccountId}:role/dev":           {"${AWS::AccountId}", "", "dev"},
		"arn:aws:iam::{{ x | default('a:b') }}:role/team/dev":             {"{{ x | default('a:b') }}", "team", "dev"},
		"arn:aws:iam::${unclosed:role/team/dev":                           {"${unclosed", "team", "dev"},
		"arn:aws:iam::111122223333:role/a/${x}":                           {"111122223333", "a", "${x}"},
		"arn:aws:iam::{{111122223333:role/a/b":                            {"{{111122223333", "a", "b"},
		"arn:aws:iam::${data.aws_caller_identity.it.account_id}:role/b/c": {"${data.aws_caller_identity.it.account_id}", "b", "c"},
	} {
		p, err := ParsePrincipal(text)
		if err != nil || p.Account != want.account || p.Path != want.path || p.Name != want.name || p.Kind != Role {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
}
