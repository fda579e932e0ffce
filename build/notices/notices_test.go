package notices

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/build/program"
)

// TestCollect finds the licenses of what build/sbom is linked from, on two platforms.
func TestCollect(t *testing.T) {
	platforms := []program.Platform{{OS: "linux", Architecture: "amd64"}, {OS: "windows", Architecture: "arm64"}}
	modules, err := Collect(t.Context(), "..", platforms, "./sbom")
	if err != nil {
		t.Fatal(err)
	}
	licenses := map[string][]string{}
	for _, m := range modules {
		licenses[m.Path] = m.Licenses
		if len(m.Texts) == 0 || m.Version == "" {
			t.Errorf("%s %s has no text", m.Path, m.Version)
		}
	}
	for path, license := range map[string]string{
		Std: "BSD-3-Clause", "github.com/CycloneDX/cyclonedx-go": "Apache-2.0", "github.com/google/licenseclassifier/v2": "Apache-2.0", "github.com/sergi/go-diff": "MIT",
	} {
		if !slices.Contains(licenses[path], license) {
			t.Errorf("%s is under %v, wanted %s", path, licenses[path], license)
		}
	}
	// It is in the go.mod, and in no program that is looked at.
	if _, ok := licenses["github.com/google/go-containerregistry"]; ok {
		t.Error("a module is listed that is not linked in")
	}
	if !slices.IsSortedFunc(modules, func(a, b Module) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("the modules are in no order")
	}
	if err := Check(modules); err != nil {
		t.Error(err)
	}
}

func TestCollectOfNothing(t *testing.T) {
	_, err := Collect(t.Context(), filepath.Join("..", "notices"), []program.Platform{{OS: "linux", Architecture: "amd64"}}, "./missing")
	if err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("it says %v", err)
	}
}

func TestCheck(t *testing.T) {
	text := func(path string, licenses ...string) Text { return Text{Path: path, Licenses: licenses} }
	for name, c := range map[string]struct {
		module Module
		word   string
	}{
		"fine":                      {Module{Licenses: []string{"MIT"}, Texts: []Text{text("LICENSE", "MIT")}}, ""},
		"a notice need not be read": {Module{Licenses: []string{"MIT"}, Texts: []Text{text("LICENSE", "MIT"), text("NOTICE.txt")}}, ""},
		"none":                      {Module{}, "no license was found"},
		"unknown":                   {Module{Licenses: []string{"MIT"}, Texts: []Text{text("LICENSE", "MIT"), text("sub/COPYING")}}, "sub/COPYING is not known"},
		"forbidden":                 {Module{Licenses: []string{"GPL-3.0", "MIT"}, Texts: []Text{text("LICENSE", "GPL-3.0", "MIT")}}, "the license GPL-3.0 is not one of"},
	} {
		c.module.Path, c.module.Version = "example.com/a", "v1"
		err := Check([]Module{c.module})
		if (err == nil) != (c.word == "") || (err != nil && !strings.Contains(err.Error(), c.word)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWrite gives each text once, under all that it holds for.
func TestWrite(t *testing.T) {
	var b strings.Builder
	err := Write(&b, []Module{
		{Path: "example.com/a", Version: "v1", Texts: []Text{{Path: "LICENSE", Content: "the text\r\n"}}},
		{Path: "example.com/b", Version: "v2", Texts: []Text{{Path: "sub/LICENSE", Content: "the text\n\n"}, {Path: "NOTICE", Content: "a notice"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Count(text, "the text") != 1 || strings.Contains(text, "\r") {
		t.Errorf("the text does not stand once:\n%s", text)
	}
	for _, wanted := range []string{"example.com/a v1\nexample.com/b v2 (sub/LICENSE)\n" + rule + "\n\nthe text\n", "example.com/b v2\n" + rule + "\n\na notice\n"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("%q is not in\n%s", wanted, text)
		}
	}
}
