package doctor

import "fmt"

// State is the result of a step.
type State string

// The states. What is not known is never fine.
const (
	OK      State = "ok"
	Wrong   State = "wrong"
	Unknown State = "unknown"
)

// Cause is something that keeps a caller out.
type Cause struct {
	// Name is stable: docs/unauthorized.md explains it.
	Name string `json:"cause"`
	// Certain is unset for what may be the cause and can't be known.
	Certain bool `json:"certain"`
	// What is wrong.
	What string `json:"what"`
	// Do is what to do about it, one thing or one command each.
	Do []string `json:"do"`
}

// Step is one step of the way. Its JSON keys are always there.
type Step struct {
	Name  string `json:"step"`
	State State  `json:"state"`
	// Seen is what was found, one fact each.
	Seen   []string `json:"seen"`
	Causes []Cause  `json:"causes"`
}

func newStep(name string) *Step {
	return &Step{Name: name, State: OK, Seen: []string{}, Causes: []Cause{}}
}

func (s *Step) saw(format string, args ...any) { s.Seen = append(s.Seen, fmt.Sprintf(format, args...)) }

// unknown says what is not known.
func (s *Step) unknown(format string, args ...any) {
	s.saw("not known: "+format, args...)
	if s.State == OK {
		s.State = Unknown
	}
}

// wrong adds a cause that is certain.
func (s *Step) wrong(name, what string, do ...string) {
	s.State = Wrong
	s.Causes = append(s.Causes, Cause{name, true, what, append([]string{}, do...)})
}

// maybe adds a cause that can't be known for certain; by itself it makes nothing wrong.
func (s *Step) maybe(name, what string, do ...string) {
	s.Causes = append(s.Causes, Cause{name, false, what, append([]string{}, do...)})
}

// certain is the first certain cause, nil where there is none.
func (s *Step) certain() *Cause {
	for i := range s.Causes {
		if s.Causes[i].Certain {
			return &s.Causes[i]
		}
	}
	return nil
}

// Report is the way as far as it went. Its JSON keys are always there.
type Report struct {
	// State is wrong where a cause was found, unknown where something on the way is not known.
	State State `json:"state"`
	// Cause is the name of the first certain cause, null where none was found.
	Cause *string `json:"cause"`
	// Caller is the ARN that EKS gets to see, empty where it is not known.
	Caller string  `json:"caller"`
	Steps  []*Step `json:"steps"`
}

// judge takes all steps together. Where the server lets the caller in, what is not known keeps nobody out.
func (r *Report) judge(in bool) {
	r.State = OK
	for _, s := range r.Steps {
		if c := s.certain(); c != nil && r.Cause == nil {
			r.Cause, r.State = &c.Name, Wrong
		}
		if s.State != OK && r.State == OK && !in {
			r.State = Unknown
		}
	}
}
