package validate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// TestNoiseDoesNotHideWhatAnEditBringsIn: however much was wrong before, and however much of it comes at once, the last
// finding of an edit is there.
func TestNoiseDoesNotHideWhatAnEditBringsIn(t *testing.T) {
	noise := strings.Repeat("- 1\n", maxPerRule+10)
	rule := "entry-not-a-mapping"
	count := func(findings []Finding, touched bool) int {
		n := 0
		for _, f := range findings {
			if f.Rule == rule && f.Touched == touched {
				n++
			}
		}
		return n
	}
	read := func(text string) *awsauth.Document { return awsauth.Read(map[string]string{"mapRoles": text}) }
	edited := CheckEdit(read(noise), read(noise+"- rolearn: arn:aws:sts::111122223333:assumed-role/qa/session\n  username: qa\n"), Options{})
	if last := edited[len(edited)-1]; last.Rule != "arn-kind" || !last.Touched {
		t.Errorf("the entry after the noise: %+v", last)
	}
	if n := count(edited, false); n != maxPerRule {
		t.Errorf("%d findings from before", n)
	}
	if n := count(CheckEdit(nil, read(noise), Options{}), true); n != maxPerRule {
		t.Errorf("%d findings of a new map", n)
	}
	if n := count(Check(read(noise), Options{}), false); n != maxPerRule {
		t.Errorf("%d findings of a map by itself", n)
	}
	var sessions strings.Builder
	for i := range maxPerRule + 10 {
		fmt.Fprintf(&sessions, "- rolearn: arn:aws:sts::111122223333:assumed-role/qa/s%d\n  username: qa\n", i)
	}
	rule = "arn-kind"
	mixed := CheckEdit(read(sessions.String()), read(sessions.String()+"- rolearn: arn:aws:sts::111122223333:assumed-role/qa/new\n  username: qa\n"), Options{})
	if n := count(mixed, true); n != 1 || count(mixed, false) != maxPerRule {
		t.Errorf("%d findings that the edit brings in, want the one after the noise", n)
	}
}
