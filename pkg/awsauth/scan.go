package awsauth

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fieldKey is a field of an entry, in block or flow style. At the beginning of a line, or in quotes, its colon may be missing.
var fieldKey = regexp.MustCompile(`(?i)(?:^|[\s{,\[]|^\s*-)["']?(rolearn|userarn|username|groups|userid|sso)["']?\s*:` +
	`|(?:^\s*(?:-\s*)?["']?|[{,]\s*["'])(rolearn|userarn|username|groups)["']?(?:\s|$)`)

// keySpan is where the name of the field stands.
func keySpan(match []int) (start, end int) {
	if match[2] >= 0 {
		return match[2], match[3]
	}
	return match[4], match[5]
}

var (
	// listItem is a line with a dash.
	listItem = regexp.MustCompile(`^\s*-(?:\s*)(.*)$`)
	// dashes is what is before the first field of an item, a dash too many included.
	dashes = regexp.MustCompile(`^\s*-+[\s-]*$`)
	// otherKey is a line with a key that no entry has.
	otherKey = regexp.MustCompile(`^\s*["']?[\w.<-]+["']?\s*:(?:\s|$)`)
	// mark is an anchor or a tag before a value.
	mark = regexp.MustCompile(`^(?:&(\S+)|!\S*)(?:\s+|$)`)
)

// scan reads entries line by line from a text that does not parse: of each the ARN, the username and the groups that
// its lines name. Only entries with an ARN count.
func scan(key Key, text string) []*Entry {
	return scanWith(key, text, map[string][]string{})
}

// scanWith is scan of a part of a text, with the lists of groups that have anchors in all of it; it adds those of the part.
func scanWith(key Key, text string, anchors map[string][]string) []*Entry {
	s := &scanner{arnField: (&Entry{Section: &Section{Key: key}}).ARNField(), section: &Section{Key: key}, anchors: anchors}
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		s.line(withoutComment(line))
	}
	s.flush()
	return s.entries
}

type scanner struct {
	arnField string
	section  *Section
	entries  []*Entry
	// entry is the one that is being read; seen are its fields, and open is the one whose value may go on.
	entry *Entry
	seen  map[string]bool
	open  string
	// inList is set inside the brackets of a list of groups, anchor names that list.
	inList  bool
	anchor  string
	anchors map[string][]string
}

func (s *scanner) line(line string) {
	keys := fieldKey.FindAllStringSubmatchIndex(line, -1)
	if len(keys) == 0 {
		s.continued(line)
		return
	}
	if s.inList {
		s.list(line[:keys[0][0]])
	}
	for i, m := range keys {
		start, stop := keySpan(m)
		before := strings.TrimRight(line[:start], " \t\"'")
		field := s.section.known(line[start:stop])
		if strings.HasSuffix(before, "{") || i == 0 && dashes.MatchString(before) || s.seen[field] {
			s.flush()
		}
		end := len(line)
		if i+1 < len(keys) {
			end = keys[i+1][0]
		}
		s.field(field, strings.TrimSpace(line[m[1]:end]), strings.Contains(before, "{") || len(keys) > 1)
	}
}

// flush ends the entry.
func (s *scanner) flush() {
	if e := s.entry; e != nil && e.ARN != "" && len(s.entries) < maxRecovered {
		e.identity = identityOf(e.ARN)
		s.entries = append(s.entries, e)
	}
	s.entry, s.seen, s.open, s.inList, s.anchor = nil, nil, "", false, ""
}

func (s *scanner) field(field, value string, flow bool) {
	if s.entry == nil {
		s.entry, s.seen = &Entry{Section: s.section, Valid: true}, map[string]bool{}
	}
	s.seen[field], s.open, s.inList, s.anchor = true, field, false, ""
	value = strings.TrimLeft(value, ": ")
	if m := mark.FindStringSubmatch(value); m != nil {
		s.anchor, value = m[1], value[len(m[0]):]
		delete(s.anchors, s.anchor)
	}
	if field == FieldGroups {
		s.groups(value)
		return
	}
	s.scalar(plainText(value, flow))
}

