// Bench measures the guard's engine against the authenticator's own reader on the same bytes, in one run, and
// prints the ratios. The figures say nothing about another machine; the ratios hardly change from one to another.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper/configmap"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func main() {
	logrus.SetOutput(io.Discard)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "entries\tbytes\tstyle\tParseMap\tread\tread and check\tratio\t")
	for _, style := range []struct {
		name string
		text func(int) string
	}{{"block", block}, {"JSON", asJSON}} {
		for _, n := range []int{10, 1000, 6000} {
			data := map[string]string{"mapRoles": style.text(n)}
			ratio, times := compare(
				func() { _, _, _, _ = configmap.ParseMap(data) },
				func() { awsauth.Read(data) },
				func() { validate.Check(awsauth.Read(data), validate.Options{}) },
			)
			fmt.Fprintf(w, "%d\t%d\t%s\t%v\t%v\t%v\t%.2f\t\n", n, len(data["mapRoles"]), style.name, times[0], times[1], times[2], ratio)
		}
	}
	w.Flush()
}

// rounds is odd, so that the median is one of the measurements.
const rounds = 9

// compare runs the functions in turn, many times, and gives the median of each and the ratio of the last to the
// first. Taking turns spreads the disturbances of a busy machine over all of them.
func compare(functions ...func()) (float64, []time.Duration) {
	repeat := 0
	for start := time.Now(); time.Since(start) < 20*time.Millisecond; repeat++ {
		functions[0]()
	}
	all := make([][]time.Duration, len(functions))
	for range rounds {
		for i, f := range functions {
			start := time.Now()
			for range repeat {
				f()
			}
			all[i] = append(all[i], time.Since(start)/time.Duration(repeat))
		}
	}
	medians := make([]time.Duration, len(functions))
	for i := range all {
		slices.Sort(all[i])
		medians[i] = all[i][rounds/2].Round(time.Microsecond)
	}
	return float64(medians[len(medians)-1]) / float64(medians[0]), medians
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
