package misread

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	kjson "sigs.k8s.io/json"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// JSON says why a decoder of JSON fails on a text, or on the part of it that begins there: the places are those in the text. It
// leaves them out where the text is "", as when the JSON was made of something else.
func JSON(body string, from int, err error) string {
	t := source{body, from}
	var wrongType *json.UnmarshalTypeError
	var wrongTime *time.ParseError
	var wrongBase64 base64.CorruptInputError
	switch at, syntax := syntaxAt(err); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), syntax && strings.HasPrefix(err.Error(), "unexpected end"):
		return t.ends()
	case syntax:
		return t.syntax(at-1, err)
	case errors.As(err, &wrongType):
		what := "it"
		if wrongType.Field != "" {
			what = text.Name(wrongType.Field) + t.line(wrongType.Offset-1)
		}
		return fmt.Sprintf("%s is %s, and %s is wanted", what, found(wrongType.Value), wanted(wrongType.Type))
	case errors.As(err, &wrongTime):
		return fmt.Sprintf("%s%s is no time: one looks like %s", text.Quote(text.Middle(wrongTime.Value, maxShown)), t.line(t.find(wrongTime.Value)), aTime)
	case errors.As(err, &wrongBase64):
		return "it has a text that is no base64 where base64 is wanted"
	case strings.HasPrefix(err.Error(), "Time.UnmarshalJSON:"):
		return "it has a time that is not in quotes: one looks like \"" + aTime + "\""
	}
	return text.Visible(err.Error())
}

const (
	// aTime is how a time has to look.
	aTime = "2026-03-01T12:00:00Z"
	// maxShown bounds what is repeated of a text, in bytes.
	maxShown = 80
)

// syntaxAt is after how many bytes a text stops being JSON.
func syntaxAt(err error) (at int64, syntax bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		if syntax, at := kjson.SyntaxErrorOffset(err); syntax {
			return at, true
		}
	}
	return 0, false
}

// atLine is where a reader of YAML stopped.
var atLine = regexp.MustCompile(`\bline (\d+)`)

// YAML says why a text that should be YAML can't be read, or why the JSON that was made of it can't.
func YAML(err error) string {
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return JSON("", 0, wrongType)
	}
	if line := atLine.FindStringSubmatch(err.Error()); line != nil {
		return "it is no YAML, see line " + line[1]
	}
	return "it is no YAML"
}

// source is a text, and where the part begins that was read.
type source struct {
	text string
	from int
}

// syntax says what stands where JSON can't go on.
func (t source) syntax(at int64, err error) string {
	second := strings.Contains(err.Error(), "after top-level value")
	if t.text == "" {
		return "it is no JSON"
	}
	i := t.place(at)
	line, column := t.position(i)
	c, size := utf8.DecodeRuneInString(t.text[i:])
	switch {
	case size == 0:
		return t.ends()
	case second:
		return fmt.Sprintf("its JSON ends before line %d, column %d, and something follows it there: only one document is read", line, column)
	}
	stands := text.Quote(t.text[i : i+size])
	if c == '"' {
		stands = "a quote"
	}
	return fmt.Sprintf("it is no JSON from line %d, column %d on, where %s stands", line, column, stands)
}

// ends says that a text is over before its JSON is.
func (t source) ends() string {
	if strings.TrimSpace(t.text[min(t.from, len(t.text)):]) == "" {
		return "it is empty, where JSON is wanted"
	}
	line, _ := t.position(len(strings.TrimRight(t.text, " \t\r\n")))
	return fmt.Sprintf("it ends in line %d before its JSON does: it is cut off, or a bracket or a quote is not closed", line)
}

// place is an offset in the part that was read as one in the text.
func (t source) place(at int64) int { return min(max(t.from+int(at), 0), len(t.text)) }

// find gives the offset of a value in the part that was read, -1 if it is not there.
func (t source) find(value string) int64 {
	return int64(strings.Index(t.text[min(t.from, len(t.text)):], value))
}

// line names the line of an offset in the part that was read, with words before it.
func (t source) line(at int64) string {
	if t.text == "" || at < 0 {
		return ""
	}
	line, _ := t.position(t.place(at))
	return fmt.Sprintf(" in line %d", line)
}

func (t source) position(at int) (line, column int) {
	before := t.text[:at]
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// found says in words which kind of value a decoder met; of a number it also gives the digits, which are left out.
func found(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	switch kind {
	case "bool":
		return "true or false"
	case "string":
		return "a text"
	case "array":
		return "a list"
	case "object":
		return "an object"
	}
	return "a " + kind
}

// wanted names what a Go type takes of JSON.
func wanted(t reflect.Type) string {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return "something else"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct, reflect.Interface:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}
