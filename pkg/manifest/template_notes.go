package manifest

import "strings"

// inComment reports whether the line of an offset is a comment of its own: that keeps nothing from being read.
func inComment(text string, at int) bool {
	start := strings.LastIndexAny(text[:at], "\r\n") + 1
	return strings.HasPrefix(strings.TrimLeft(text[start:at], " \t"), "#")
}

// comments tells of offsets that go up which are in comments, and looks at each byte once.
type comments struct {
	text string
	// from is where the line begins that was looked at last.
	from, at int
}

func (c *comments) holds(at int) bool {
	if i := strings.LastIndexAny(c.text[c.at:at], "\r\n"); i >= 0 {
		c.from = c.at + i + 1
	}
	c.at = at
	line := c.text[c.from:at]
	for i := range len(line) {
		if line[i] != ' ' && line[i] != '\t' {
			return line[i] == '#'
		}
	}
	return false
}

// byYtt is where ytt computes a value, if it does.
func (r *reader) byYtt(f field) (Span, bool) {
	end := r.span(f.key).End
	m := yttValue.FindStringSubmatchIndex(r.file.Text[end:])
	if m == nil || r.origin != written {
		return Span{}, false
	}
	return Span{Start: end + m[2], End: end + m[3]}, true
}

// noteComputed notes a value that ytt computes.
func (r *reader) noteComputed(f field) {
	if at, ok := r.byYtt(f); ok {
		r.file.note(at, Part, "%s is filled in by ytt, so not checked; render it and check again (`ytt -f FOLDER | kubectl aws-auth lint -`)", f.name)
	}
}

// isLiteral reports whether what looks like a token is text for the tool that reads it: $${x} for Flux and Terraform, %%{x} for
// Terraform, $$(x) for kustomize; in source of Terraform and in stacks also what comes of such an escape.
func (r *reader) isLiteral(d *Document, key string, at Span) bool {
	value := d.Data[key]
	opens := value[at.Start:min(at.Start+2, at.End)]
	if opens != "${" && opens != "%{" && opens != "$(" {
		return false
	}
	if r.origin == written {
		marks := value[:at.Start]
		marks = marks[len(strings.TrimRight(marks, opens[:1])):]
		return len(marks) == 1
	}
	if pieces, ok := d.values[key].(*fragments); ok && pieces.isLiteral(at.Start) {
		return true
	}
	return r.file.pieces != nil && r.file.pieces.isLiteral(d.Span(key, at).Start)
}
