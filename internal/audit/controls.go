package audit

import (
	"cmp"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Control is a control of a public catalogue, and what this look at the cluster says of it.
type Control struct {
	Catalogue string `json:"catalogue"`
	ID        string `json:"id"`
	Title     string `json:"title"`
	// Result is "findings", "nothing found" or "not known".
	Result string `json:"result"`
	// Support are the rules that speak of it.
	Support []Support `json:"support"`
}

// Support is what a rule says of a control.
type Support struct {
	Rule   string `json:"rule"`
	Result string `json:"result"`
	// Findings counts them.
	Findings int `json:"findings"`
}

// The results, the gravest first.
const (
	resultFindings = "findings"
	resultUnknown  = "not known"
	resultNothing  = "nothing found"
)

func results() []string { return []string{resultFindings, resultUnknown, resultNothing} }

// controls are those that somebody signs, each with the rules that support it. A control is not known where a part
// of it is not known, unless something was found.
func (e *Evaluation) controls() []Control {
	list := []Control{}
	for _, r := range validate.Rules() {
		for _, c := range r.Controls {
			if !c.SignedOff() || r.AboutEdit && !r.Live {
				continue
			}
			at := slices.IndexFunc(list, func(o Control) bool { return o.Catalogue == c.Catalogue && o.ID == c.ID })
			if at < 0 {
				at = len(list)
				list = append(list, Control{Catalogue: c.Catalogue, ID: c.ID, Title: c.Title, Result: resultNothing})
			}
			s := e.support(r)
			list[at].Support = append(list[at].Support, s)
			if slices.Index(results(), s.Result) < slices.Index(results(), list[at].Result) {
				list[at].Result = s.Result
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Control) int {
		return cmp.Or(cmp.Compare(a.Catalogue, b.Catalogue), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func (e *Evaluation) support(r *validate.Rule) Support {
	s := Support{Rule: r.Name, Result: resultNothing}
	for i := range e.Lint.Findings {
		if e.Lint.Findings[i].Rule == r.Name {
			s.Findings++
		}
	}
	off := e.policy.Action(r.Name) == validate.Off
	switch {
	case s.Findings > 0:
		s.Result = resultFindings
	case r.Matter == "" && !r.Unread && e.Mode() == snapshot.API:
		// There is nothing of it, as nobody reads the map.
	case off, !e.judges(r), r.Matter == "" && e.mapUnread != "":
		s.Result = resultUnknown
	}
	return s
}

func (a *Cluster) signOff() report.Part {
	p := report.Part{
		Title: "controls, to be signed", Sign: true,
		Lead: []string{"What this report says of each control. It supports a signature and is none: a control asks for more than a tool sees."},
	}
	for _, c := range a.Controls {
		item := report.Item{Head: c.Catalogue + " " + c.ID + ": " + c.Title, Badge: c.Result}
		for _, s := range c.Support {
			line := s.Rule + ": " + s.Result
			if s.Findings > 0 {
				line = s.Rule + ": " + text.Count(s.Findings, "finding")
			}
			item.Lines = append(item.Lines, line)
		}
		p.Items = append(p.Items, item)
	}
	return p
}
