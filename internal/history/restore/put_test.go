package restore

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestRefusalOf(t *testing.T) {
	cause := func(rule, message string) metav1.StatusCause {
		return metav1.StatusCause{Type: metav1.CauseType(rule), Message: message}
	}
	answer := func(causes ...metav1.StatusCause) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{
			Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid, Details: &metav1.StatusDetails{Causes: causes},
		}}
	}
	for name, tt := range map[string]struct {
		err    error
		rules  []string
		causes int
	}{
		"each rule once":                   {answer(cause("role-path", "a"), cause("map-deleted", "b"), cause("role-path", "c")), []string{"role-path", "map-deleted"}, 3},
		"the rest that is not listed":      {answer(cause("role-path", "a"), cause("FieldValueInvalid", "+3 more")), []string{"role-path"}, 2},
		"a refusal of the API server":      {answer(cause("FieldValueInvalid", "field is immutable")), nil, 0},
		"a text that ends as if in a rule": {answer(cause("FieldValueInvalid", "x [role-path]")), nil, 0},
		"another error":                    {errors.New("[role-path]"), nil, 0},
		"none":                             {nil, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := RefusalOf(tt.err)
			if got == nil {
				got = &Refusal{}
			}
			if !slices.Equal(got.Rules, tt.rules) || len(got.Causes) != tt.causes {
				t.Errorf("got %+v, want the rules %v and %d causes", got, tt.rules, tt.causes)
			}
		})
	}
}
