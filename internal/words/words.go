// Package words writes names into texts for people.
package words

import (
	"fmt"
	"strings"
)

// Quoted writes a name so that blanks, controls and nothing at all can be seen; a plain name stays as it is.
func Quoted(s string) string {
	if q := fmt.Sprintf("%+q", s); s == "" || q != `"`+s+`"` || strings.ContainsAny(s, " ,") {
		return q
	}
	return s
}

// List lists names, "none" where there are none.
func List(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	quoted := make([]string, 0, len(names))
	for _, n := range names {
		quoted = append(quoted, Quoted(n))
	}
	return strings.Join(quoted, ", ")
}
