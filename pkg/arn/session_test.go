package arn

import "testing"

// TestSessionOf: who turns the ARN of a session into that of a role leaves the session's name at its end.
func TestSessionOf(t *testing.T) {
	const account = "arn:aws:iam::111122223333:"
	for _, tt := range []struct {
		in, role string
		sure     bool
	}{
		{in: "role/dev/pat@example.com", role: "role/dev", sure: true},
		{in: "role/AWSReservedSSO_Ops_0123456789abcdef/pat@example.com", role: "role/AWSReservedSSO_Ops_0123456789abcdef", sure: true},
		{in: "role/awsreservedsso_ops_0123456789abcdef/pat", role: "role/awsreservedsso_ops_0123456789abcdef", sure: true},
		{in: "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0123456789abcdef/pat", role: "role/AWSReservedSSO_Ops_0123456789abcdef", sure: true},
		{in: "role/AWSReservedSSO_Ops_0123456789abcdef/a/b", role: "role/AWSReservedSSO_Ops_0123456789abcdef", sure: true},
		{in: "role/nodes/i-0123456789abcdef0", role: "role/nodes", sure: true},
		{in: "role/nodes/I-0123ABCD", role: "role/nodes", sure: true},
		{in: "role/team/nodes/i-0123abcd", role: "role/nodes", sure: true},
		{in: "role/hybrid/mi-0123456789abcdef0", role: "role/hybrid", sure: true},
		{in: "role/ci/botocore-session-1700000000", role: "role/ci", sure: true},
		{in: "role/ci/aws-go-sdk-1700000000000000000", role: "role/ci", sure: true},
		{in: "role/ci/aws-sdk-js-session-1700000000", role: "role/ci", sure: true},
		{in: "role/ci/AWSCLI-Session", role: "role/ci", sure: true},
		{in: "role/ci/AWSCodeBuild-01234567-89ab-cdef-0123-456789abcdef", role: "role/ci", sure: true},
		{in: "role/ci/1700000000000000000", role: "role/ci"},
		{in: "role/task/0123456789abcdef0123456789abcdef", role: "role/task"},
		{in: "role/pods/eks-prod-api-01234567-89ab-cdef-0123-456789abcdef", role: "role/pods"},
		{in: "role/i-0123456789abcdef0"},
		{in: "role/pat@example.com"},
		{in: "role/team/dev"},
		{in: "role/team/i-am-the-one"},
		{in: "role/team/i-0123456789"},
		{in: "role/team/aws-cli"},
		{in: "role/team/dev-2024"},
		{in: "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Ops_0123456789abcdef"},
		{in: "user/team/pat@example.com"},
	} {
		p, err := ParsePrincipal(account + tt.in)
		if err != nil {
			t.Fatal(err)
		}
		want := tt.role
		if want != "" {
			want = account + want
		}
		if role, sure := p.SessionOf(); role != want || sure != tt.sure {
			t.Errorf("%s: got %q, %v; want %q, %v", tt.in, role, sure, want, tt.sure)
		}
	}
}