func (s *scanner) scalar(value string) {
	if value == "" {
		return
	}
	switch s.open {
	case s.arnField:
		s.entry.ARN = value
	case FieldUsername:
		s.entry.Username = value
	}
	s.open = ""
}

func (s *scanner) groups(value string) {
	if open := strings.TrimLeft(value, `"'`); strings.HasPrefix(open, "[") {
		value = open
	}
	switch {
	case strings.HasPrefix(value, "["):
		s.inList = true
		s.list(value[1:])
	case strings.HasPrefix(value, "*"):
		s.entry.Groups = append(s.entry.Groups, s.anchors[strings.TrimRight(value[1:], "]}, ")]...)
	default:
		s.group(value, strings.ContainsAny(value, "}]"))
	}
}

// list takes the items of a list in brackets.
func (s *scanner) list(text string) {
	items, _, closed := strings.Cut(text, "]")
	items = noComma.ReplaceAllString(items, "$1,$2")
	for item := range strings.SplitSeq(items, ",") {
		s.group(item, true)
	}
	s.inList = !closed
}

// noComma is where one item in quotes follows another and the comma is missing or another character.
var noComma = regexp.MustCompile(`(["'])[\s;:.]+(["'])`)

func (s *scanner) group(value string, flow bool) {
	if value = plainText(value, flow); value == "" {
		return
	}
	s.entry.Groups = append(s.entry.Groups, value)
	if s.anchor != "" {
		s.anchors[s.anchor] = append(s.anchors[s.anchor], value)
	}
}

// continued takes a line without a field of an entry.
func (s *scanner) continued(line string) {
	item := listItem.FindStringSubmatch(line)
	switch {
	case s.open == FieldGroups && s.inList:
		s.list(line)
	case s.open == FieldGroups && item != nil && item[1] != "" && item[1][0] != '&':
		s.group(joinColon.ReplaceAllString(strings.TrimLeft(item[1], "- "), "$1:$2"), false)
	case item != nil, strings.HasPrefix(strings.TrimSpace(line), "{"):
		s.flush()
	case otherKey.MatchString(line):
		s.open = ""
	case s.open == FieldGroups && noDash.MatchString(line):
		s.group(line, false)
	case s.open != "" && s.open != FieldGroups:
		s.scalar(plainText(strings.TrimSpace(line), false))
	}
}

// noDash is a line of groups that can be one whose dash is missing.
var noDash = regexp.MustCompile(`^\s+(?:"[^\s"]+"|'[^\s']+'|[\w{][^\s"'\[\],#]*)\s*$`)

// joinColon is a group that YAML takes for a mapping because of a blank after its colon.
var joinColon = regexp.MustCompile(`^([\w-]+):\s+(\S+)$`)

// plainText is the text of a scalar without its quotes; in flow style without the brackets and commas after it.
func plainText(value string, flow bool) string {
	value = strings.TrimSpace(value)
	if flow {
		value = beforeFlowEnd(value)
	}
	switch value {
	case "", "~", "null", "Null", "NULL", "|", "|-", "|+", ">", ">-", ">+":
		return ""
	}
	if value[0] == '"' || value[0] == '\'' {
		var text string
		if yaml.Unmarshal([]byte(value), &text) == nil && text != "" {
			return text
		}
	}
	return strings.TrimSpace(strings.TrimSuffix(strings.Trim(value, `"'`), ":"))
}

// beforeFlowEnd cuts a value at the first comma or closing bracket that is not inside of braces of its own.
func beforeFlowEnd(value string) string {
	depth := 0
	for i := range len(value) {
		switch value[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth < 0 || depth == 0 && value[i] == ',' {
			return strings.TrimSpace(value[:i])
		}
	}
	return value
}

// withoutComment cuts a comment that begins outside of quotes.
func withoutComment(line string) string {
	for i := 0; i < len(line); i++ {
		first := i == 0 || strings.IndexByte(" \t", line[i-1]) >= 0
		switch c := line[i]; {
		case c == '#' && first:
			return line[:i]
		case (c == '"' || c == '\'') && (first || strings.IndexByte("[{,:", line[i-1]) >= 0):
			if n := strings.IndexByte(line[i+1:], c); n >= 0 {
				i += n + 1
			}
		}
	}
	return line
}
