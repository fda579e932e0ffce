package accessentry

import (
	"fmt"
	"io"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Text writes the plan for people.
func (p *Plan) Text(w io.Writer) error {
	var b strings.Builder
	for i := range p.Items {
		it := &p.Items[i]
		b.WriteString(it.explanation())
		if it.Entry != nil {
			label := "access entry"
			if it.Status != Ready {
				label = "proposal"
			}
			fmt.Fprintf(&b, "  %s: %s\n", label, it.Entry)
		}
	}
	if len(p.Items) > 0 {
		b.WriteString("\n")
	}
	b.WriteString(p.Summary() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// String describes the access entry in one line.
func (e *Entry) String() string {
	s := string(e.Type) + " " + text.Name(e.PrincipalARN)
	if e.Lookup != "" {
		s += " with its path"
	}
	if e.Username != "" {
		s += ", username " + text.Name(e.Username)
	}
	if len(e.Groups) > 0 {
		words := []string{", groups"}
		for _, g := range e.Groups {
			words = append(words, text.Name(g))
		}
		s += strings.Join(words, " ")
	}
	if e.Policy != "" {
		s += ", policy " + e.Policy[strings.LastIndex(e.Policy, "/")+1:]
	}
	return s
}

type jsonPlan struct {
	Cluster  string         `json:"cluster"`
	Region   string         `json:"region"`
	Summary  map[Status]int `json:"summary"`
	Mappings []jsonItem     `json:"mappings"`
}

// jsonItem has the access entry under accessEntry where it is ready, else under proposal.
type jsonItem struct {
	Section  awsauth.Key `json:"section"`
	Entry    *int        `json:"entry"`
	File     string      `json:"file"`
	Line     int         `json:"line"`
	Column   int         `json:"column"`
	ARN      string      `json:"arn"`
	Username string      `json:"username"`
	Groups   []string    `json:"groups"`
	Status   Status      `json:"status"`
	Ready    *Entry      `json:"accessEntry"`
	Proposal *Entry      `json:"proposal"`
	Notes    []string    `json:"notes"`
	Todo     []string    `json:"todo"`
}

// JSON writes the plan for programs.
func (p *Plan) JSON(w io.Writer) error {
	out := jsonPlan{Cluster: p.Cluster, Region: p.Region, Mappings: []jsonItem{}, Summary: map[Status]int{}}
	for _, s := range []Status{Ready, Attention, Covered} {
		out.Summary[s] = p.Count(s)
	}
	for i := range p.Items {
		it := &p.Items[i]
		item := jsonItem{
			Section: it.Section, File: it.File, Line: it.Line, Column: it.Column, ARN: it.ARN, Username: it.Username,
			Groups: append([]string{}, it.Groups...), Status: it.Status, Notes: append([]string{}, it.Notes...), Todo: append([]string{}, it.Todo...),
		}
		if it.Index >= 0 {
			item.Entry = &it.Index
		}
		if it.Status == Ready {
			item.Ready = it.Entry
		} else {
			item.Proposal = it.Entry
		}
		out.Mappings = append(out.Mappings, item)
	}
	return text.WriteJSON(w, out)
}
