package manifest

import "testing"

// TestMayBecome: what other tools fill in can become anything, and the rest of a text only itself.
func TestMayBecome(t *testing.T) {
	const jane = "arn:aws:iam::111122223333:user/jane"
	for name, tt := range map[string]struct {
		written string
		want    bool
	}{
		"the account":       {"arn:aws:iam::${account}:user/jane", true},
		"two parts":         {"arn:${partition}:iam::${account}:user/jane", true},
		"all of it":         {"${user_arn}", true},
		"the end":           {"arn:aws:iam::111122223333:user/${name}", true},
		"a part of the end": {"arn:aws:iam::111122223333:user/j${name}", true},
		"in other letters":  {"arn:aws:iam::${account}:user/Jane", true},
		"another kind":      {"arn:aws:iam::${account}:role/jane", false},
		"another name":      {"arn:aws:iam::${account}:user/joe", false},
		"another account":   {"arn:aws:iam::444455556666:user/${name}", false},
		"nothing of theirs": {jane, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := Read("x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapUsers: |\n    - userarn: "+tt.written+"\n      username: ${other}\n")
			if len(f.Documents) != 1 {
				t.Fatalf("%d documents, %+v", len(f.Documents), f.Notes)
			}
			if got := f.Documents[0].MayBecome(tt.written, jane); got != tt.want {
				t.Errorf("%t, want %t", got, tt.want)
			}
		})
	}
}
