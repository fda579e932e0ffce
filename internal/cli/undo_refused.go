package cli

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/aws-auth-guard/aws-auth-guard/internal/emergency"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history/restore"
)

// notPut says why a revision was not written, and what to do.
func (f *undoFlags) notPut(err error, number int64) error {
	refusal := restore.RefusalOf(err)
	switch {
	case refusal != nil:
		return &exitError{exitFindings, f.refused(refusal, number)}
	case restore.Changed(err):
		return &exitError{exitFindings, fmt.Errorf("somebody has changed the map meanwhile, so nothing was written: look at `kubectl aws-auth history%s`, and run undo again", f.again())}
	case apierrors.IsInvalid(err) && strings.Contains(err.Error(), "field is immutable"):
		return unreadable(fmt.Errorf("nothing was written: the map is immutable, so nobody can change it. "+
			"Delete it as %s#change-an-immutable-map says, and run undo again, which makes it again", emergency.Page))
	case guardIsDown(err):
		return unreadable(fmt.Errorf(`nothing was written: the cluster must ask the guard about every edit of the map, and the guard does not answer.
%w
Stand the guard down, run undo again, then stand it up again as %s says:
  %s%s`, err, emergency.Page, emergency.StandDown, f.cluster.again()))
	case apierrors.IsForbidden(err):
		return unreadable(fmt.Errorf("nothing was written: you may not write the map, or a policy of the cluster forbids this: %w", err))
	}
	return unreadable(fmt.Errorf("nothing was written: %w", err))
}

// refused says what the guard has against it.
func (f *undoFlags) refused(r *restore.Refusal, number int64) error {
	var b strings.Builder
	b.WriteString("nothing was written: the guard refuses it.")
	for _, cause := range r.Causes {
		b.WriteString("\n- " + strings.ReplaceAll(cause, "\n", "\n  "))
	}
	fmt.Fprintf(&b, "\nIf you mean it all the same, say why, on record:\n  kubectl aws-auth undo --to %d --override %q%s", number, strings.Join(r.Rules, ",")+": REASON", f.again())
	return errors.New(b.String())
}

// guardIsDown reports that the API server could not ask the guard, and refuses the write for that (failurePolicy Fail).
func guardIsDown(err error) bool {
	return apierrors.IsInternalError(err) && strings.Contains(err.Error(), "failed calling webhook") && strings.Contains(err.Error(), ".aws-auth-guard.dev")
}
