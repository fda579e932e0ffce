package awsauth

import (
	"strings"
	"testing"
)

// BenchmarkFault finds the fault of a map of the usual size, and of one that is as large as maps can be.
func BenchmarkFault(b *testing.B) {
	const entry = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - devs\n  - viewers\n"
	for name, n := range map[string]int{"small": 10, "large": 9000} {
		text := strings.Repeat(entry, n) + " " + entry + entry
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if f, ok := Read(map[string]string{"mapRoles": text}).Roles.Fault(); !ok || name == "small" && f.Move == nil {
					b.Fatalf("%+v", f)
				}
			}
		})
	}
}
