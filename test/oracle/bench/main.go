// Bench measures the guard's engine against the authenticator's own reader on the same bytes, in one run, and writes
// what it has measured as JSON, for test/bench.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper/configmap"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// row is what one map takes.
type row struct {
	Entries, Bytes int
	Style          string
	ParseMap       cost
	Read, Decide   cost
}

// cost is the processor time in nanoseconds and what is allocated meanwhile.
type cost struct{ Time, Bytes, Allocations int64 }

func main() {
	logrus.SetOutput(io.Discard)
	if err := json.NewEncoder(os.Stdout).Encode(measure()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure() []row {
	var rows []row
	for _, style := range []struct {
		name string
		text func(int) string
	}{{"block", block}, {"JSON", asJSON}} {
		for _, n := range []int{10, 100, 1000, 6000} {
			data := map[string]string{"mapRoles": style.text(n)}
			costs := compare(
				func() { _, _, _, _ = configmap.ParseMap(data) },
				func() { awsauth.Read(data) },
				func() { validate.Check(awsauth.Read(data), validate.Options{}) },
			)
			rows = append(rows, row{n, len(data["mapRoles"]), style.name, costs[0], costs[1], costs[2]})
		}
	}
	return rows
}

// rounds is odd, so that the median is one of the measurements.
const rounds = 9

// processorTime is what this process has used so far, its garbage collection included: unlike the clock it does not count
// what other processes do.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // It can't fail with these arguments.
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// compare runs the functions in turn, many times, and gives the median of each. Taking turns spreads the disturbances of
// a busy machine over all of them.
func compare(functions ...func()) []cost {
	repeat := 0
	for start := time.Now(); time.Since(start) < 20*time.Millisecond; repeat++ {
		functions[0]()
	}
	all := make([][]int64, len(functions))
	costs := make([]cost, len(functions))
	for range rounds {
		for i, f := range functions {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := processorTime()
			for range repeat {
				f()
			}
			all[i] = append(all[i], int64(processorTime()-start)/int64(repeat))
			runtime.ReadMemStats(&after)
			costs[i].Bytes = int64(after.TotalAlloc-before.TotalAlloc) / int64(repeat)
			costs[i].Allocations = int64(after.Mallocs-before.Mallocs) / int64(repeat)
		}
	}
	for i := range all {
		slices.Sort(all[i])
		costs[i].Time = all[i][rounds/2]
	}
	return costs
}

func block(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "- rolearn: arn:aws:iam::111122223333:role/team-%05d\n  username: team-%05d:{{SessionName}}\n  groups:\n  - team-%05d:developers\n  - team-%05d:viewers\n", i, i, i, i)
	}
	return b.String()
}

func asJSON(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"rolearn":"arn:aws:iam::111122223333:role/team-%05d","username":"team-%05d:{{SessionName}}","groups":["team-%05d:developers","team-%05d:viewers"]}`, i, i, i, i)
	}
	return "[" + strings.TrimPrefix(b.String(), ",") + "]"
}
