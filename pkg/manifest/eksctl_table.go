package manifest

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

var (
	// eksctlHead is the head of the table of eksctl. Its columns are apart by blanks or tabs.
	eksctlHead  = regexp.MustCompile(`(?m)^ARN[ \t]+USERNAME[ \t]+GROUPS(?:[ \t]+ACCOUNT)?[ \t]*\r?$`)
	eksctlCell  = regexp.MustCompile(`\S+`)
	eksctlARN   = regexp.MustCompile(`^arn:`)
	eksctlOwner = regexp.MustCompile(`^\d+$`)
)

func eksctlTableCarrier() carrier {
	return carrier{name: "eksctl get iamidentitymapping, table", file: (*File).eksctlTable}
}

// eksctlTable reads the table that `eksctl get iamidentitymapping` prints, which people paste, and reports whether it is in the
// file: one mapping a line, up to the first line that is none.
func (f *File) eksctlTable() bool {
	head := eksctlHead.FindStringIndex(f.Text)
	if head == nil || f.origin != written {
		return false
	}
	columns := f.cells(Span{Start: head[0], End: head[1]})
	r := f.reader(chunk{Span: Span{End: len(f.Text)}})
	table := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	r.spans[table] = Span{Start: head[0], End: head[1]}
	m := r.nativeMap(table, "")
	at := lineEnd(f.Text, head[1])
	for at < len(f.Text) {
		end := lineEnd(f.Text, at)
		if !r.eksctlRow(m, columns, f.cells(Span{Start: at, End: end})) {
			break
		}
		at = end
	}
	m.end()
	m.d.refuse("eksctl printed this; change the map itself")
	for _, rest := range []Span{{End: head[0]}, {Start: at, End: len(f.Text)}} {
		if place, speaks := speaksInText(f.Text[rest.Start:rest.End]); speaks {
			place = Span{Start: rest.Start + place.Start, End: rest.Start + place.End}
			f.noteUnread(place, f.Text[place.Start:place.End], f.fileKind())
		}
	}
	return true
}

// cell is a word of a line. column is where it is seen to begin.
type cell struct {
	Span
	text   string
	column int
}

// cells are the words of a line, with tabs as terminals show them.
func (f *File) cells(line Span) (all []cell) {
	const tab = 8
	text, column, at := f.Text[line.Start:line.End], 0, 0
	for _, word := range eksctlCell.FindAllStringIndex(text, -1) {
		for ; at < word[0]; at++ {
			if column++; text[at] == '\t' {
				column = (column + tab - 1) / tab * tab
			}
		}
		span := Span{Start: line.Start + word[0], End: line.Start + word[1]}
		all = append(all, cell{Span: span, text: text[word[0]:word[1]], column: column})
		column, at = column+word[1]-word[0], word[1]
	}
	return all
}

// eksctlRow reads a line of the table, and reports whether it is one.
func (r *reader) eksctlRow(m *nativeMap, columns, row []cell) bool {
	switch {
	case len(row) == 1 && eksctlOwner.MatchString(row[0].text):
		if f := m.item(awsauth.MapAccounts, row[0].Span, row[0].Span); f != nil {
			r.add(f, r.word(row[0].Span))
		}
		return true
	case len(row) == 0 || !eksctlARN.MatchString(row[0].text):
		return false
	}
	entry := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	r.spans[entry] = Span{Start: row[0].Start, End: row[len(row)-1].End}
	put := func(name string, value *yaml.Node) {
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}
		r.spans[key] = r.span(value)
		entry.Content = append(entry.Content, key, value)
	}
	put("arn", r.word(row[0].Span))
	username, groups := row[1:], []cell(nil)
	if n := len(username); n > 1 || n == 1 && columns[2].near(username[0], columns[1]) {
		username, groups = username[:n-1], username[n-1:]
	}
	if len(username) > 0 {
		put(awsauth.FieldUsername, r.word(Span{Start: username[0].Start, End: username[len(username)-1].End}))
	}
	if len(groups) > 0 {
		put(awsauth.FieldGroups, r.words(groups[0]))
	}
	m.byARN(r.span(entry), entry)
	return true
}

// near reports whether a cell stands nearer to this column than to another.
func (c cell) near(of, other cell) bool {
	distance := func(column int) int { return max(of.column-column, column-of.column) }
	return distance(c.column) < distance(other.column)
}

// word is a text of the file as it stands.
func (r *reader) word(at Span) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: r.file.Text[at.Start:at.End]}
	r.spans[n], r.texts[n] = at, &fragments{}
	r.texts[n].add(n.Value, at, whole{base: at.Start})
	return n
}

// words are those of a cell, with commas between them.
func (r *reader) words(c cell) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	r.spans[n] = c.Span
	at := c.Start
	for _, word := range strings.Split(c.text, ",") {
		n.Content = append(n.Content, r.word(Span{Start: at, End: at + len(word)}))
		at += len(word) + 1
	}
	return n
}
