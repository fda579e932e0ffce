package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/aws-auth-guard/aws-auth-guard/"

// listed is what `go list` says of a package.
type listed struct {
	ImportPath string
	Imports    []string
}

// name is the package's folder.
func (p listed) name() string { return strings.TrimPrefix(p.ImportPath, module) }

// own are the packages of this module that it imports.
func (p listed) own() []string {
	var own []string
	for _, i := range p.Imports {
		if name, ok := strings.CutPrefix(i, module); ok {
			own = append(own, name)
		}
	}
	return own
}

func packages(t *testing.T) []listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./cmd/...", "./internal/...", "./pkg/...")
	command.Dir = "../.."
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("go list names no package")
	}
	return all
}

// layers reads the table: the packages of each row, from the bottom to the top.
func layers(page string) [][]string {
	_, table, _ := strings.Cut(page, "<!-- layers: begin -->")
	table, _, _ = strings.Cut(table, "<!-- layers: end -->")
	name := regexp.MustCompile("`([a-z_/-]+)`")
	var rows [][]string
	for line := range strings.Lines(table) {
		cells := strings.SplitN(line, "|", 3)
		if len(cells) < 3 {
			continue
		}
		var row []string
		for _, m := range name.FindAllStringSubmatch(cells[1], -1) {
			row = append(row, m[1])
		}
		if len(row) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// upward are the imports that don't point down the table, and what is not in it.
func upward(rows [][]string, all []listed) []string {
	level := map[string]int{}
	for i, row := range rows {
		for _, name := range row {
			level[name] = i
		}
	}
	var wrong []string
	for _, p := range all {
		at, ok := level[p.name()]
		if !ok {
			wrong = append(wrong, p.name()+" is in no row of the table in CONTRIBUTING.md")
			continue
		}
		for _, i := range p.own() {
			if below, ok := level[i]; ok && below >= at {
				wrong = append(wrong, p.name()+" imports "+i+", which does not stand in a row above it")
			}
		}
	}
	for name := range level {
		if !slices.ContainsFunc(all, func(p listed) bool { return p.name() == name }) {
			wrong = append(wrong, name+" is in the table in CONTRIBUTING.md, and there is no such package")
		}
	}
	slices.Sort(wrong)
	return wrong
}

func TestImportsPointDown(t *testing.T) {
	page, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range upward(layers(string(page)), packages(t)) {
		t.Error(problem)
	}
}

// TestTheEngineIsPure holds that what others may import brings no client, no server and nothing of the programs.
func TestTheEngineIsPure(t *testing.T) {
	banned := []string{module + "internal/", module + "cmd/", "net/http", "k8s.io/client-go/", "sigs.k8s.io/controller-runtime/", "github.com/prometheus/"}
	for _, p := range packages(t) {
		if !strings.HasPrefix(p.name(), "pkg/") {
			continue
		}
		for _, i := range p.Imports {
			if slices.ContainsFunc(banned, func(b string) bool { return strings.HasPrefix(i, b) }) {
				t.Errorf("%s imports %s", p.name(), i)
			}
		}
	}
}

func TestAnArrowThatPointsUpIsSeen(t *testing.T) {
	rows := layers("<!-- layers: begin -->\n| folder | job |\n|---|---|\n| `pkg/a` | below |\n| `pkg/b`, `pkg/c` | above |\n<!-- layers: end -->\n")
	for name, tt := range map[string]struct {
		imports map[string]string
		want    []string
	}{
		"down":      {map[string]string{"pkg/a": "fmt", "pkg/b": module + "pkg/a", "pkg/c": module + "pkg/a"}, nil},
		"up":        {map[string]string{"pkg/a": module + "pkg/b", "pkg/b": "fmt", "pkg/c": "fmt"}, []string{"pkg/a imports pkg/b, which does not stand in a row above it"}},
		"sideways":  {map[string]string{"pkg/a": "fmt", "pkg/b": module + "pkg/c", "pkg/c": "fmt"}, []string{"pkg/b imports pkg/c, which does not stand in a row above it"}},
		"not there": {map[string]string{"pkg/a": "fmt", "pkg/b": "fmt"}, []string{"pkg/c is in the table in CONTRIBUTING.md, and there is no such package"}},
		"unlisted": {map[string]string{"pkg/a": "fmt", "pkg/b": "fmt", "pkg/c": "fmt", "pkg/d": "fmt"},
			[]string{"pkg/d is in no row of the table in CONTRIBUTING.md"}},
	} {
		t.Run(name, func(t *testing.T) {
			var all []listed
			for p, i := range tt.imports {
				all = append(all, listed{ImportPath: module + p, Imports: []string{i}})
			}
			if got := upward(rows, all); !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
