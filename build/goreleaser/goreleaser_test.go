package goreleaser

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/goreleaser/goreleaser/v2/pkg/config"

	"github.com/aws-auth-guard/aws-auth-guard/build/program"
)

var repository = filepath.Join("..", "..")

// load reads the configuration as goreleaser does: an unknown field is an error.
func load(t *testing.T) config.Project {
	t.Helper()
	project, err := config.Load(filepath.Join(repository, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// TestBuilds holds the releases to build/program: the same flags, the same environment, the same platforms.
func TestBuilds(t *testing.T) {
	platforms := map[string][]string{"kubectl-aws_auth": {"linux", "darwin", "windows"}, "webhook": {"linux"}}
	builds := load(t).Builds
	if len(builds) != len(platforms) {
		t.Fatalf("%d programs are released", len(builds))
	}
	for _, b := range builds {
		if !slices.Equal(b.Goos, platforms[b.ID]) || !slices.Equal(b.Goarch, []string{"amd64", "arm64"}) {
			t.Errorf("%s is built for %v on %v", b.ID, b.Goos, b.Goarch)
		}
		if b.Main != "./cmd/"+b.ID || b.Binary != b.ID {
			t.Errorf("%s is built from %s as %s", b.ID, b.Main, b.Binary)
		}
		if _, err := os.Stat(filepath.Join(repository, filepath.FromSlash(b.Main), "main.go")); err != nil {
			t.Error(err)
		}
		arguments := slices.Concat([]string(b.Flags), []string{"-ldflags"}, []string(b.Ldflags))
		if wanted := program.Arguments("{{ .Tag }}"); !slices.Equal(arguments, wanted) {
			t.Errorf("%s is built by %q, wanted %q", b.ID, arguments, wanted)
		}
		environment := slices.Clone(b.Env)
		for _, level := range b.Goamd64 {
			environment = append(environment, "GOAMD64="+level)
		}
		for _, level := range b.Goarm64 {
			environment = append(environment, "GOARM64="+level)
		}
		wanted := slices.DeleteFunc(program.Platform{}.Environment(), func(s string) bool { return strings.HasPrefix(s, "GOOS=") || strings.HasPrefix(s, "GOARCH=") })
		if slices.Sort(environment); !slices.Equal(environment, slices.Sorted(slices.Values(wanted))) {
			t.Errorf("%s is built with %v, wanted %v", b.ID, environment, wanted)
		}
		if b.ModTimestamp != "{{ .CommitTimestamp }}" {
			t.Errorf("%s has the time %q", b.ID, b.ModTimestamp)
		}
	}
}

// TestArchives wants what .krew.yaml downloads to be what is released, with the licenses in it.
func TestArchives(t *testing.T) {
	krew, err := os.ReadFile(filepath.Join(repository, ".krew.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	project := load(t)
	released := 0
	for _, a := range project.Archives {
		if !slices.Equal(a.Formats, []string{"tar.gz"}) || !slices.Equal(a.IDs, []string{a.ID}) {
			t.Errorf("%s is packed as %v from %v", a.ID, a.Formats, a.IDs)
		}
		var sources []string
		for _, f := range a.Files {
			sources = append(sources, f.Source)
			if f.Info.MTime != "{{ .CommitDate }}" {
				t.Errorf("%s: %s has the time %q", a.ID, f.Source, f.Info.MTime)
			}
		}
		for _, wanted := range []string{"LICENSE", "release/NOTICES"} {
			if !slices.Contains(sources, wanted) {
				t.Errorf("%s comes without %s", a.ID, wanted)
			}
		}
		if a.ID != "kubectl-aws_auth" {
			continue
		}
		if !slices.Contains(sources, "docs/man/*.1") {
			t.Errorf("%s comes without its manual pages", a.ID)
		}
		for _, system := range project.Builds[0].Goos {
			for _, architecture := range project.Builds[0].Goarch {
				if system == "windows" && architecture == "arm64" {
					continue // krew knows no such machine
				}
				released++
				name := expand(t, a.NameTemplate, map[string]string{"Tag": "TAG", "Os": system, "Arch": architecture})
				address := "https://github.com/" + project.Release.GitHub.Owner + "/" + project.Release.GitHub.Name + "/releases/download/TAG/" + name + ".tar.gz"
				if !strings.Contains(strings.ReplaceAll(string(krew), "{{ .TagName }}", "TAG"), address) {
					t.Errorf(".krew.yaml does not download %s", address)
				}
			}
		}
	}
	if downloads := strings.Count(string(krew), "addURIAndSha"); downloads != released {
		t.Errorf(".krew.yaml downloads %d archives, %d are released", downloads, released)
	}
}

// TestEverythingIsCovered wants an SBOM for each program, checksums that are signed, and image and chart published once.
func TestEverythingIsCovered(t *testing.T) {
	project := load(t)
	var listed []string
	for _, s := range project.SBOMs {
		listed = append(listed, s.IDs...)
		if !slices.Contains(s.Args, "-package=./cmd/"+s.ID) || s.Cmd != "go" || s.Artifacts != "binary" {
			t.Errorf("the SBOM of %s is made by %s %v", s.ID, s.Cmd, s.Args)
		}
	}
	for _, b := range project.Builds {
		if !slices.Contains(listed, b.ID) {
			t.Errorf("%s has no SBOM", b.ID)
		}
	}
	if len(project.Signs) != 1 || project.Signs[0].Artifacts != "checksum" || project.Signs[0].Cmd != "cosign" {
		t.Errorf("signed is %+v", project.Signs)
	}
	if project.Checksum.Algorithm != "sha256" || len(project.Checksum.ExtraFiles) != len(project.Release.ExtraFiles) {
		t.Errorf("the checksums do not cover what is released: %+v", project.Checksum)
	}
	var published []string
	for _, p := range project.Publishers {
		published = append(published, p.Cmd)
		if !slices.Equal(p.IDs, []string{"none"}) || len(p.ExtraFiles) != 1 {
			t.Errorf("%q does not run once: %v, %v", p.Name, p.IDs, p.ExtraFiles)
		}
	}
	for _, wanted := range []string{"./image -root", "cosign sign --yes --recursive ghcr.io/aws-auth-guard/aws-auth-guard@", "helm push", "cosign sign --yes ghcr.io/aws-auth-guard/charts/aws-auth-guard:"} {
		if !slices.ContainsFunc(published, func(command string) bool { return strings.Contains(command, wanted) }) {
			t.Errorf("no publisher runs %q", wanted)
		}
	}
}

// TestPaths wants every file that the configuration names and that is in the repository to be there.
func TestPaths(t *testing.T) {
	project := load(t)
	var globs []string
	for _, a := range project.Archives {
		for _, f := range a.Files {
			globs = append(globs, f.Source)
		}
	}
	for _, f := range project.Release.ExtraFiles {
		globs = append(globs, f.Glob)
	}
	for _, glob := range globs {
		if strings.HasPrefix(glob, "release/") {
			continue // made by the hooks
		}
		if found, err := filepath.Glob(filepath.Join(repository, filepath.FromSlash(glob))); err != nil || len(found) == 0 {
			t.Errorf("%s is not there: %v", glob, err)
		}
	}
}

func expand(t *testing.T, text string, with map[string]string) string {
	t.Helper()
	parsed, err := template.New("").Option("missingkey=error").Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := parsed.Execute(&b, with); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestTemplates wants every template to parse, and to name only what goreleaser fills in.
func TestTemplates(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for _, name := range []string{"Tag", "Version", "FullCommit", "CommitDate", "CommitTimestamp", "Os", "Arch", "ArtifactName"} {
		known[name] = name
	}
	functions := template.FuncMap{"envOrDefault": func(_, value string) string { return value }}
	parsed, err := template.New("").Funcs(functions).Option("missingkey=error").Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Execute(&strings.Builder{}, known); err != nil {
		t.Error(err)
	}
}
