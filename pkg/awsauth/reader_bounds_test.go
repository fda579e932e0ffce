package awsauth

import (
	"fmt"
	"strings"
	"testing"
)

func TestAReaderKeepsLittle(t *testing.T) {
	text := func(i, padding int) string {
		return fmt.Sprintf("- rolearn: arn:aws:iam::111122223333:role/%d\n  username: a\n# %s\n", i, strings.Repeat("x", padding))
	}
	short := strings.Repeat("- \n", 5000)
	r := NewReader()
	r.ReadAll(map[string]string{"mapRoles": short}, nil)
	if _, ok := r.recall(MapRoles, short); ok {
		t.Error("5,000 entries are kept because they are short")
	}
	for padding, want := range map[int]int{0: 8, 200 << 10: 2, 300 << 10: 0} {
		r := NewReader()
		for i := range 100 {
			r.ReadAll(map[string]string{"mapRoles": text(i, padding)}, nil)
		}
		kept := 0
		for i := range 100 {
			if _, ok := r.recall(MapRoles, text(i, padding)); ok {
				kept++
			}
		}
		if kept != want {
			t.Errorf("of texts of %d bytes it keeps %d, want %d", padding, kept, want)
		}
	}
}
