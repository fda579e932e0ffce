package doctor

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Page explains the causes.
const Page = "https://github.com/aws-auth-guard/aws-auth-guard/blob/main/docs/unauthorized.md"

// Text is the report for people.
func (r *Report) Text() string {
	var b strings.Builder
	for i, s := range r.Steps {
		fmt.Fprintf(&b, "%d. %s: %s\n", i+1, s.Name, s.State)
		for _, seen := range s.Seen {
			fmt.Fprintf(&b, "   %s\n", text.Visible(seen))
		}
		for _, c := range s.Causes {
			label := "wrong"
			if !c.Certain {
				label = "maybe"
			}
			fmt.Fprintf(&b, "   %s: %s [%s]\n", label, text.Visible(c.What), c.Name)
			for _, do := range c.Do {
				for line := range strings.SplitSeq(do, "\n") {
					fmt.Fprintf(&b, "     %s\n", text.Visible(line))
				}
			}
		}
	}
	b.WriteByte('\n')
	switch {
	case r.Cause != nil:
		fmt.Fprintf(&b, "The cause: %s. More about it: %s\n", *r.Cause, Page)
	case r.State == OK:
		b.WriteString("No cause: the cluster lets you in.\n")
	default:
		b.WriteString("No certain cause is found: see what is not known, and what may be, above. More about it: " + Page + "\n")
	}
	return b.String()
}
