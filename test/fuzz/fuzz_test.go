package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const race = `fuzz: elapsed: 20s, execs: 94720 (0/sec), new interesting: 17 (total: 240)
--- FAIL: FuzzRead (20.41s)
    context deadline exceeded
FAIL
exit status 1
FAIL	example.com/read	20.442s
`

func TestEndedBadly(t *testing.T) {
	for name, tt := range map[string]struct {
		printed string
		want    bool
	}{
		"the end taken for an error": {race, true},
		"an input was found as well": {race + "    Failing input written to testdata/fuzz/FuzzRead/771e938e4458e983\n", false},
		"the target's own deadline": {`--- FAIL: FuzzRead (3.02s)
    --- FAIL: FuzzRead (0.00s)
        read_test.go:12: context deadline exceeded
    
    Failing input written to testdata/fuzz/FuzzRead/771e938e4458e983
FAIL
`, false},
		"a seed that fails": {`--- FAIL: FuzzRead (0.00s)
    --- FAIL: FuzzRead/seed#0 (0.00s)
        read_test.go:12: context deadline exceeded
FAIL
`, false},
		"a worker that hung": {`--- FAIL: FuzzRead (13.10s)
    fuzzing process hung or terminated unexpectedly: exit status 2
FAIL
`, false},
		"a passing run": {"PASS\nok  \texample.com/read\t20.1s\n", false},
	} {
		if got := endedBadly(tt.printed); got != tt.want {
			t.Errorf("%s: got %t, want %t", name, got, tt.want)
		}
	}
}

func TestListed(t *testing.T) {
	got := listed("FuzzOne\nFuzzTwo\nok  \texample.com/a\t0.01s\n?   \texample.com/b\t[no test files]\nok  \texample.com/c\t0.01s\nFuzzOne\nok  \texample.com/d\t(cached)\n")
	want := []target{{"example.com/a", "FuzzOne"}, {"example.com/a", "FuzzTwo"}, {"example.com/d", "FuzzOne"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The race can't be made to happen, so a script stands in for a go command that has it: as often as its file has lines.
func TestARunThatEndedBadlyIsRepeatedOnce(t *testing.T) {
	for races, fails := range []bool{false, false, true} {
		folder := t.TempDir()
		write(t, filepath.Join(folder, "race"), race)
		write(t, filepath.Join(folder, "left"), strings.Repeat("x\n", races))
		script := filepath.Join(folder, "go")
		write(t, script, "#!/bin/sh\nif [ -s left ]; then sed -i 1d left; cat race; exit 1; fi\necho PASS\n")
		if err := os.Chmod(script, 0o700); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := fuzzer{program: script, duration: time.Second, out: &out}.target(t.Context(), folder, target{"example.com/read", "FuzzRead"})
		if (err != nil) != fails || strings.Count(out.String(), "Once more.") != min(races, 1) {
			t.Errorf("%d races: error %v, printed\n%s", races, err, &out)
		}
	}
}

func TestAnInputThatFailsEndsIt(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "go.mod"), "module example.com/read\n\ngo 1.26.0\n")
	write(t, filepath.Join(folder, "read_test.go"), `package read

import "testing"

func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 3 {
			t.Error("too long")
		}
	})
}
`)
	var out bytes.Buffer
	err := fuzzer{program: "go", duration: time.Minute, out: &out}.modules(t.Context(), []string{folder})
	if err == nil || !strings.Contains(err.Error(), "FuzzRead of example.com/read") {
		t.Errorf("got the error %v, printed\n%s", err, &out)
	}
	if found, err := os.ReadDir(filepath.Join(folder, "testdata", "fuzz", "FuzzRead")); err != nil || len(found) != 1 {
		t.Errorf("the failing input is not kept: %v %v\n%s", found, err, &out)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
