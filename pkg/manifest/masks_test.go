package manifest

import (
	"fmt"
	"strings"
	"testing"
)

// TestTokens_many: the work for what is filled in grows with the text alone. Where each token is looked for in each text, this
// many keep a machine busy for minutes.
func TestTokens_many(t *testing.T) {
	const many = 30_000
	for name, entry := range map[string]string{
		"lines":    "- {rolearn: \"arn:aws:iam::111122223333:role/${placeholder_%d}\"}\n",
		"one line": "{rolearn: \"arn:aws:iam::111122223333:role/${placeholder_%d}\"}, ",
	} {
		t.Run(name, func(t *testing.T) {
			var list strings.Builder
			for i := range many {
				fmt.Fprintf(&list, entry, i)
			}
			value := list.String()
			if name == "one line" {
				value = "[" + value + "]\n"
			}
			indented := "    " + strings.ReplaceAll(strings.TrimSuffix(value, "\n"), "\n", "\n    ") + "\n"
			d := Read("aws-auth.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n"+indented).Documents[0]
			readable := d.Readable()["mapRoles"]
			if len(d.tokens) != many || strings.Contains(readable, "$") || len(readable) != len(value) {
				t.Fatalf("%d tokens", len(d.tokens))
			}
			for i, token := range d.tokens {
				arn := "arn:aws:iam::111122223333:role/" + token.mask
				if want := fmt.Sprintf("role/${placeholder_%d}", i); !strings.HasSuffix(d.Unmasked(arn), want) || !d.Unrendered(arn) || d.IsToken(arn) || !d.IsToken(token.mask) {
					t.Fatalf("%q, want %s", d.Unmasked(arn), want)
				}
				if got := d.Unmasked(arn[:len(arn)-6] + "…"); !strings.HasPrefix(got, "arn:aws:iam::111122223333:role/${plac") {
					t.Fatalf("%q of a part", got)
				}
				if !d.MayBecome(arn, "arn:aws:iam::111122223333:role/x") || d.Fixed(arn) != "arn:aws:iam::111122223333:role/" {
					t.Fatalf("fixed is %q", d.Fixed(arn))
				}
			}
			if d.Unrendered("arn:aws:iam::111122223333:role/x") {
				t.Error("what is written counts as filled in")
			}
		})
	}
}
