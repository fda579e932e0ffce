package report

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Summary says in one line how many maps were read, what was found and what could not be checked: `1 map in 3 files:
// 0 errors, 0 warnings; 1 template not checked`.
func (r *Report) Summary() string {
	var b strings.Builder
	switch {
	case r.MapCount == 0 && r.Audit != nil:
		b.WriteString("no map was read")
	case r.MapCount == 0 && len(r.Findings)+len(r.Ignored) > 0:
		fmt.Fprintf(&b, "no aws-auth could be read in %s", text.Count(r.Files, "file"))
	case r.MapCount == 0:
		fmt.Fprintf(&b, "no aws-auth found in %s", text.Count(r.Files, "file"))
	default:
		fmt.Fprintf(&b, "%s in %s", text.Count(r.MapCount, "map"), text.Count(r.Files, "file"))
	}
	if r.MapCount > 0 || len(r.Findings)+len(r.Ignored) > 0 {
		fmt.Fprintf(&b, ": %s, %s", text.Count(r.Count(validate.Error), "error"), text.Count(r.Count(validate.Warning), "warning"))
	}
	if n := len(r.Ignored); n > 0 {
		fmt.Fprintf(&b, ", %d ignored", n)
	}
	if unchecked := r.unchecked(); unchecked != "" {
		fmt.Fprintf(&b, "; %s not checked", unchecked)
	}
	return b.String()
}

// unchecked counts the notes by what they are about, "" where there are none.
func (r *Report) unchecked() string {
	var parts []string
	for _, what := range []manifest.Unchecked{manifest.Template, manifest.Unread, manifest.Part} {
		n := 0
		for i := range r.Notes {
			if r.Notes[i].What == what {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, text.Count(n, string(what)))
		}
	}
	if last := len(parts) - 1; last > 0 {
		return strings.Join(parts[:last], ", ") + " and " + parts[last]
	}
	return strings.Join(parts, "")
}

// verdict is the summary of a headline.
func (r *Report) verdict() string {
	switch {
	case r.Audit != nil && r.Audit.Unread != "":
		return "the map could not be read"
	case len(r.Findings) > 0:
		return text.Count(r.Count(validate.Error), "error") + ", " + text.Count(r.Count(validate.Warning), "warning")
	case r.MapCount == 0:
		return "no aws-auth map found"
	}
	return "nothing found"
}
