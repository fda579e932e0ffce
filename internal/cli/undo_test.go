package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/aws-auth-guard/aws-auth-guard/internal/emergency"
)

// TestWhatUndoPrintsGoesToTheSameCluster: a command that somebody copies in an emergency must not go to the cluster that the
// kubeconfig names by default.
func TestWhatUndoPrintsGoesToTheSameCluster(t *testing.T) {
	down := apierrors.NewInternalError(errors.New(`failed calling webhook "validate.aws-auth-guard.dev": no endpoints`))
	refused := apierrors.NewInvalid(schema.GroupKind{Kind: "ConfigMap"}, "aws-auth", nil)
	refused.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: "map-deleted", Message: "the map would be empty [map-deleted]"}}
	changed := apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, "aws-auth", errors.New("newer"))
	for name, tt := range map[string]struct {
		args string
		err  error
		want string
	}{
		"by default":                {"", down, emergency.StandDown + "\n"},
		"a context":                 {"--context=blue", down, emergency.StandDown + " --context=blue\n"},
		"a file and a context":      {"--context blue --kubeconfig it's.yaml", down, emergency.StandDown + ` --kubeconfig='it'\''s.yaml' --context=blue` + "\n"},
		"somebody else":             {"--as=me --as-group=a --as-group=$b", down, emergency.StandDown + " --as=me --as-group=a --as-group='$b'\n"},
		"the guard's namespace":     {"-n guard", down, emergency.StandDown + "\n"},
		"a secret":                  {"--token=abc123", down, emergency.StandDown + " --token=…\n"},
		"a refusal":                 {"-n guard --context blue", refused, `undo --to 7 --override "map-deleted: REASON" --namespace=guard --context=blue` + "\n"},
		"a refusal, by default":     {"", refused, `undo --to 7 --override "map-deleted: REASON"` + "\n"},
		"changed by somebody else":  {"--context blue", changed, "kubectl aws-auth history --context=blue`"},
		"changed, by default":       {"", changed, "kubectl aws-auth history`"},
		"a name that breaks a line": {"--context=a\nb", down, emergency.StandDown + ` --context='a`},
	} {
		t.Run(name, func(t *testing.T) {
			flags := undoFlags{historyFlags: historyFlags{cluster: newClusterFlags()}}
			c := &cobra.Command{}
			flags.register(c)
			if err := c.ParseFlags(strings.Split(tt.args, " ")); err != nil {
				t.Fatal(err)
			}
			if got := flags.notPut(tt.err, 7).Error() + "\n"; !strings.Contains(got, tt.want) || strings.Contains(got, "abc123") {
				t.Errorf("%s\nlacks %q", got, tt.want)
			}
		})
	}
}
