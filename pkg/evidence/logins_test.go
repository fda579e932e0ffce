package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestFields(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want map[string]string
	}{
		"as logrus writes it": {`time="2026-11-26T23:00:00Z" level=info msg="access granted" groups="[a b]" path=/authenticate`,
			map[string]string{"time": "2026-11-26T23:00:00Z", "level": "info", "msg": "access granted", "groups": "[a b]", "path": "/authenticate"}},
		"quotes in it":     {`error="a \"b\" c=d\n" x=y`, map[string]string{"error": "a \"b\" c=d\n", "x": "y"}},
		"nothing":          {`session= username=`, map[string]string{"session": "", "username": ""}},
		"JSON":             {`{"msg":"access granted","groups":["a","b"],"n":1}`, map[string]string{"msg": "access granted", "groups": "a,b"}},
		"no fields":        {"I1126 23:00:00 main.go:1] hello", nil},
		"an open quote":    {`msg="access`, nil},
		"a broken escape":  {`msg="\z"`, nil},
		"JSON that ends":   {`{"msg":`, nil},
		"a quoted name":    {`"a"=b`, nil},
		"nothing before =": {`=b`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := fieldsOf(c.line)
			if (err == nil) != (c.want != nil) || !maps.Equal(got, c.want) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

const dev = "arn:aws:iam::111122223333:role/dev"

func answer(day int, what, principal, client, more string) string {
	return fmt.Sprintf(`time="2026-11-%02dT23:00:00Z" level=info msg=%q arn=%q client=%q %smethod=POST path=/authenticate`, day, what, principal, client, more)
}

func authLog(t testing.TB, lines ...string) *AuthLog {
	t.Helper()
	a := NewAuthLog()
	if err := a.Read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestLogins(t *testing.T) {
	session := "arn:aws:sts::111122223333:assumed-role/dev/zoe"
	const unmapped = `error="identity is not mapped" `
	a := authLog(t,
		answer(3, "access denied", dev, "127.0.0.1:1", unmapped), // out of order, without an answer of STS
		answer(1, "STS response", session, "127.0.0.1:2", ""),
		answer(1, "STS response", "arn:aws:sts::111122223333:assumed-role/other/x", "127.0.0.1:3", ""),
		answer(1, "access denied", dev, "127.0.0.1:2", unmapped),
		answer(2, "access denied", dev, "127.0.0.1:3", unmapped), // the answer of STS is about another one
		answer(5, "access granted", "arn:aws:iam::111122223333:role/Ops", "127.0.0.1:4", ""),
		answer(4, "access granted", "arn:aws:iam::111122223333:role/ops", "127.0.0.1:4", ""),
		`time="2026-11-05T23:00:00Z" level=warning msg="access denied" client="127.0.0.1:5" error="input token was not properly formatted: X-Amz-Date parameter is expired (15 minute expiration) 2026-11-05 22:00:00 +0000 UTC"`,
		`time="2026-11-06T23:00:00Z" level=warning msg="access denied" client="127.0.0.1:5" error="input token was not properly formatted: X-Amz-Date parameter is expired (15 minute expiration) 2026-11-06 22:01:00 +0000 UTC"`,
		`time="2026-11-06T23:00:00Z" level=info msg="Received aws-auth watch event"`,
		`{"msg": broken`, "hello",
	)
	if a.Granted != 2 || a.Denied != 5 || a.Counts.Broken != 1 || a.Counts.Foreign != 1 || a.Span.From.Day() != 1 || a.Span.To.Day() != 6 {
		t.Errorf("%+v", a)
	}
	var got []string
	for _, d := range a.Denials() {
		got = append(got, fmt.Sprint(d.ARN, " ", d.Why, " ", d.Count, " ", d.First.Day(), "-", d.Last.Day(), " ", d.Callers))
	}
	want := []string{
		" input token was not properly formatted: X-Amz-Date parameter is expired (15 minute expiration) … 2 5-6 []",
		dev + " identity is not mapped 3 1-3 [" + session + "]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if u := a.Use("ARN:aws:iam::111122223333:role/OPS"); u == nil || u.Count != 2 || u.First.Day() != 4 || u.Last.Day() != 5 {
		t.Errorf("%+v", u)
	}
	if a.Use(dev) != nil || a.Missing(6) != 0 || a.Missing(8) != 2 {
		t.Errorf("%v %d", a.Use(dev), a.Missing(8))
	}
}

// FuzzAuthLog holds that no log breaks the reading of the authenticator's lines, and that its bounds hold.
func FuzzAuthLog(f *testing.F) {
	f.Add(answer(1, "STS response", dev, "c", "") + "\n" + answer(1, "access denied", dev, "c", `error="x" `))
	f.Add(answer(1, "access granted", dev, "c", "groups=\"[a]\" "))
	f.Add(`{"msg":"access denied","error":"x","arn":"y","time":"2026-11-26T23:00:00Z"}`)
	f.Add(`2026-11-26T23:00:00.000Z authenticator-0 time="x" msg="access denied"`)
	f.Fuzz(func(t *testing.T, log string) {
		a := authLog(t, log)
		count := a.Untold
		for _, d := range a.Denials() {
			if count += d.Count; len(d.ARN) > maxText || len(d.Callers) > maxCallers || d.Last.Before(d.First) {
				t.Errorf("%+v", d)
			}
		}
		if count != a.Denied {
			t.Errorf("%d refusals in rows, %d in all", count, a.Denied)
		}
	})
}
