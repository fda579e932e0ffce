package history

import (
	"encoding/json"
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

const (
	// maxChanges bounds in bytes what is kept of the changes: all annotations of an object share 256 KiB.
	maxChanges = 16 << 10
	// maxSummary bounds the summary, in bytes.
	maxSummary = 200
)

// Changes is what a state gave and took against the one before it, the gravest first.
type Changes struct {
	List []access.Change `json:"list"`
	// More counts the changes that are left out because they would take too much room.
	More int `json:"more,omitempty"`
}

// newChanges keeps as many changes as there is room for.
func newChanges(all []access.Change) Changes {
	c := Changes{List: []access.Change{}}
	size := 0
	for i := range all {
		raw, err := json.Marshal(&all[i])
		if size += len(raw) + 1; err != nil || size > maxChanges {
			c.More = len(all) - i
			break
		}
		c.List = append(c.List, all[i])
	}
	return c
}

// Text lists the changes as `kubectl aws-auth diff` does.
func (c Changes) Text() string {
	if c.More == 0 {
		return access.Text(c.List)
	}
	more := fmt.Sprintf("and %d more\n", c.More)
	if len(c.List) == 0 {
		return more
	}
	return access.Text(c.List) + more
}

// summarize says in one line what a state is, or what it did.
func summarize(first bool, before, now *awsauth.Document, c Changes) string {
	n := len(c.List) + c.More
	switch {
	case now == nil:
		return clean("the map is not there" + takes(n))
	case first:
		return clean("the first state that was seen: " + lets(now))
	case before == nil:
		return clean("the map is there again: " + lets(now))
	case n == 0:
		return "no change of access"
	case len(c.List) == 0:
		return text.Count(n, "change")
	case n == 1:
		return clean(c.List[0].String())
	}
	return text.Cut(c.List[0].String(), maxSummary-len(" and 100000 more")) + fmt.Sprintf(" and %d more", n-1)
}

func takes(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ": 1 principal loses its access"
	}
	return fmt.Sprintf(": %d principals lose their access", n)
}

// lets counts whom a map lets in.
func lets(d *awsauth.Document) string {
	rows := access.Table(d)
	nodes, admins := 0, 0
	for i := range rows {
		switch {
		case rows[i].IsNode():
			nodes++
		case rows[i].IsAdmin():
			admins++
		}
	}
	if len(rows) == 0 {
		return nobody
	}
	return fmt.Sprintf("it lets %s in (nodes %d, system:masters %d)", text.Count(len(rows), "principal"), nodes, admins)
}

// clean makes one short line of a text that may come from the map.
func clean(s string) string { return text.Short(s, maxSummary) }
