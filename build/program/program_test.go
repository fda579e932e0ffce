package program

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// module writes a module that is called as the project is, with a program that prints its version.
func module(t *testing.T, folder, code string) string {
	t.Helper()
	for name, text := range map[string]string{
		"go.mod":                      "module github.com/aws-auth-guard/aws-auth-guard\n\ngo 1.26\n",
		"go.sum":                      "",
		"internal/version/version.go": "package version\n\nvar release string\n\nfunc Release() string { return release }\n",
		"cmd/tell/main.go":            code,
		"pkg/empty/empty.go":          "package empty\n",
		"docs/page.md":                "no source\n",
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const tell = `package main

import "github.com/aws-auth-guard/aws-auth-guard/internal/version"

func main() { println(version.Release()) }
`

func build(t *testing.T, root string, platform Platform) ([]byte, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tell")
	if err := (Build{Root: root, Package: "./cmd/tell", Platform: platform, Version: "v1.2.3"}).Run(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return binary, path
}

// TestBuild builds in two folders, with settings in the environment that change what go builds, and gets the same bytes.
func TestBuild(t *testing.T) {
	here := Platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}
	first := module(t, t.TempDir(), tell)
	binary, path := build(t, first, here)
	if output, err := exec.CommandContext(t.Context(), path).CombinedOutput(); err != nil || strings.TrimSpace(string(output)) != "v1.2.3" {
		t.Errorf("it prints the version %q: %v", output, err)
	}

	t.Setenv("GOFLAGS", "-tags=other")
	t.Setenv("GOAMD64", "v2")
	t.Setenv("CGO_ENABLED", "1")
	second := filepath.Join(t.TempDir(), "a", "folder", "elsewhere")
	if err := CopySource(first, second); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(second, "docs")); !os.IsNotExist(err) {
		t.Errorf("what nothing is built from is copied: %v", err)
	}
	if again, _ := build(t, second, here); !bytes.Equal(binary, again) {
		t.Error("the bytes of the program depend on the folder or on the environment")
	}
	if bytes.Contains(binary, []byte(first)) {
		t.Error("the program names the folder it was built in")
	}
}

// TestPlatforms builds for what is released, for the least processor of each.
func TestPlatforms(t *testing.T) {
	root := module(t, t.TempDir(), tell)
	for platform, level := range map[Platform]string{
		{OS: "linux", Architecture: "arm64"}: "GOARM64=v8.0", {OS: "windows", Architecture: "amd64"}: "GOAMD64=v1", {OS: "darwin", Architecture: "arm64"}: "GOARM64=v8.0",
	} {
		_, path := build(t, root, platform)
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		settings := map[string]bool{}
		for _, s := range info.Settings {
			settings[s.Key+"="+s.Value] = true
		}
		for _, wanted := range []string{"GOOS=" + platform.OS, "GOARCH=" + platform.Architecture, level, "CGO_ENABLED=0", "-trimpath=true"} {
			if !settings[wanted] {
				t.Errorf("%s: %s is not among %v", platform, wanted, info.Settings)
			}
		}
	}
}

// TestBuildError wants what the compiler says.
func TestBuildError(t *testing.T) {
	root := module(t, t.TempDir(), "package main\n\nfunc main() { missing() }\n")
	err := Build{Root: root, Package: "./cmd/tell", Platform: Platform{OS: "linux", Architecture: "amd64"}}.Run(t.Context(), filepath.Join(t.TempDir(), "tell"))
	if err == nil || !strings.Contains(err.Error(), "linux/amd64") || !strings.Contains(err.Error(), "undefined: missing") {
		t.Errorf("it says %v", err)
	}
}

func TestCopySourceMissing(t *testing.T) {
	if err := CopySource(t.TempDir(), filepath.Join(t.TempDir(), "to")); err == nil {
		t.Error("a folder without source is copied")
	}
}
