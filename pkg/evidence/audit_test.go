package evidence

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// eventOf is an event of the audit log at a second, changed by fields that are given as JSON.
func eventOf(t testing.TB, second int, verb string, fields ...string) string {
	t.Helper()
	e := map[string]any{
		"kind": "Event", "apiVersion": "audit.k8s.io/v1", "stage": "ResponseComplete", "auditID": fmt.Sprintf("id-%d-%s", second, verb), "verb": verb,
		"requestURI": "/api/v1/namespaces/kube-system/configmaps/aws-auth?fieldManager=kubectl-edit",
		"user":       map[string]any{"username": "jane", "groups": []string{"ops"}}, "sourceIPs": []string{"203.0.113.9"}, "userAgent": "kubectl/v1.36",
		"objectRef":                map[string]any{"resource": "configmaps", "namespace": "kube-system", "name": "aws-auth", "apiVersion": "v1"},
		"responseStatus":           map[string]any{"code": 200},
		"requestReceivedTimestamp": time.Date(2026, 11, 26, 23, 0, second, 0, time.UTC).Format(time.RFC3339Nano),
	}
	for _, f := range fields {
		if err := json.Unmarshal([]byte(f), &e); err != nil {
			t.Fatalf("%v: %s", err, f)
		}
	}
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// stored is the response to a write.
func stored(uid string, version int, roles string) string {
	return fmt.Sprintf(`{"responseObject":{"kind":"ConfigMap","metadata":{"uid":%q,"resourceVersion":"%d"},"data":{"mapRoles":%q}}}`, uid, version, roles)
}

func auditLog(t testing.TB, room int64, lines ...string) *AuditLog {
	t.Helper()
	a := NewAuditLog(room)
	if err := a.Read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	return a
}

const roomy = 1 << 20

func TestWhatAnEventDoes(t *testing.T) {
	update := func(fields ...string) string {
		return eventOf(t, 1, "update", append([]string{stored("u", 5, "now")}, fields...)...)
	}
	for name, c := range map[string]struct {
		line string
		// want is the result and what was wanted, "-" for unknown; empty where nothing has changed.
		want                    string
		failed, foreign, broken int64
	}{
		"an update":               {line: update(`{"requestObject":{"kind":"ConfigMap","data":{"mapRoles":"asked"}}}`), want: "now asked"},
		"without the request":     {line: update(), want: "now -"},
		"a merge patch":           {line: eventOf(t, 1, "patch", stored("u", 5, "now"), `{"requestObject":{"data":{"mapRoles":"asked","gone":null}}}`), want: "now asked"},
		"a patch of the rest":     {line: eventOf(t, 1, "patch", stored("u", 5, "now"), `{"requestObject":{"metadata":{"labels":{"a":null}}}}`), want: "now now"},
		"a JSON patch":            {line: eventOf(t, 1, "patch", stored("u", 5, "now"), `{"requestObject":[{"op":"test","path":"/data/mapRoles","value":"x"},{"op":"replace","path":"/data/mapRoles","value":"asked"}]}`), want: "now asked"},
		"a create by EKS":         {line: eventOf(t, 1, "create", `{"responseStatus":{"code":201},"level":"Metadata"}`), want: "- -"},
		"a whole create":          {line: eventOf(t, 1, "create", `{"responseStatus":{"code":201}}`, stored("u", 5, "now")), want: "now -"},
		"a delete":                {line: eventOf(t, 1, "delete", `{"responseObject":{"kind":"Status","details":{"uid":"u"}}}`), want: "gone"},
		"a collection":            {line: eventOf(t, 1, "deletecollection", `{"objectRef":{"resource":"configmaps","namespace":"kube-system"}}`), want: "perhaps"},
		"objects left out":        {line: eventOf(t, 1, "update", `{"annotations":{"audit.k8s.io/truncated":"true"}}`), want: "cut"},
		"refused":                 {line: update(`{"responseStatus":{"code":403},"responseObject":{"kind":"Status"}}`), failed: 1},
		"a conflict":              {line: update(`{"responseStatus":{"code":409}}`), failed: 1},
		"a dry run":               {line: update(`{"requestURI":"/x?dryRun=All&fieldManager=k"}`), failed: 1},
		"a dry run of a delete":   {line: eventOf(t, 1, "delete", `{"requestObject":{"kind":"DeleteOptions","dryRun":["All"]}}`), failed: 1},
		"a read":                  {line: eventOf(t, 1, "get")},
		"another stage":           {line: update(`{"stage":"ResponseStarted"}`)},
		"another namespace":       {line: update(`{"objectRef":{"resource":"configmaps","namespace":"default","name":"aws-auth"}}`)},
		"another name":            {line: update(`{"objectRef":{"resource":"configmaps","namespace":"kube-system","name":"aws-auth-2"}}`)},
		"another resource":        {line: update(`{"objectRef":{"resource":"secrets","namespace":"kube-system","name":"aws-auth"}}`)},
		"another group":           {line: update(`{"objectRef":{"apiGroup":"x","resource":"configmaps","namespace":"kube-system","name":"aws-auth"}}`)},
		"no object":               {line: update(`{"objectRef":null}`)},
		"about nothing of ours":   {line: eventOf(t, 1, "get", `{"objectRef":null,"requestURI":"/healthz"}`)},
		"no event":                {line: `{"kind":"Pod","metadata":{"name":"aws-auth"}}`, foreign: 1},
		"no event either":         {line: `{"a":1}`, foreign: 1},
		"a line of text":          {line: "hello aws-auth", foreign: 1},
		"no JSON":                 {line: `{"kind": aws-auth}`, broken: 1},
		"no JSON at all":          {line: `{"kind": something}`, broken: 1},
		"a field of another type": {line: update(`{"sourceIPs":"203.0.113.9"}`), broken: 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := auditLog(t, roomy, c.line)
			got := ""
			for _, l := range a.Chain.Links() {
				text := func(s *State) string {
					if s == nil {
						return "-"
					}
					return s.Data["mapRoles"]
				}
				switch {
				case l.Gone:
					got = "gone"
				case l.Perhaps:
					got = "perhaps"
				case l.Cut:
					got = "cut"
				default:
					got = text(l.Result) + " " + text(l.Wanted)
				}
			}
			if got != c.want || a.Failed != c.failed || a.Counts.Foreign != c.foreign || a.Counts.Broken != c.broken {
				t.Errorf("%q, failed %d, %+v", got, a.Failed, a.Counts)
			}
			if a.Events+a.Counts.Foreign+a.Counts.Broken != 1 {
				t.Errorf("%d events, %+v", a.Events, a.Counts)
			}
		})
	}
}

