package evidence

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// read gives the texts of all records.
func read(t *testing.T, from io.Reader) ([]string, Counts) {
	t.Helper()
	r := NewReader(from)
	var texts []string
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return texts, r.Counts()
		}
		if err != nil {
			t.Fatal(err)
		}
		text := string(record.Text)
		if !record.Time.IsZero() {
			text = record.Time.Format("15:04:05.000 ") + text
		}
		texts = append(texts, text)
	}
}

func packed(t *testing.T, texts ...string) string {
	t.Helper()
	var b bytes.Buffer
	for _, s := range texts {
		w := gzip.NewWriter(&b)
		if _, err := io.WriteString(w, s); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// wide is a text in UTF-16, with its byte order mark.
func wide(t *testing.T, order binary.AppendByteOrder, s string) string {
	t.Helper()
	var b []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + s)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

func indented(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "    "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	one   = `{"auditID":"1","stage":"s","sourceIPs":["a"],"user":{"groups":["x","]"]}}`
	two   = `{"auditID":"2","stage":"s","message":"{}"}`
	login = `time="2026-11-26T23:00:00Z" level=warning msg="access denied" arn="a{\"b" error="no"`
	cloud = `{"events":[{"logStreamName":"s","timestamp":1795730400000,"message":"{\"auditID\":\"1\"}","ingestionTime":1,"eventId":"3"},` +
		`{"timestamp":1795730401000,"message":"time=\"x\" msg=\"[{\""}],"searchedLogStreams":[{"a":1}],"nextToken":"n"}`
)

func TestForms(t *testing.T) {
	noise := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 1)
	for i := range 200 {
		noise += string(rune('a'+i*i%26)) + strings.Repeat("x", i%3)
	}
	cloudWant := []string{`22:00:00.000 {"auditID":"1"}`, `22:00:01.000 time="x" msg="[{"`}
	for name, c := range map[string]struct {
		log    string
		want   []string
		counts Counts
	}{
		"nothing":               {},
		"blank lines":           {log: "\n \r\n"},
		"a line each":           {log: one + "\n" + two + "\n", want: []string{one, two}},
		"no end of line":        {log: one, want: []string{one}},
		"carriage returns":      {log: one + "\r\n" + login + "\r\n", want: []string{one, login}},
		"a byte order mark":     {log: "\ufeff" + one + "\n", want: []string{one}},
		"both kinds":            {log: login + "\n" + one + "\n" + login, want: []string{login, one, login}},
		"gzip":                  {log: packed(t, one+"\n"+two), want: []string{one, two}},
		"gzip, joined":          {log: packed(t, one+"\n", two), want: []string{one, two}},
		"gzip twice":            {log: packed(t, packed(t, one)), want: []string{one}},
		"gzip, cut":             {log: packed(t, strings.Repeat(login+"\n", 3))[:60], counts: Counts{Cut: 1}},
		"gzip, cut in a list":   {log: packed(t, `{"items":[`+one+`,{"a":"`+noise+`"}]}`)[:200], want: []string{one}, counts: Counts{Cut: 1}},
		"an EventList":          {log: `{"kind":"EventList","metadata":{},"items":[` + one + "," + two + `]}`, want: []string{one, two}},
		"an EventList by lines": {log: "{\"kind\":\"EventList\",\"items\":[\n" + one + ",\n" + two + "\n]}\n" + one, want: []string{one, two, one}},
		"an empty EventList":    {log: `{"items":[]}` + "\n" + one, want: []string{one}},
		"a bare list":           {log: `[` + one + "," + two + "]\n" + one, want: []string{one, two, one}},
		"filter-log-events":     {log: cloud, want: cloudWant},
		"the same, indented":    {log: indented(t, cloud) + "\n", want: cloudWant},
		"two pages":             {log: indented(t, cloud) + "\n" + cloud, want: append(slices.Clone(cloudWant), cloudWant...)},
		"a subscription, joined": {
			log:  `{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":1795730400000,"message":"a=b"}]}{"messageType":"DATA_MESSAGE","logEvents":[{"id":"2","timestamp":1795730400000,"message":"c=d"}]}`,
			want: []string{"22:00:00.000 a=b", "22:00:00.000 c=d"},
		},
		"get-query-results": {
			log:  indented(t, `{"results":[[{"field":"@timestamp","value":"2026-11-26 23:00:00.000"},{"field":"@message","value":"a=[b]"},{"field":"@ptr","value":"x"}]],"status":"Complete"}`),
			want: []string{"23:00:00.000 a=[b]"},
		},
		"CSV of the console": {
			log:    "@logStream,@timestamp,@message\nauthenticator-0,2026-11-26 23:00:00.000,\"a=\"\"b\"\" c=d\"\nx,y\n",
			want:   []string{`23:00:00.000 a="b" c=d`},
			counts: Counts{Broken: 1},
		},
		"CSV of a log group": {
			log:  "timestamp,message\n1795730400000,\"a=\"\"b\"\" c=d\"\n",
			want: []string{`22:00:00.000 a="b" c=d`},
		},
		"CSV, blanks after commas": {
			log:  "@timestamp, @message\n2026-11-26 23:00:00.000, \"a=\"\"b\"\" c=d\"\n",
			want: []string{`23:00:00.000 a="b" c=d`},
		},
		"CSV, then lines": {
			log:    "@timestamp,@message\n2026-11-26 23:00:00.000,a=b\ntime=\"x, y\" msg=\"access denied\"\n2026-11-26T23:00:00Z time=\"x\" msg=z\nx\n",
			want:   []string{"23:00:00.000 a=b", `time="x, y" msg="access denied"`, `23:00:00.000 time="x" msg=z`},
			counts: Counts{Broken: 1},
		},
		"CSV with quotes everywhere": {
			log:  "\"timestamp\",\"message\"\n\"1795730400000\",\"a=\"\"b\"\" c=d\"\n",
			want: []string{`22:00:00.000 a="b" c=d`},
		},
		"CSV, a line break at the end": {
			log:  "timestamp,message\n1795730400000,\"a=\"\"b\"\"\n\"\n1795730400000,\"c=d\n\"\n",
			want: []string{`22:00:00.000 a="b"`, "22:00:00.000 c=d"},
		},
		"CSV, line breaks within": {
			log:  "timestamp,message\r\n1795730400000,\"a=b\r\n\r\n{c=d}\"\r\n1795730400000,e=f\r\n",
			want: []string{"22:00:00.000 a=b\n\n{c=d}", "22:00:00.000 e=f"},
		},
		"CSV, an object": {
			log:  "@timestamp,@message\n2026-11-26 22:00:00.000,\"{\"\"a\"\":\n1}\"\n",
			want: []string{"22:00:00.000 {\"a\":\n1}"},
		},
		"CSV, a quote that does not end": {
			log:    "timestamp,message\n1795730400000,\"a=b\n1795730400000,c=d\n" + strings.Repeat("1795730400000,e=f\n", maxRowLines-2) + "1795730400000,g=h\n",
			want:   []string{"22:00:00.000 g=h"},
			counts: Counts{Broken: maxRowLines},
		},
		"CSV, cut in quotes": {
			log:    "timestamp,message\n1795730400000,c=d\n1795730400000,\"a=b\n",
			want:   []string{"22:00:00.000 c=d"},
			counts: Counts{Broken: 1},
		},
		"S3":                   {log: "2026-11-26T23:00:00.000Z " + one + "\n2026-11-26T23:00:01.000Z " + login, want: []string{"23:00:00.000 " + one, "23:00:01.000 " + login}},
		"aws logs tail":        {log: "2026-11-26T23:00:00.123000+00:00 kube-apiserver-audit-0a1b " + one + "\n", want: []string{"23:00:00.123 " + one}},
		"tail, in short":       {log: "2026-11-26T23:00:00 " + one + "\n2026-11-26T23:00:01 " + login + "\n", want: []string{"23:00:00.000 " + one, "23:00:01.000 " + login}},
		"UTF-16 of PowerShell": {log: wide(t, binary.LittleEndian, one+"\r\n"+login+"\r\n"), want: []string{one, login}},
		"UTF-16, big-endian":   {log: wide(t, binary.BigEndian, one+"\n"), want: []string{one}},
		"a collector":          {log: `{"log":"` + strings.ReplaceAll(one, `"`, `\"`) + `\n","stream":"stdout"}`, want: []string{one}},
		"a message of a text":  {log: two, want: []string{two}},
		"cut in a text":        {log: one[:20] + "\n" + two, want: []string{two}, counts: Counts{Broken: 1}},
		"cut after an object":  {log: `{"a":{"b":1},` + "\n" + two + "\n" + login, want: []string{two, login}, counts: Counts{Broken: 1}},
		"cut before a login":   {log: `{"a":{"b":1},` + "\n" + login + "\n" + one, want: []string{login, one}, counts: Counts{Broken: 1}},
		"cut at the end":       {log: one + "\n" + two[:30], want: []string{one}, counts: Counts{Broken: 1}},
		"a list cut at an end": {log: `{"items":[` + one + ",", want: []string{one}, counts: Counts{Broken: 1}},
		"a list, then a log":   {log: `{"items":[` + one + ",\n" + login + "\n" + two, want: []string{one, two}, counts: Counts{Broken: 1}},
		"a line too long":      {log: strings.Repeat("x", MaxRecord+1) + "\n" + one, want: []string{one}, counts: Counts{TooLong: 1}},
		"an object too long":   {log: `{"a":"` + strings.Repeat("x", 2*MaxRecord) + "\"}\n" + one, want: []string{one}, counts: Counts{TooLong: 1}},
		"too long in a list": {
			log:    `{"events":[{"message":"` + strings.Repeat("x", MaxRecord) + `"},{"message":"b"}],"x":"` + strings.Repeat("y", MaxRecord) + `"}` + one,
			want:   []string{"b", one},
			counts: Counts{TooLong: 1},
		},
		"a list after much":  {log: `{"x":"` + strings.Repeat("y", 2*MaxRecord) + `","items":[` + one + `]}`, want: []string{one}},
		"a line in brackets": {log: "[error] something\n" + one, want: []string{"[error] something", one}},
	} {
		t.Run(name, func(t *testing.T) {
			got, counts := read(t, strings.NewReader(c.log))
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			counts.Records = 0
			if counts != c.counts {
				t.Errorf("%+v, want %+v", counts, c.counts)
			}
			if len(c.log) > 100_000 {
				return
			}
			if byByte, _ := read(t, iotest.OneByteReader(strings.NewReader(c.log))); !slices.Equal(byByte, got) {
				t.Errorf("byte by byte: %q", byByte)
			}
		})
	}
}

func TestAReaderThatFails(t *testing.T) {
	broken := errors.New("the disk is gone")
	r := NewReader(io.MultiReader(strings.NewReader(one+"\n"), iotest.ErrReader(broken)))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.Next(); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
	}
}

// FuzzReader holds that no log breaks the reader, that its records keep to their bound, and that it does not matter in which
// pieces the log comes.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		one + "\n" + two, login, cloud, `[` + one + `]`, `{"items":[` + one + "]}" + two, "@timestamp,@message\na,\"b\"\n", "timestamp,message\n1,b\n", "\xff\xfea\x00\n\x00", "2026-11-26T23:00:00 x\n", `{"results":[[{"field":"@message","value":"x"}]]}`,
		"2026-11-26T23:00:00.000Z x y\n", `{"log":"x"}`, `{"items":[{"a":`, "\x1f\x8b\x08", "{\"a\":{},\nb", `{"events":[[[[{"message":`, `{"logEvents" : [ "x", {} ] , "a":[]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		got, counts := read(t, bytes.NewReader(log))
		pieces, again := read(t, iotest.HalfReader(bytes.NewReader(log)))
		if !slices.Equal(got, pieces) || counts != again {
			t.Errorf("%q %+v\n%q %+v", got, counts, pieces, again)
		}
		if int64(len(got)) > counts.Records {
			t.Errorf("%d records, counted %d", len(got), counts.Records)
		}
	})
}
