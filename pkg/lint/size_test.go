package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// aboutSize counts what is said of the size of the map in a file: findings, and notes that it could not be read for it.
func aboutSize(text string) (findings, notes int) {
	f := manifest.Read("x", text)
	for _, d := range f.Documents {
		_, all := New(policy.Default()).Check(d)
		for _, v := range all {
			if v.Rule == "map-size" {
				findings++
			}
		}
	}
	for _, n := range f.Notes {
		if strings.Contains(n.Message, "larger than 1 MiB") {
			notes++
		}
	}
	return findings, notes
}

// sized are texts of mapRoles of so many bytes.
func sized(bytes int) string {
	return "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n# " + strings.Repeat("x", bytes) + "\n"
}

// TestSize_carriers: a map that is nearly too large is reported once, whatever carries it.
func TestSize_carriers(t *testing.T) {
	const bytes = 1000 << 10
	files := textCarriers(sized(bytes))
	var entries []entry
	for i := range 100 {
		entries = append(entries, entry{ARN: fmt.Sprintf("arn:aws:iam::111122223333:role/%d", i), Username: strings.Repeat("u", bytes/100-50)})
	}
	maps.Copy(files, nativeCarriers(entries))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if findings, _ := aboutSize(files[name]); findings != 1 {
			t.Errorf("%s: %d findings about the size", name, findings)
		}
	}
}

// TestSize_bounds: half of the limit is too much for kubectl apply alone; over it the file is reported, or noted where its reader stops.
func TestSize_bounds(t *testing.T) {
	for carrier, half := range map[string]int{"JSON": 1, "heredoc": 0} {
		if findings, notes := aboutSize(textCarriers(sized(512 << 10))[carrier]); findings != half || notes != 0 {
			t.Errorf("%s, half: %d findings, %d notes", carrier, findings, notes)
		}
		if findings, notes := aboutSize(textCarriers(sized(1100 << 10))[carrier]); findings+notes != 1 {
			t.Errorf("%s, over: %d findings, %d notes", carrier, findings, notes)
		}
	}
}

// TestSize_applied: what kubectl can't apply without --server-side is a warning where kubectl applies it.
func TestSize_applied(t *testing.T) {
	for carrier, want := range map[string]int{"JSON": 1, "plan": 0, "heredoc": 0, "Crossplane": 0} {
		if findings, notes := aboutSize(textCarriers(sized(257 << 10))[carrier]); findings != want || notes != 0 {
			t.Errorf("%s: %d findings, want %d, %d notes", carrier, findings, want, notes)
		}
		if findings, _ := aboutSize(textCarriers(sized(200 << 10))[carrier]); findings != 0 {
			t.Errorf("%s, smaller: %d findings", carrier, findings)
		}
	}
}
