package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestDoctorsSchema holds what the doctor prints against docs/schema/doctor.json, with a cause and without one.
func TestDoctorsSchema(t *testing.T) {
	schema := schemaOf(t, "doctor.json")
	valid := func(out string) error {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(doc)
	}
	kubeconfig, err := filepath.Abs(filepath.Join("testdata", "unauthorized.kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	for state, args := range map[string]string{"unknown": "", "wrong": " --context nowhere"} {
		out := output(t, "doctor arn:aws:iam::111122223333:role/dev --offline -o json --kubeconfig "+kubeconfig+args)
		_, answer, _ := strings.Cut(out, "{")
		answer = "{" + answer
		if err := valid(answer); err != nil {
			t.Errorf("%v\n%s", err, answer)
		}
		if !strings.Contains(answer, `"state": "`+state+`"`) {
			t.Errorf("the state is not %s:\n%s", state, answer)
		}
		if err := valid(strings.Replace(answer, `"steps"`, `"step"`, 1)); err == nil {
			t.Error("the schema takes anything")
		}
	}
}
