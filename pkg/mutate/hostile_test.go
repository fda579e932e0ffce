package mutate

import (
	"maps"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/hostile"
)

// hostileSize keeps the texts small enough for a test of seconds and large enough that work which grows with the
// square of the size would run into the time limit of go test.
const hostileSize = 128 << 10

func TestHostileTextsComeToAnEnd(t *testing.T) {
	for name, text := range hostile.Texts(hostileSize) {
		t.Run(name, func(t *testing.T) {
			for _, key := range []string{"mapRoles", "mapUsers", "mapAccounts"} {
				doc := awsauth.Read(map[string]string{key: text})
				r := Repair(doc, check, safe, validate.Options{})
				if r.Changed() && r.Doc.Section(awsauth.Key(key)).Discarded() {
					t.Errorf("the repaired %s is lost", key)
				}
				edited := awsauth.Read(map[string]string{key: text + "\n"})
				Vet(edited, validate.CheckEdit(doc, edited, validate.Options{}), validate.Options{})
				doc.Resolve(awsauth.Caller{ARN: "arn:aws:sts::111122223333:assumed-role/b/x"})
			}
		})
	}
}

func TestHostileEditsComeToAnEnd(t *testing.T) {
	for name, e := range hostile.Edits(hostileSize) {
		t.Run(name, func(t *testing.T) {
			c := &validate.Change{
				Old: awsauth.Read(e.Old), New: awsauth.Read(e.New),
				Requester: &validate.Requester{Username: "x", ARN: "arn:aws:sts::111122223333:assumed-role/b/x"},
				Facts:     validate.Facts{Bindings: bindings(2000)},
			}
			Vet(c.New, validate.CheckChange(c, validate.Options{}), validate.Options{})
			validate.Ask(c, validate.Options{})
		})
	}
}

// bindings are those of a large cluster.
func bindings(n int) *validate.BindingFacts {
	b := &validate.BindingFacts{Users: map[string]string{}, Groups: map[string]string{}}
	for i := range n {
		name := strings.Repeat("u", i%50) + string(rune('A'+i%26))
		b.Users[name], b.Groups[name] = "ClusterRoleBinding x", "ClusterRoleBinding x"
	}
	maps.Copy(b.Groups, map[string]string{"a1": "RoleBinding x/y"})
	return b
}

// TestATextOfNoiseIsNotRepaired: with more items than a real map can have, repairs are left alone and it is said so.
func TestATextOfNoiseIsNotRepaired(t *testing.T) {
	const broken = "- rolearn: " + a + "team/dev\n  username: dev\n"
	for _, tt := range []struct {
		noise    int
		repaired bool
	}{{10, true}, {maxItems, false}} {
		doc := awsauth.Read(map[string]string{"mapRoles": strings.Repeat("- 1\n", tt.noise) + broken})
		if r := Repair(doc, check, safe, validate.Options{}); r.Changed() != tt.repaired {
			t.Errorf("among %d other problems: repaired is %v", tt.noise, r.Changed())
		}
		findings := Vet(doc, check(doc), validate.Options{})
		last := findings[len(findings)-1]
		for _, f := range findings {
			if f.Rule == "role-path" {
				last = f
			}
		}
		if (last.Fix != nil) != tt.repaired || strings.Contains(last.Sentence().Text, tooMany) == tt.repaired {
			t.Errorf("among %d other problems: %+v", tt.noise, last)
		}
	}
}
