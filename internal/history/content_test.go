package history

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzDecode holds for whatever stands in a ControllerRevision: what is accepted has the name of its content, and is
// written again as it was read.
func FuzzDecode(f *testing.F) {
	for _, c := range []Content{
		{Deleted: true},
		{Data: map[string]string{"mapRoles": "- rolearn: x\n"}},
		{Data: map[string]string{"mapRoles": "\xff"}, BinaryData: map[string][]byte{"a": {0}}},
		{Data: map[string]string{"mapRoles": strings.Repeat("# long\n", maxPlain/7+1)}},
	} {
		data, err := c.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(c.Name(), data)
	}
	f.Add("aws-auth-0", []byte(`{"gzip":"AA=="}`))
	f.Add("aws-auth-0", []byte(`{"gzip":null,"data":{"mapRoles":null}}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		c, err := decode(name, data)
		if err != nil {
			return
		}
		again, err := c.encode()
		if err != nil {
			t.Fatal(err)
		}
		if c, err = decode(name, again); err != nil || c.Name() != name {
			t.Errorf("read, written and read again: %v", err)
		}
	})
}

// TestABombIsNotUnpacked: somebody who may write revisions can't make the auditor's memory run out by one that is small
// packed and large unpacked.
func TestABombIsNotUnpacked(t *testing.T) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	for range 64 {
		if _, err := w.Write(blanks); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(packed{b.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	allocated := testing.Benchmark(func(tb *testing.B) {
		for tb.Loop() {
			if _, err := decode("aws-auth-0", data); err == nil {
				tb.Error("accepted")
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 8*maxUnpacked {
		t.Errorf("%d bytes packed took %d", len(data), allocated)
	}
}
