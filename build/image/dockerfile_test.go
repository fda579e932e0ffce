package main

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/build/program"
)

// dockerfile reads the instructions of the Dockerfile, with the lines that they are continued on.
func dockerfile(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	var instructions []string
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", "")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			instructions = append(instructions, strings.Join(strings.Fields(line), " "))
		}
	}
	return instructions
}

// last is what follows a word in the last of the instructions that begin with it.
func last(t *testing.T, instructions []string, word string) string {
	t.Helper()
	for _, i := range slices.Backward(instructions) {
		if rest, ok := strings.CutPrefix(i, word+" "); ok {
			return rest
		}
	}
	t.Fatalf("the Dockerfile has no %s", word)
	return ""
}

// TestDockerfile holds the Dockerfile to what the image is made with here: how the program is built, and what the image says.
func TestDockerfile(t *testing.T) {
	all := dockerfile(t)

	environment := strings.Fields(last(t, all, "ENV"))
	wanted := slices.DeleteFunc(program.Platform{OS: "linux", Architecture: "amd64"}.Environment(), func(s string) bool {
		return strings.HasPrefix(s, "GOOS=") || strings.HasPrefix(s, "GOARCH=")
	})
	// The image of Go is pinned, so another Go must not be fetched.
	if wanted = append(wanted, "GOTOOLCHAIN=local"); !slices.Equal(slices.Sorted(slices.Values(environment)), slices.Sorted(slices.Values(wanted))) {
		t.Errorf("it builds with %v, wanted %v", environment, wanted)
	}

	arguments := program.Arguments("${VERSION}")
	arguments[len(arguments)-1] = `"` + arguments[len(arguments)-1] + `"`
	for _, p := range programs() {
		command := "GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build " + strings.Join(arguments, " ") + " -o /out/" + path.Base(p) + " " + p
		if !slices.ContainsFunc(all, func(i string) bool { return strings.HasSuffix(i, command) }) {
			t.Errorf("it does not build by\n%s", command)
		}
	}
	if packages := "-packages " + strings.Join(programs(), ","); !slices.ContainsFunc(all, func(i string) bool { return strings.Contains(i, packages+" ") }) {
		t.Errorf("it does not collect the notices with %s", packages)
	}

	said := map[string]string{}
	for _, m := range regexp.MustCompile(`(\S+?)="([^"]*)"`).FindAllStringSubmatch(last(t, all, "LABEL"), -1) {
		said[m[1]] = m[2]
	}
	if wanted := labels("${VERSION}", "${REVISION}"); !maps.Equal(said, wanted) {
		t.Errorf("its labels are %v, wanted %v", said, wanted)
	}
	for word, wanted := range map[string]string{
		"USER": user, "ENTRYPOINT": `["` + entrypoint + `"]`, "CMD": `["` + strings.Join(command(), `", "`) + `"]`, "WORKDIR": "/", "FROM": "scratch",
	} {
		if got := last(t, all, word); got != wanted {
			t.Errorf("%s is %s, wanted %s", word, got, wanted)
		}
	}

	// What is copied into the image, which begins with the last FROM.
	var copied []string
	for _, i := range all[slices.Index(all, "FROM scratch"):] {
		if rest, ok := strings.CutPrefix(i, "COPY "); ok {
			fields := strings.Fields(rest)
			copied = append(copied, fields[len(fields)-1])
		}
	}
	if wanted := []string{"/kubectl-aws_auth", "/licenses/LICENSE", "/licenses/NOTICES", entrypoint}; !slices.Equal(slices.Sorted(slices.Values(copied)), wanted) {
		t.Errorf("it holds %v, wanted %v", copied, wanted)
	}
}

// TestDockerfileGo wants the Dockerfile to take the Go that go.mod asks for: what an older one lacks are fixed vulnerabilities.
func TestDockerfileGo(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^toolchain go(\S+)$`).FindStringSubmatch(string(text))
	if version == nil || !slices.Contains(dockerfile(t), "ARG GO_IMAGE=golang:"+version[1]) {
		t.Errorf("the Dockerfile takes another Go than %v", version)
	}
}

// TestDockerignore wants everything that the Dockerfile copies to be sent to the builder.
func TestDockerignore(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum", "LICENSE", "cmd", "internal", "pkg", "build"} {
		if !slices.Contains(strings.Split(string(text), "\n"), "!"+name) {
			t.Errorf("%s is kept from the builder", name)
		}
	}
}
