package lint

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
)

// near turns a file that carries the map into one that nearly does: of another kind, deeper, inside a text, broken, beside others.
func near(r *rand.Rand, text string) string {
	switch r.IntN(12) {
	case 0:
		return regexp.MustCompile(`(?m)(kind"?: ?"?)[A-Za-z]+`).ReplaceAllString(text, "${1}Widget")
	case 1:
		return regexp.MustCompile(`(?m)(apiVersion"?: ?"?)[a-z.]+/`).ReplaceAllString(text, "${1}example.com/")
	case 2:
		return "kind: Widget\nspec:\n  deep:\n  - text: |\n" + indent(text, "      ")
	case 3:
		return asJSON(map[string]any{"a": []any{map[string]any{"b": text}}})
	case 4:
		return "kind: Pod\n---\n" + text + "\n---\nkind: Widget\nrolearn: arn:aws:iam::111122223333:role/MARK-beside\n"
	case 5:
		return strings.Replace(text, "mapRoles", pick(r, "maproles", "mapRole", "map_roles", "other", "mapUsers"), 1)
	case 6:
		return strings.Replace(text, "aws-auth", pick(r, "other", "aws-auths"), 1)
	case 7:
		return strings.Replace(text, ":", pick(r, "", "::", ": [", ":\t"), 1+r.IntN(3))
	case 8:
		at := r.IntN(len(text))
		return text[:at] + text[min(len(text), at+1+r.IntN(4)):]
	case 9:
		return "- name: x\n  value:\n" + indent(text, "    ")
	case 10:
		return regexp.MustCompile(`"?(definition|requestObject|literals|values|manifest|spec|data)"?:`).ReplaceAllString(text, "${1}x:")
	}
	return text
}

// TestMix_counted: of 1,000 files of all carriers and of what is near them, none that holds an entry of the map is counted as
// checked without that entry having been read: it is in a map that was read, or the file has a finding or a note.
func TestMix_counted(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 2))
	read, reported := 0, 0
	for i := range 1000 {
		marker := fmt.Sprintf("MARK-%d", i)
		entries := []entry{{ARN: "arn:aws:iam::111122223333:role/" + marker, Username: "dev", Groups: []string{"devs"}}}
		files := textCarriers("- rolearn: arn:aws:iam::111122223333:role/" + marker + "\n  username: dev\n")
		if r.IntN(3) == 0 {
			files = nativeCarriers(entries)
		}
		name := slices.Sorted(maps.Keys(files))[r.IntN(len(files))]
		text := files[name]
		if r.IntN(4) > 0 {
			text = near(r, text)
		}
		file := pick(r, "x.yaml", "x.json", "x", "x.yaml.j2", "kustomization.yaml", "x.tf", "x.sh", "x.txt")
		scan := manifest.Read
		if r.IntN(2) == 0 {
			scan = manifest.Scan
		}
		f := scan(file, text)
		for _, m := range regexp.MustCompile(`role/(MARK-\w+)`).FindAllStringSubmatch(text, -1) {
			switch {
			case slices.ContainsFunc(f.Documents, func(d *manifest.Document) bool {
				return slices.ContainsFunc(slices.Collect(maps.Values(d.Data)), func(text string) bool { return strings.Contains(text, m[1]) })
			}):
				read++
			case len(f.Notes)+len(f.Problems) > 0:
				reported++
			case !strings.Contains(strings.ReplaceAll(text, "\\", ""), "rolearn"):
				// Nothing is left in it by which anybody could know an entry.
			default:
				t.Errorf("%s as %s: %s was not read, and nothing says so, in\n%s", name, file, m[1], text)
			}
		}
	}
	if read < 300 || reported < 200 {
		t.Errorf("%d entries were read and %d reported: too few to say anything", read, reported)
	}
}
