package admission

import (
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// TestOverridesOfWritersWithLimits: whoever writes within limits overrides neither these nor the protection of an entry.
func TestOverridesOfWritersWithLimits(t *testing.T) {
	const (
		kept = "- rolearn: arn:aws:iam::111122223333:role/BreakGlass\n  username: emergency\n"
		own  = "- rolearn: arn:aws:iam::111122223333:role/team-a\n  username: team-a\n"
	)
	p, err := policy.Parse([]byte(`apiVersion: aws-auth-guard.dev/v1alpha1
kind: GuardPolicy
protected: [{arn: "arn:aws:iam::111122223333:role/BreakGlass"}]
writers: [{users: [ci], may: {arns: ["arn:aws:iam::111122223333:role/team-a"], usernames: ["team-a"]}}]
writersOnly: true
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, user, data, override string
		groups                     []string
		refused, says              string
	}{
		{name: "within the limits", user: "ci", data: kept + own},
		{name: "beyond them", user: "ci", data: "", refused: "writer-scope"},
		{name: "beyond them with an override", user: "ci", data: own, override: "writer-scope,protected-entry: because", says: "a writer with limits can't override writer-scope, protected-entry"},
		{name: "no row, and writersOnly", user: "jane", data: kept + own, refused: "writer-scope"},
		{name: "an administrator takes a protected entry", user: "rob", groups: []string{"system:masters"}, data: own, refused: "protected-entry", says: "annotate aws-auth in the same edit"},
		{name: "an administrator with an override", user: "rob", groups: []string{"system:masters"}, data: own, override: "protected-entry: it moves"},
		{name: "EKS", user: "eks:addon-manager", data: own},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &Request{User: authenticationv1.UserInfo{Username: tt.user, Groups: tt.groups}, FieldManager: terraform,
				Old: withData(map[string]string{"mapRoles": kept}), New: withData(map[string]string{"mapRoles": tt.data})}
			if tt.override != "" {
				r.New.Annotations = map[string]string{policy.OverrideAnnotation: tt.override}
			}
			c := r.change()
			c.Requester.Outside = p.Exempt(tt.user)
			d := Validate(p, r, c)
			text := d.Message
			for _, cause := range d.Causes {
				text += "\n" + cause.Message
			}
			if wants := tt.refused != "" || tt.override != "" && tt.says != ""; wants != (d.Result == Refused) || !strings.Contains(text, tt.refused) || !strings.Contains(text, tt.says) {
				t.Errorf("%s, want %q %q: %s", d.Result, tt.refused, tt.says, text)
			}
			if tt.refused == "writer-scope" && strings.Contains(text, "annotate aws-auth in the same edit with aws-auth-guard.dev/override: \"writer-scope") {
				t.Errorf("advises an override that counts for nothing: %s", text)
			}
		})
	}
}
