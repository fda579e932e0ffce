package awsauth

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// isPlain reports that the text is written as nearly all maps are: a block list with one field or group a line, or JSON;
// each known field at most once in an entry; and nothing that could hide: no aliases, tags, other flow style, block
// scalars, second documents. Of such a text the reading tells all there is, so it need not be parsed a second time to look
// for what the authenticator ignores. This only saves time: false says nothing.
func (s *Section) isPlain() bool {
	if s.plain == nil {
		ok := s.Key != MapAccounts && s.Err == nil && s.Shape == List && s.TypeErr == nil && s.checkPlain()
		s.plain = &ok
	}
	return *s.plain
}

// DoubtfulEntries are the items of mapRoles and mapUsers, kept or not, whose text may say more than was read of them:
// fields that nobody reads, that are given twice or that have a value of a wrong type. All that the others say was read.
func (d *Document) DoubtfulEntries() []*Entry {
	var entries []*Entry
	for _, s := range []*Section{d.Roles, d.Users} {
		if !s.isPlain() {
			entries = append(entries, s.Entries...)
		}
	}
	return entries
}

func (s *Section) checkPlain() bool {
	c := &plainCounter{arnField: FieldRoleARN, first: -1}
	if s.Key == MapUsers {
		c.arnField = FieldUserARN
	}
	read := c.block
	if strings.HasPrefix(s.Text, "[") {
		read = c.json
	}
	if !read(s.Text) || c.entries != len(s.Entries) {
		return false
	}
	groups := 0
	for _, e := range s.Entries {
		if !e.Valid || e.SSO != nil || e.Username == "" {
			return false
		}
		if slices.Contains(e.Groups, "") {
			return false
		}
		groups += len(e.Groups)
	}
	if groups != c.items {
		return false
	}
	if len(c.starts) > 0 {
		s.parts = &parts{file: yamlpos.Unparsed(s.Text), starts: c.starts, items: map[int]*yaml.Node{}}
	}
	return true
}

// plainCounter counts the entries and groups of a plain text line by line.
type plainCounter struct {
	arnField string
	first    int // column of the dash of the first entry
	keys     int // column of the keys of this entry
	entries  int
	starts   []int // where the line of each entry of a block list begins
	items    int
	seen     [4]bool // arn, username, groups, userid
	inGroups bool
}

// block takes a text in block style.
func (c *plainCounter) block(text string) bool {
	for at := 0; at < len(text); {
		line, _, _ := strings.Cut(text[at:], "\n")
		entries := c.entries
		if !c.line(line) {
			return false
		}
		if c.entries > entries {
			c.starts = append(c.starts, at)
		}
		at += len(line) + 1
	}
	return true
}

// json takes a text that is JSON without escapes, as CDK and CloudFormation write it: a list of objects whose
// fields are strings or lists of strings.
func (c *plainCounter) json(text string) bool {
	if !json.Valid([]byte(text)) || strings.IndexByte(text, '\\') >= 0 {
		return false
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[':
			if depth++; depth == 3 && !c.inGroups || depth == 2 || depth > 3 {
				return false
			}
		case '{':
			if depth++; depth != 2 {
				return false
			}
			c.entries++
			c.seen = [4]bool{}
		case ']', '}':
			depth--
		case '"':
			end := i + 1 + strings.IndexByte(text[i+1:], '"')
			switch rest := strings.TrimLeft(text[end+1:], " \t\r\n"); {
			case depth == 3:
				c.items++
			case depth == 2 && strings.HasPrefix(rest, ":"):
				if !c.key(text[i+1 : end]) {
					return false
				}
			}
			i = end
		}
	}
	return true
}

func (c *plainCounter) line(l string) bool {
	column := 0
	for column < len(l) && l[column] == ' ' {
		column++
	}
	body := l[column:]
	if body == "" || body[0] == '#' {
		return !strings.ContainsFunc(body, endsComment)
	}
	for i := range len(body) {
		if body[i] < ' ' || body[i] >= 0x7f {
			return false
		}
	}
	if !strings.HasPrefix(body, "- ") {
		return c.entries > 0 && column == c.keys && c.field(body)
	}
	inner := strings.TrimLeft(body[2:], " ")
	if column == c.first || c.first < 0 {
		if c.inGroups && column == c.first && !c.isField(inner) {
			return false
		}
		c.first = column
		c.keys = column + len(body) - len(inner)
		c.entries++
		c.seen = [4]bool{}
		return c.field(inner)
	}
	c.items++
	return c.inGroups && column >= c.keys && !strings.Contains(inner, ": ") && !strings.HasSuffix(inner, ":") && plainValue(inner)
}

// endsComment reports what a comment can't hold: line breaks of YAML besides the line feed, and what YAML doesn't read.
func endsComment(r rune) bool {
	switch r {
	case '\t':
		return false
	case '\u0085', '\u2028', '\u2029', '\ufeff', utf8.RuneError:
		return true
	}
	return r < ' ' || r == 0x7f
}

func (c *plainCounter) isField(s string) bool {
	return strings.Contains(s, ":")
}

// field takes a key and its value.
func (c *plainCounter) field(s string) bool {
	name, value, ok := strings.Cut(s, ":")
	if !ok {
		return false
	}
	if !c.key(name) {
		return false
	}
	if c.inGroups {
		value = strings.TrimLeft(value, " ")
		return value == "" || value[0] == '#' && s[len(s)-len(value)-1] == ' '
	}
	return strings.HasPrefix(value, " ") && plainValue(strings.TrimLeft(value, " "))
}

// key takes a known key that this entry has not had yet.
func (c *plainCounter) key(name string) bool {
	c.inGroups = false
	k := -1
	switch name {
	case c.arnField:
		k = 0
	case FieldUsername:
		k = 1
	case FieldGroups:
		k, c.inGroups = 2, true
	case FieldUserID:
		k = 3
	}
	if k < 0 || c.seen[k] {
		return false
	}
	c.seen[k] = true
	return true
}

// plainValue accepts a plain scalar, or a quoted one without escapes, alone on its line.
func plainValue(v string) bool {
	v = strings.TrimRight(v, " ")
	if v == "" {
		return false
	}
	switch c := v[0]; {
	case c == '"' || c == '\'':
		return len(v) > 1 && v[len(v)-1] == c && strings.IndexByte(v[1:len(v)-1], c) < 0 && strings.IndexByte(v, '\\') < 0
	case strings.IndexByte("-?:,[]{}#&*!|>%@`~", c) >= 0:
		return false
	}
	return true
}
