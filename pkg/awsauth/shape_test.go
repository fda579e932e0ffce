package awsauth

import (
	"strings"
	"testing"
	"time"

	yamlv2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"
)

// scalars are plain scalars at the edges of what YAML 1.1 takes for something else than text.
func scalars() []string {
	return []string{
		"~", "null", "Null", "NULL", "nULL", "y", "Y", "yes", "yEs", "n", "N", "no", "NO", "on", "off", "oFF", "true", "TRUE", "tRUE", "false", "False",
		".nan", ".NaN", ".naN", ".inf", "+.inf", "-.INF", "+.nan", ".", ".5", ".5e3", ".5e", ".e5", "._5", ".infinity", ".0x1p-2", "+.5", "-.5", "+.", "-.", ".1_0",
		"0", "00", "08", "0777", "0o17", "0O17", "0x1F", "0X1f", "0x", "0xG", "0b1", "0B1", "0b2", "0b", "-0b1", "-0B1", "+0b1", "0b-1", "0b+1", "-0b-1", "1_000", "_1", "1__0", "1_", "0_7", "0x_1",
		"1", "+1", "-1", "--1", "+-1", "- 1", "1.", "1.5", "1.5.2", "1e3", "1E+3", "1e", "1e999", "-1e999", "0x1p-2", "1p3", "Inf", "+Inf", "-inf", "+inf", "infinity", "NaN", "nan", "9223372036854775807", "9223372036854775808",
		"18446744073709551616", "-9223372036854775809", "0b11111111111111111111111111111111111111111111111111111111111111111", "111122223333", "012345678901", "123456789012345678901234567890",
		"2001-01-01", "2001-1-1 1:2:3", "2001-01-01T00:00:00Z", "1:30", "190:20:30", "1,000", "1a", "abc", "1 2", "<<", "=", "0.", "00.5", "--- 1", "e5", "1e+", "+e5", "1\u00e9", "o", "f", "t",
	}
}

// read gives the shape that yaml.v2 takes a plain scalar for, and false where the text is no plain scalar on one line.
func read(value string) (Shape, bool) {
	if strings.ContainsAny(value, "\n\r\u0085\u2028\u2029") {
		return 0, false
	}
	var doc yaml.Node
	text := "- " + value + "\n"
	if yaml.Unmarshal([]byte(text), &doc) != nil || len(doc.Content) != 1 || len(doc.Content[0].Content) != 1 {
		return 0, false
	}
	if n := doc.Content[0].Content[0]; n.Kind != yaml.ScalarNode || n.Style != 0 || n.Value != value || n.Anchor != "" {
		return 0, false
	}
	var list []any
	if yamlv2.Unmarshal([]byte(text), &list) != nil || len(list) != 1 {
		return 0, false
	}
	switch list[0].(type) {
	case nil:
		return Null, true
	case bool:
		return Bool, true
	case int, int64, uint64, float64:
		return Number, true
	case string, time.Time:
		return String, true
	}
	return 0, false
}

func TestPlainShape(t *testing.T) {
	compared := 0
	for _, value := range scalars() {
		want, ok := read(value)
		if !ok {
			continue
		}
		compared++
		if got := plainShape(value); got != want && len(value) <= maxPlainScalar {
			t.Errorf("%q: %s, the library takes it for %s", value, got, want)
		}
	}
	if compared < 100 {
		t.Errorf("only %d of %d texts are plain scalars", compared, len(scalars()))
	}
}

// FuzzPlainShape holds plainShape against the library.
func FuzzPlainShape(f *testing.F) {
	for _, value := range scalars() {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if want, ok := read(value); ok && len(value) <= maxPlainScalar && plainShape(value) != want {
			t.Errorf("%q: %s, the library takes it for %s", value, plainShape(value), want)
		}
	})
}
