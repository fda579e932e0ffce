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
	if restore.Changed(err) {
		return &exitError{exitFindings, fmt.Errorf("somebody has changed the map meanwhile, so nothing was written: look at `kubectl aws-auth history%s`, and run undo again", f.again())}
	}
	w := writing{name: "undo", command: fmt.Sprintf("undo --to %d", number), again: f.again(), cluster: f.cluster.again()}
	return w.failed(err)
}

// writing is a command that has tried to write the live map.
type writing struct {
	// name of the command, and all of it without the flags in again, which choose the cluster.
	name, command, again string
	// cluster are the flags that choose the cluster for other commands.
	cluster string
}

// failed says why the map was not written, and what to do.
func (w *writing) failed(err error) error {
	refusal := restore.RefusalOf(err)
	switch {
	case refusal != nil:
		return &exitError{exitFindings, w.refused(refusal)}
	case apierrors.IsInvalid(err) && strings.Contains(err.Error(), "field is immutable"):
		return unreadable(fmt.Errorf("nothing was written: the map is immutable, so nobody can change it. "+
			"Delete it as %s#change-an-immutable-map says, and run %s again, which makes it again", emergency.Page, w.name))
	case guardIsDown(err):
		return unreadable(fmt.Errorf(`nothing was written: the cluster must ask the guard about every edit of the map, and the guard does not answer.
%w
Stand the guard down, run %s again, then stand it up again as %s says:
  %s%s`, err, w.name, emergency.Page, emergency.StandDown, w.cluster))
	case apierrors.IsForbidden(err):
		return unreadable(fmt.Errorf("nothing was written: you may not write the map, or a policy of the cluster forbids this: %w", err))
	}
	return unreadable(fmt.Errorf("nothing was written: %w", err))
}

// refused says what the guard has against it.
func (w *writing) refused(r *restore.Refusal) error {
	var b strings.Builder
	b.WriteString("nothing was written: the guard refuses it.")
	for _, cause := range r.Causes {
		b.WriteString("\n- " + strings.ReplaceAll(cause, "\n", "\n  "))
	}
	fmt.Fprintf(&b, "\nIf you mean it all the same, say why, on record:\n  kubectl aws-auth %s --override %q%s", w.command, strings.Join(r.Rules, ",")+": REASON", w.again)
	return errors.New(b.String())
}

// guardIsDown reports that the API server could not ask the guard, and refuses the write for that (failurePolicy Fail).
func guardIsDown(err error) bool {
	return apierrors.IsInternalError(err) && strings.Contains(err.Error(), "failed calling webhook") && strings.Contains(err.Error(), ".aws-auth-guard.dev")
}