func TestWhoWrites(t *testing.T) {
	a := auditLog(t, roomy, eventOf(t, 1, "update", stored("u", 5, "x"), `{"impersonatedUser":{"username":"bob","extra":{"arn":["a"]}},"requestURI":"/x","userAgent":"terraform/1 (x)"}`))
	e := a.Chain.Links()[0]
	if e.User.Username != "bob" || e.By != "jane" || e.Manager != "terraform" || e.UserAgent != "terraform/1 (x)" || !slices.Equal(e.Addresses, []string{"203.0.113.9"}) {
		t.Errorf("%+v", e.Edit)
	}
	if want := time.Date(2026, 11, 26, 23, 0, 1, 0, time.UTC); !e.Time.Equal(want) || !a.Span.From.Equal(want) || a.Span.Length() != 0 {
		t.Errorf("%v %+v", e.Time, a.Span)
	}
}

// story is a log in which the map is made, edited, deleted and made again; its clocks differ.
func story(t testing.TB) []string {
	return []string{
		eventOf(t, 1, "create"),
		eventOf(t, 2, "update", stored("a", 10, "one")),
		eventOf(t, 5, "update", stored("a", 11, "two"), `{"requestObject":{"kind":"ConfigMap","metadata":{"resourceVersion":"10"}}}`),
		eventOf(t, 4, "patch", stored("a", 12, "three")),
		eventOf(t, 3, "delete", `{"responseObject":{"details":{"uid":"a"}}}`),
		eventOf(t, 7, "create", `{"auditID":"again"}`),
		eventOf(t, 8, "update", stored("b", 20, "four")),
		eventOf(t, 9, "update", stored("b", 20, "four"), `{"auditID":"nothing changed"}`),
		eventOf(t, 10, "update", stored("b", 25, "six"), `{"requestObject":{"kind":"ConfigMap","metadata":{"resourceVersion":"24"}}}`),
		eventOf(t, 11, "update", stored("c", 30, "seven")),
	}
}

func told(links []Link) string {
	var words []string
	for _, l := range links {
		word := l.Verb
		if l.Result != nil {
			word = l.Result.Data["mapRoles"]
		}
		if l.Gap {
			word = "GAP " + word
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

func TestOrder(t *testing.T) {
	const want = "create, one, two, three, delete, create, four, GAP six, GAP seven"
	lines := story(t)
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 7))
		mixed := append(slices.Clone(lines), lines[:random.IntN(len(lines))]...) // some come twice
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		a := auditLog(t, roomy, mixed...)
		if got := told(a.Chain.Links()); got != want {
			t.Fatalf("seed %d: %s", seed, got)
		}
		if a.Chain.Left() != 0 {
			t.Errorf("%d left out", a.Chain.Left())
		}
	}
}

func TestTheLatestAreKept(t *testing.T) {
	lines := make([]string, 0, 50)
	for i := range 50 {
		lines = append(lines, eventOf(t, i, "update", stored("a", 100+i, fmt.Sprintf("%d%s", i, strings.Repeat("x", 1000)))))
	}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 9))
		random.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		a := auditLog(t, 20_000, lines...)
		links := a.Chain.Links()
		if len(links) < 3 || len(links) > 20 || int64(len(links))+a.Chain.Left() != 50 {
			t.Fatalf("%d kept, %d left out", len(links), a.Chain.Left())
		}
		for i, l := range links {
			if want := fmt.Sprint(50 - len(links) + i); strings.TrimRight(l.Result.Data["mapRoles"], "x") != want {
				t.Errorf("%s in place %d, want %s", l.Result.Data["mapRoles"], i, want)
			}
		}
	}
}

// FuzzAuditLog holds that no log breaks the chain, and that it keeps to its room.
func FuzzAuditLog(f *testing.F) {
	f.Add([]byte(strings.Join(story(f), "\n")), uint16(60000))
	f.Add([]byte(strings.Join(story(f), "")), uint16(100))
	for _, line := range story(f) {
		f.Add([]byte(line), uint16(5000))
	}
	f.Add([]byte(eventOf(f, 1, "patch", stored("u", 5, "now"), `{"requestObject":[{"op":"add","path":"/data/~1a~0","value":"asked"}]}`)), uint16(9000))
	f.Fuzz(func(t *testing.T, log []byte, room uint16) {
		a := auditLog(t, int64(room), string(log))
		links := a.Chain.Links()
		size := int64(0)
		for _, l := range links {
			size += l.size()
		}
		if size > int64(room) && len(links) > 1 {
			t.Errorf("%d edits of %d bytes in a room of %d", len(links), size, room)
		}
	})
}
