//go:build unix

package admission

import (
	"maps"
	"slices"
	"syscall"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/test/hostile"
)

// hostileSize is what a ConfigMap can hold.
const hostileSize = 1 << 20

// measure reports the processor's time besides that of the clock, which other work on the machine stretches.
func measure(b *testing.B, decide func()) {
	b.ReportAllocs()
	before := processor(b)
	for b.Loop() {
		decide()
	}
	b.ReportMetric(float64((processor(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
}

func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkHostile decides about the dearest texts there are, each created, and added to a map that holds it.
func BenchmarkHostile(b *testing.B) {
	p := policy.Default()
	const more = "- rolearn: arn:aws:iam::111122223333:role/team/z\n  username: Z\n"
	run := func(name string, r *Request) {
		b.Run(name+"/mutate", func(b *testing.B) { measure(b, func() { Mutate(p, r, r.change()) }) })
		b.Run(name+"/validate", func(b *testing.B) { measure(b, func() { Validate(p, r, r.change()) }) })
	}
	texts := hostile.Texts(hostileSize)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		for _, key := range awsauth.Keys() {
			created := map[string]string{string(key): texts[name] + more}
			run(name+"/"+string(key)+"/create", edit(nil, created))
			run(name+"/"+string(key)+"/edit", edit(map[string]string{string(key): texts[name]}, created))
		}
	}
	edits := hostile.Edits(hostileSize)
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		run(name, edit(edits[name].Old, edits[name].New))
	}
}

// edit is a step of somebody who authenticated through the entry that hostile texts are about.
func edit(old, updated map[string]string) *Request {
	r := request("x", person, "", "")
	r.User.Extra = map[string]authenticationv1.ExtraValue{extraARN: {"arn:aws:sts::111122223333:assumed-role/b/session"}}
	r.New = withData(updated)
	if old != nil {
		r.Operation, r.Old = admissionv1.Update, withData(old)
	}
	return r
}
