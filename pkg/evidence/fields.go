package evidence

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// errNoFields says that a line is not written as logrus writes them.
var errNoFields = errors.New("no line of fields")

// fieldsOf reads a line of the authenticator's log, which logrus writes: name=value with a blank between them, values in Go's
// quotes where they need them, or all as JSON. Of a list in JSON the items have commas between them.
func fieldsOf(text string) (map[string]string, error) {
	if strings.HasPrefix(text, "{") {
		return fieldsOfJSON(text)
	}
	fields := map[string]string{}
	for text = strings.TrimLeft(text, " "); text != ""; text = strings.TrimLeft(text, " ") {
		name, rest, found := strings.Cut(text, "=")
		if !found || name == "" || strings.ContainsAny(name, " \"") {
			return nil, errNoFields
		}
		if !strings.HasPrefix(rest, `"`) {
			value, after, _ := strings.Cut(rest, " ")
			fields[name], text = value, after
			continue
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return nil, errNoFields
		}
		if fields[name], err = strconv.Unquote(quoted); err != nil {
			return nil, errNoFields
		}
		text = rest[len(quoted):]
	}
	return fields, nil
}

func fieldsOfJSON(text string) (map[string]string, error) {
	var all map[string]any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for name, value := range all {
		switch v := value.(type) {
		case string:
			fields[name] = v
		case []any:
			var items []string
			for _, item := range v {
				if s, ok := item.(string); ok {
					items = append(items, s)
				}
			}
			fields[name] = strings.Join(items, ",")
		}
	}
	return fields, nil
}
