package misread

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// thing is what the cases are read into.
type thing struct {
	Text   string            `json:"text"`
	Number int               `json:"number"`
	Share  float64           `json:"share"`
	Yes    bool              `json:"yes"`
	List   []string          `json:"list"`
	Inner  *thing            `json:"inner"`
	Map    map[string]string `json:"map"`
	Time   time.Time         `json:"time"`
	Base64 []byte            `json:"base64"`
}

// readers are the decoders, which say the same of a text that is no JSON.
var readers = map[string]func(text string, into any) error{
	"encoding/json":    func(text string, into any) error { return json.Unmarshal([]byte(text), into) },
	"sigs.k8s.io/json": func(text string, into any) error { return kjson.UnmarshalCaseSensitivePreserveInts([]byte(text), into) },
}

func TestJSON(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"YAML":                   {"a: 1", `it is no JSON from line 1, column 1 on, where "a" stands`},
		"a comma too many":       {"{\n  \"text\": \"é\",,\n}", `it is no JSON from line 2, column 15 on, where "," stands`},
		"no comma":               {"{\"text\": \"\"\n\"number\": 1}", `it is no JSON from line 2, column 1 on, where a quote stands`},
		"a control character":    {"{\x00}", `it is no JSON from line 1, column 2 on, where "\x00" stands`},
		"no UTF-8":               {"\xff", `it is no JSON from line 1, column 1 on, where "\xff" stands`},
		"HTML":                   {"<html>", `it is no JSON from line 1, column 1 on, where "<" stands`},
		"cut off":                {"{\n\"text\": \"x\n", `stands`},
		"cut off between fields": {"{\n\"text\": \"x\",\n\n", "it ends in line 2 before its JSON does: it is cut off, or a bracket or a quote is not closed"},
		"nothing":                {" \n", "it is empty, where JSON is wanted"},
		"two":                    {"{}\n {}", "its JSON ends before line 2, column 2, and something follows it there: only one document is read"},
		"a list":                 {"[]", "it is a list, and an object is wanted"},
		"a text":                 {`"x"`, "it is a text, and an object is wanted"},
		"a number for a text":    {"{\n\"text\": 5}", "text in line 2 is a number, and a text is wanted"},
		"a text for a number":    {`{"number": "5"}`, "number in line 1 is a text, and a whole number is wanted"},
		"a broken number":        {`{"number": 5.5}`, "number in line 1 is a number, and a whole number is wanted"},
		"a list for a share":     {`{"share": []}`, "share in line 1 is a list, and a number is wanted"},
		"an object for a bool":   {`{"yes": {}}`, "yes in line 1 is an object, and true or false is wanted"},
		"a bool for a list":      {`{"list": true}`, "list in line 1 is true or false, and a list is wanted"},
		"a number for an object": {`{"inner": 5}`, "inner in line 1 is a number, and an object is wanted"},
		"a list for a map":       {`{"map": []}`, "map in line 1 is a list, and an object is wanted"},
		"deep inside":            {"{\"inner\": {\n\"inner\": {\n\"text\": false}}}", "inner.inner.text in line 3 is true or false, and a text is wanted"},
		"a time that is none":    {"{\n\"time\": \"soon\"}", `"soon" in line 2 is no time: one looks like 2026-03-01T12:00:00Z`},
		"a number for a time":    {`{"time": 5}`, `it has a time that is not in quotes: one looks like "2026-03-01T12:00:00Z"`},
		"base64 that is none":    {`{"base64": "%"}`, "it has a text that is no base64 where base64 is wanted"},
	} {
		for reader, read := range readers {
			t.Run(name+"/"+reader, func(t *testing.T) {
				err := read(tt.text, &thing{})
				if err == nil {
					t.Fatal("it can be read")
				}
				if got := JSON(tt.text, 0, err); !strings.HasSuffix(got, tt.want) {
					t.Errorf("%s; want %s", got, tt.want)
				}
				// The same in a part of a longer text is two lines below.
				longer := JSON("{\n}\n"+tt.text, 4, err)
				if strings.Contains(tt.want, "line 1") && !strings.Contains(longer, "line 3") {
					t.Errorf("in a longer text: %s", longer)
				}
				if unplaced := JSON("", 0, err); strings.Contains(unplaced, "line") {
					t.Errorf("a place in no text: %s", unplaced)
				}
			})
		}
	}
}

func TestErrorsOfStreamsAndOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"an end in the middle":    {io.ErrUnexpectedEOF, "it ends in line 1 before its JSON does: it is cut off, or a bracket or a quote is not closed"},
		"one that says what":      {errors.New("type \"x\" is unknown"), "type \"x\" is unknown"},
		"one of no decoder":       {os.ErrPermission, "permission denied"},
		"one that must be hidden": {errors.New("a\x1bb"), `a\x1bb`},
	} {
		if got := JSON("{", 0, tt.err); got != tt.want {
			t.Errorf("%s: %s; want %s", name, got, tt.want)
		}
	}
}

func TestYAML(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"no YAML":      {"text: x\nlist: [", "it is no YAML, see line "},
		"a wrong type": {"text: [a]", "text is a list, and a text is wanted"},
		"a text":       {"hello", "it is a text, and an object is wanted"},
		"binary":       {"\x00", "it is no YAML"},
	} {
		err := yaml.Unmarshal([]byte(tt.text), &thing{})
		if err == nil {
			t.Fatal("it can be read")
		}
		if got := YAML(err); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s; want %s", name, got, tt.want)
		}
	}
}

// FuzzJSON holds that no text makes it fail, name a place that is not there or speak as Go does.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{"", "{", "[]", "{}{}", "{\n\"inner\": {\"list\": [5]}}", `{"time": "x"}`, `{"number": 1e99}`, "\xff\xfe{"} {
		f.Add(seed, 0)
		f.Add("{}\n"+seed, 3)
	}
	f.Fuzz(func(t *testing.T, body string, from int) {
		from = min(max(from, 0), len(body))
		for _, read := range readers {
			err := read(body[from:], &thing{})
			if err == nil {
				continue
			}
			got := JSON(body, from, err)
			for _, words := range []string{"cannot unmarshal", "invalid character", "Go ", "unexpected", "json:", "parsing"} {
				if strings.Contains(got, words) && !strings.Contains(body, words) {
					t.Errorf("%q: %s", body, got)
				}
			}
		}
	})
}
