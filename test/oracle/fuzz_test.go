package oracle

import (
	"testing"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

// FuzzRead checks that pkg/awsauth reads any map as the authenticator does and lets the same callers in, that it reports
// what follows the first document, and that no accepted text is without nodes. The texts are taken as they are where one
// is given, else they are composed from the script.
func FuzzRead(f *testing.F) {
	addMaps(f)
	addTails(f)
	real := authenticator.Start(f)
	f.Fuzz(func(t *testing.T, roles, users, accounts string, script []byte) {
		data := mapOf(roles, users, accounts, script)
		if tooLong(data) {
			t.Skip("longer than what is interesting here")
		}
		doc := compareRead(t, data)
		if !t.Failed() {
			checkEnds(t, data)
			compareResolve(t, real, doc)
		}
	})
}

// addMaps seeds a fuzz target with the table and with scripts that reach every choice of the composer.
func addMaps(f *testing.F) {
	for _, c := range cases.All() {
		f.Add(c.Data["mapRoles"], c.Data["mapUsers"], c.Data["mapAccounts"], []byte(nil))
	}
	for seed := range 200 {
		f.Add("", "", "", script(seed))
	}
}

// script is a long script of the composer, the same for the same seed.
func script(seed int) []byte {
	bytes := make([]byte, 400)
	state := uint32(seed)*2654435761 + 1
	for i := range bytes {
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		bytes[i] = byte(state >> 8)
	}
	return bytes
}

// mapOf is the map that a fuzz input stands for.
func mapOf(roles, users, accounts string, script []byte) map[string]string {
	if roles+users+accounts == "" {
		roles, users, accounts = compose(script)
	}
	return map[string]string{"mapRoles": roles, "mapUsers": users, "mapAccounts": accounts}
}

// tooLong keeps one input from eating the fuzzer's time; big maps are the benchmarks' business.
func tooLong(data map[string]string) bool {
	total := 0
	for _, text := range data {
		total += len(text)
	}
	return total > 16<<10
}

// FuzzCanonicalize checks that pkg/arn accepts the callers that the authenticator accepts and looks for the same ARN.
func FuzzCanonicalize(f *testing.F) {
	for _, c := range cases.All() {
		for _, call := range c.Calls {
			f.Add(call.Caller.ARN)
		}
		for _, e := range append(c.Kept.Roles, c.Kept.Users...) {
			f.Add(e.ARN)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, wantErr := authenticator.Canonicalize(s)
		got, err := arn.Canonicalize(s)
		if got != want || (err == nil) != (wantErr == nil) {
			t.Errorf("%q: pkg/arn gives %q, %v; the authenticator %q, %v", s, got, err, want, wantErr)
		}
		if err == nil && utf8.ValidString(s) && got == "" {
			t.Errorf("%q has an empty canonical form", s)
		}
	})
}
