package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

func replayText(out io.Writer, r *replayReport) error {
	var b strings.Builder
	for i := range r.Edits {
		e := &r.Edits[i]
		if e.Verdict == replayAllowed && len(e.LockedOut) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s  %s  %s: %s\n", e.Time.Format(time.RFC3339), userOf(e.edit), toolOf(e.edit), e.Verdict)
		if len(e.LockedOut) > 0 {
			fmt.Fprintf(&b, "  LOCKED OUT: %s\n", text.Visible(text.Some(e.LockedOut, shownLockouts)))
		}
		for _, f := range e.Findings {
			mark := "warned:"
			if f.Refused {
				mark = "refused:"
			}
			fmt.Fprintf(&b, "  %s %s: %s [%s]\n", mark, text.Short(f.Place, maxShown), text.Visible(f.Message), f.Rule)
		}
		for _, repair := range e.Repairs {
			fmt.Fprintf(&b, "  repaired: %s\n", text.Visible(repair))
		}
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WRITER\tTOOL\tEDITS\tREFUSED\tDEPENDS\tREPAIRED\tWARNED\tLOCKED OUT")
	for _, by := range r.Writers {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", by.User, by.Tool, by.Edits, by.Refused, by.Depends, by.Repaired, by.Warned, by.LockedOut)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(r.Edits) == 0 {
		fmt.Fprintf(&b, "\nNo edit of %s could be judged.\n", r.named)
	} else {
		fmt.Fprintf(&b, "\n%s of %s judged by the profile %s.\n", text.Count(len(r.Edits), "edit"), r.named, r.Profile)
	}
	if slices.ContainsFunc(r.Edits, func(e replayed) bool { return e.Verdict == replayDepends }) {
		b.WriteString("Depends: whether the guard would have refused it depends on what is no longer known: nodes, bindings, rights, access entries.\n")
	}
	if r.Unjudged > 0 {
		fmt.Fprintf(&b, "Not judged: %s without the map before or after it in the log.\n", text.Count(int(r.Unjudged), "edit"))
	}
	if r.Failed > 0 {
		fmt.Fprintf(&b, "Not judged: %s that changed nothing then: refused, failed or a dry run.\n", text.Count(int(r.Failed), "request"))
	}
	b.WriteString(lostOf(&r.Counts))
	_, err := io.WriteString(out, b.String())
	return err
}
