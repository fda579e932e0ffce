package sbom

import (
	"bytes"
	"debug/buildinfo"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"

	"github.com/aws-auth-guard/aws-auth-guard/build/notices"
	"github.com/aws-auth-guard/aws-auth-guard/build/program"
)

// TestMake lists what a command of this module is linked from.
func TestMake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "licenses")
	here := program.Platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}
	if err := (program.Build{Root: "..", Package: "./licenses", Platform: here, Version: "v1.2.3"}).Run(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	binary, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = binary.Close() })
	info, err := buildinfo.Read(binary)
	if err != nil {
		t.Fatal(err)
	}
	if len(info.Deps) == 0 {
		t.Fatal("the program is linked from nothing")
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	licensed := []notices.Module{{Path: info.Deps[0].Path, Licenses: []string{"MIT", "Apache-2.0"}}, {Path: notices.Std, Licenses: []string{"BSD-3-Clause"}}}
	text, err := Make([]io.ReaderAt{binary}, "v1.2.3", at, licensed)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Make([]io.ReaderAt{binary}, "v1.2.3", at, licensed); err != nil || !bytes.Equal(text, again) {
		t.Errorf("two runs give two documents: %v", err)
	}
	var document cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&document); err != nil {
		t.Fatal(err)
	}
	if m := document.Metadata; m.Timestamp != "2026-01-02T02:04:05Z" || m.Component.Version != "v1.2.3" || m.Component.Name != info.Main.Path {
		t.Errorf("it is about %+v at %s", m.Component, m.Timestamp)
	}
	listed := map[string]cyclonedx.Component{}
	for _, c := range *document.Components {
		listed[c.Name] = c
	}
	if len(listed) != len(info.Deps)+1 {
		t.Errorf("%d modules are listed, %d are in the program", len(listed)-1, len(info.Deps))
	}
	for _, m := range info.Deps {
		c := listed[m.Path]
		if c.Version != m.Version || c.PackageURL != "pkg:golang/"+m.Path+"@"+m.Version || c.Properties == nil || (*c.Properties)[0].Value != m.Sum {
			t.Errorf("%s %s is listed as %+v", m.Path, m.Version, c)
		}
	}
	if l := listed[info.Deps[0].Path].Licenses; l == nil || len(*l) != 2 || (*l)[0].License.ID != "MIT" {
		t.Errorf("the licenses are %v", l)
	}
	if std := listed[notices.Std]; std.Version != strings.TrimPrefix(info.GoVersion, "go") || std.Licenses == nil {
		t.Errorf("the standard library is listed as %+v", std)
	}
	if d := *document.Dependencies; len(d) != 1 || len(*d[0].Dependencies) != len(listed) {
		t.Errorf("the dependencies are %+v", d)
	}
}

func TestMakeOfNoProgram(t *testing.T) {
	if _, err := Make([]io.ReaderAt{strings.NewReader("no program")}, "v1", time.Unix(0, 0), nil); err == nil {
		t.Error("a text is taken for a program")
	}
}
