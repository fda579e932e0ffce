package awsauth

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

const (
	renderedRole = "arn:aws:iam::111122223333:role/dev"
	renderedUser = "arn:aws:iam::111122223333:user/bob"
	renderedFed  = "arn:aws:sts::111122223333:federated-user/fed"
)

func TestRender(t *testing.T) {
	for name, tt := range map[string]struct {
		arn, text           string
		want, prefix, chose string
		denied, differs     bool
	}{
		"plain":                            {arn: renderedRole, text: "dev", want: "dev", prefix: "dev"},
		"the account":                      {arn: renderedRole, text: "arn:aws:iam::{{AccountID}}:user/alice", want: "arn:aws:iam::111122223333:user/alice", prefix: "arn:aws:iam::111122223333:user/alice"},
		"a session of a role":              {arn: renderedRole, text: "j{{SessionNameRaw}}", want: "j{{SessionNameRaw}}", prefix: "j", chose: "{{SessionNameRaw}}", differs: true},
		"account and session":              {arn: renderedRole, text: "{{AccountID}}:{{SessionName}}@corp", want: "111122223333:{{SessionName}}@corp", prefix: "111122223333:", chose: "{{SessionName}}", differs: true},
		"a session of a user":              {arn: renderedUser, text: "system{{SessionName}}:masters", want: "system:masters", prefix: "system:masters"},
		"joined to another template":       {arn: renderedUser, text: "{{Access{{SessionName}}KeyID}}", want: "{{AccessKeyID}}", chose: "{{AccessKeyID}}", differs: true},
		"joined too late":                  {arn: renderedUser, text: "{{Account{{SessionName}}ID}}", want: "{{AccountID}}", prefix: "{{AccountID}}"},
		"an instance":                      {arn: renderedRole, text: "system:node:{{EC2PrivateDNSName}}", want: "system:node:{{EC2PrivateDNSName}}", prefix: "system:node:", differs: true},
		"an instance of a user":            {arn: renderedUser, text: "system:node:{{EC2PrivateDNSName}}", denied: true},
		"what is no template":              {arn: renderedRole, text: "a:{{Foo}}", want: "a:{{Foo}}", prefix: "a:{{Foo}}"},
		"a byte that no text has":          {arn: renderedRole, text: "\xff{{SessionName}}", want: "\uFFFD{{SessionName}}", prefix: "\uFFFD", chose: "{{SessionName}}", differs: true},
		"a session of a federated user":    {arn: renderedFed, text: "system{{SessionName}}:{{SessionNameRaw}}masters", want: "system:masters", prefix: "system:masters"},
		"an instance of a federated user":  {arn: renderedFed, text: "{{EC2PrivateDNSName}}", denied: true},
		"the instance before the session":  {arn: renderedRole, text: "{{EC2PrivateDNSName}}{{SessionName}}", want: "{{EC2PrivateDNSName}}{{SessionName}}", chose: "{{SessionName}}", differs: true},
		"one template again, and the same": {arn: renderedRole, text: "{{AccountID}}-{{AccountID}}", want: "111122223333-111122223333", prefix: "111122223333-111122223333"},
	} {
		t.Run(name, func(t *testing.T) {
			r, ok := Render(tt.text, principal(t, tt.arn))
			if ok == tt.denied {
				t.Fatalf("denied is %v", !ok)
			}
			if !ok {
				return
			}
			if r.String() != tt.want || r.Prefix() != tt.prefix || r.Chosen() != tt.chose || r.Same() == tt.differs {
				t.Errorf("%q, prefix %q, chosen %q, same %v", r, r.Prefix(), r.Chosen(), r.Same())
			}
		})
	}
}

func TestWhatARenderingCanBe(t *testing.T) {
	for name, tt := range map[string]struct {
		text, other string
		be, begin   bool
	}{
		"the same":                 {"dev", "dev", true, true},
		"longer":                   {"dev", "devs", false, false},
		"its beginning":            {"dev", "de", false, true},
		"nothing":                  {"dev", "", false, true},
		"a prefix and a session":   {"j{{SessionNameRaw}}", "john@corp", true, true},
		"no @ in a session":        {"j{{SessionName}}", "john@corp", false, false},
		"no colon in a session":    {"s{{SessionNameRaw}}", "system:masters", false, false},
		"a colon after it":         {"{{SessionName}}:masters", "system:masters", true, true},
		"a beginning with a colon": {"s{{SessionName}}:admin", "system:", false, true},
		"a session is not empty":   {"system{{SessionName}}:", "system:", false, false},
		"two sessions":             {"{{SessionName}}:{{SessionName}}", "system:masters", true, true},
		"only the beginning":       {"dev:{{SessionName}}", "dev:", false, true},
		"another suffix":           {"{{SessionName}}@corp", "alice@home", false, false},
		"an instance":              {"{{EC2PrivateDNSName}}", "ip-10-0-0-7.ec2.internal", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := Render(tt.text, principal(t, renderedRole))
			if r.CanBe(tt.other) != tt.be || r.CanBegin(tt.other) != tt.begin {
				t.Errorf("can be %q: %v, can begin so: %v", tt.other, r.CanBe(tt.other), r.CanBegin(tt.other))
			}
		})
	}
}

// TestRenderAsResolve holds Render against the rendering of one caller: what a caller gets is what the rendering can be, for
// texts that are put together of templates, halves of templates and letters.
func TestRenderAsResolve(t *testing.T) {
	pieces := append(Templates(), "{{", "}}", "Session", "Name", "Raw", "Account", "ID", "a", ":", "{{Foo}}", "system")
	sessions := []string{"i-0123456789abcdef0", "masters", "a@b.c", "x=1,y"}
	for seed := range uint64(20_000) {
		random := rand.New(rand.NewPCG(seed, 13))
		var b strings.Builder
		for range 1 + random.IntN(5) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		text, written, caller := b.String(), renderedUser, Caller{ARN: renderedUser, AccessKeyID: "AKIAEXAMPLE"}
		if random.IntN(3) == 0 {
			written, caller.ARN = renderedFed, renderedFed
		}
		if random.IntN(2) == 0 {
			session := sessions[random.IntN(len(sessions))]
			written, caller = renderedRole, Caller{ARN: renderedRole, SessionName: session, AccessKeyID: "ASIAEXAMPLE"}
			caller.PrivateDNSName = func(string) (string, error) { return "ip-1.ec2.internal", nil }
		}
		r, ok := Render(text, principal(t, written))
		got, err := caller.renderTemplate(text, "111122223333")
		switch {
		case err == nil && !ok:
			t.Fatalf("%q for %s: %q, but Render says that all are denied", text, written, got)
		case err == nil && !strings.Contains(text, "{{{{") && !r.CanBe(got):
			t.Fatalf("%q for %s and session %q: %q, which %q can't be", text, written, caller.SessionName, got, r)
		case err == nil && r.Same() && r.String() != got:
			t.Fatalf("%q for %s: %q, not %q", text, written, got, r)
		case err != nil && ok && written != renderedRole:
			t.Fatalf("%q for %s: %v, but Render gives %q", text, written, err, r)
		}
	}
}

func principal(t *testing.T, text string) *arn.Principal {
	t.Helper()
	p, err := arn.ParsePrincipal(text)
	if err != nil {
		t.Fatal(err)
	}
	return &p
}
