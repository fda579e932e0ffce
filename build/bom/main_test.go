package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"

	"github.com/aws-auth-guard/aws-auth-guard/build/program"
)

// TestRun writes the SBOM of this very command, every module with its license.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	o := options{
		root: "..", packageName: "./bom", binary: filepath.Join(dir, "bom"), out: filepath.Join(dir, "bom.cdx.json"),
		platform: program.Platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}, version: "v1.2.3", time: time.Unix(0, 0),
	}
	if err := run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "bom") {
		t.Errorf("of a program that is not there it says %v", err)
	}
	if err := (program.Build{Root: o.root, Package: o.packageName, Platform: o.platform, Version: o.version}).Run(t.Context(), o.binary); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	text, err := os.Open(o.out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = text.Close() })
	var document cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(text, cyclonedx.BOMFileFormatJSON).Decode(&document); err != nil {
		t.Fatal(err)
	}
	if m := document.Metadata; m.Component.Version != o.version || m.Timestamp != "1970-01-01T00:00:00Z" {
		t.Errorf("it is about %s at %s", m.Component.Version, m.Timestamp)
	}
	if len(*document.Components) < 3 {
		t.Errorf("it lists %+v", *document.Components)
	}
	for _, c := range *document.Components {
		if c.Licenses == nil {
			t.Errorf("%s is listed without a license", c.Name)
		}
	}
}
