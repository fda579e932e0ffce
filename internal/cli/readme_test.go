package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	readmeFile    = regexp.MustCompile("(?s)<!-- file: (\\S+) -->\n```\\w+\n(.*?)```\n")
	readmeChecked = regexp.MustCompile("(?s)(<!-- checked -->\n```console\n)(.*?)(```\n)")
)

// TestReadme runs the commands that the README shows and holds their output against what it says; with -update it
// updates the README.
func TestReadme(t *testing.T) {
	path, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, m := range readmeFile.FindAllStringSubmatch(string(readme), -1) {
		if err := os.WriteFile(m[1], []byte(m[2]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	blocks := 0
	text := readmeChecked.ReplaceAllStringFunc(string(readme), func(block string) string {
		blocks++
		m := readmeChecked.FindStringSubmatch(block)
		command, _, _ := strings.Cut(m[2], "\n")
		var out bytes.Buffer
		Run(strings.Fields(strings.TrimPrefix(command, "$ kubectl aws-auth ")), Streams{In: strings.NewReader(""), Out: &out, Err: &out})
		return m[1] + command + "\n" + out.String() + m[3]
	})
	if blocks == 0 {
		t.Fatal("the README has no checked example")
	}
	if text == string(readme) {
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the README shows other output than the commands give; go test ./internal/cli -run Readme -update updates it:\n%s", text)
}
