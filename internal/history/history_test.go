package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func TestEqualStatesHaveEqualNames(t *testing.T) {
	state := Content{Data: map[string]string{"mapRoles": "x", "mapUsers": "y"}}
	for name, c := range map[string]struct {
		other Content
		same  bool
	}{
		"itself":               {Content{Data: map[string]string{"mapUsers": "y", "mapRoles": "x"}}, true},
		"another text":         {Content{Data: map[string]string{"mapRoles": "x ", "mapUsers": "y"}}, false},
		"another key":          {Content{Data: map[string]string{"mapRoles": "x"}}, false},
		"more in binaryData":   {Content{Data: state.Data, BinaryData: map[string][]byte{"a": {0}}}, false},
		"nothing is no delete": {Content{}, false},
	} {
		if (c.other.Name() == state.Name()) != c.same {
			t.Errorf("%s", name)
		}
	}
	if ContentOf(nil).Name() == ContentOf(&corev1.ConfigMap{}).Name() {
		t.Error("a map without data counts as deleted")
	}
	// The API server's JSON fixes what is not UTF-8; another way of reading does not.
	if a, b := (Content{Data: map[string]string{"k": "a\xff"}}), (Content{Data: map[string]string{"k": "a\ufffd"}}); a.Name() != b.Name() {
		t.Error("one text read in two ways is two states")
	}
}

func TestContentComesBack(t *testing.T) {
	for name, c := range map[string]Content{
		"deleted":   {Deleted: true},
		"empty":     {},
		"both":      {Data: map[string]string{"mapRoles": "- a: <&>\n"}, BinaryData: map[string][]byte{"b": {0, 255}}},
		"as gzip":   {Data: map[string]string{"gzip": "not packed"}},
		"too large": {Data: map[string]string{"mapRoles": strings.Repeat("# é\n", maxPlain/4)}},
	} {
		data, err := c.encode()
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > maxPlain {
			t.Errorf("%s: kept in %d bytes", name, len(data))
		}
		got, err := decode(c.Name(), data)
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if _, err := decode("aws-auth-0", data); !errors.Is(err, errForged) {
			t.Errorf("%s under another name: %v", name, err)
		}
	}
	for _, data := range []string{``, `{`, `{"gzip":"eA=="}`, `{"gzip":7}`, `{"data":[]}`} {
		if _, err := decode("aws-auth-0", []byte(data)); err == nil {
			t.Errorf("%s can be read", data)
		}
	}
}

func TestWhatIsSaidOfAStateIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "- rolearn: arn:aws:iam::111122223333:role/r%04d\n  username: u\n  groups: [%s]\n", i, strings.Repeat("g", 200))
	}
	doc := awsauth.Read(map[string]string{"mapRoles": b.String()})
	all := access.Diff(nil, doc)
	c := newChanges(all)
	text, err := json.Marshal(c)
	if err != nil || len(text) > maxChanges+100 || len(c.List) < 10 || len(c.List)+c.More != 3000 {
		t.Errorf("%d bytes, %d listed, %d more, %v", len(text), len(c.List), c.More, err)
	}
	if want := fmt.Sprintf("and %d more\n", c.More); !strings.HasSuffix(c.Text(), want) {
		t.Errorf("the text does not end with %q", want)
	}
	summary := summarize(false, awsauth.Read(nil), doc, c)
	if n := len([]rune(summary)); n > maxSummary || !strings.HasSuffix(summary, "… and 2999 more") {
		t.Errorf("summary of %d: %s", n, summary)
	}
	// A single change may be too large as well.
	huge := newChanges([]access.Change{{Kind: access.Gained, ARN: strings.Repeat("a", maxChanges+1), New: &access.Identity{}}})
	if len(huge.List) != 0 || huge.Text() != "and 1 more\n" || summarize(false, awsauth.Read(nil), doc, huge) != "1 change" {
		t.Errorf("%+v", huge)
	}
}

func TestSummariesAreOneCleanLine(t *testing.T) {
	doc := awsauth.Read(map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/r\n  username: u\n  groups: [\"a\\e[2J\\nb\\u202e\"]\n"})
	got := summarize(false, awsauth.Read(nil), doc, newChanges(access.Diff(nil, doc)))
	if got != `GAINS arn:aws:iam::111122223333:role/r ("a\x1b[2J\nb\u202e")` {
		t.Errorf("%q", got)
	}
}

// TestWhatIsKeptBesideAStateIsBounded fills in everything that others choose: all annotations of an object share 256 KiB,
// and with the largest map an object may have 1.5 MiB.
func TestWhatIsKeptBesideAStateIsBounded(t *testing.T) {
	const long = 300 << 10
	stamped := metav1.NewTime(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC))
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Annotations: map[string]string{policy.OverrideAnnotation: "map-deleted: " + strings.Repeat("\u00e9", long)},
	}}
	for i := range 1000 {
		cm.ManagedFields = append(cm.ManagedFields, metav1.ManagedFieldsEntry{
			Manager: fmt.Sprintf("%0128d", i), Time: &stamped, FieldsV1: metav1.NewFieldsV1(`{"f:data":{}}`),
		})
	}
	r := &Revision{User: strings.Repeat("\u00e9", long), Problems: []string{clean(strings.Repeat("\u00e9", long))}, writers: dataWriters(cm)}
	r.origin(cm, nil, &Observation{})
	annotations, err := r.annotations()
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for key, value := range annotations {
		size += len(key) + len(value)
	}
	if size > 32<<10 {
		t.Errorf("%d bytes beside a state without any changes", size)
	}
	if last := r.writers[len(r.writers)-1]; !strings.HasSuffix(last, "999") {
		t.Errorf("the latest writer is lost: %s", last)
	}
}

func TestLastWrite(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 11, 24, 10, 0, second, 0, time.UTC) }
	entry := func(manager string, second int, fields string) metav1.ManagedFieldsEntry {
		stamp := metav1.NewTime(at(second))
		return metav1.ManagedFieldsEntry{Manager: manager, Time: &stamp, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	const data, annotations = `{"f:data":{}}`, `{"f:metadata":{}}`
	for name, c := range map[string]struct {
		before, now []metav1.ManagedFieldsEntry
		first       bool
		manager     string
		second      int
	}{
		"the first":             {first: true, now: []metav1.ManagedFieldsEntry{entry("a", 1, data)}, manager: "a", second: 1},
		"the first of several":  {first: true, now: []metav1.ManagedFieldsEntry{entry("a", 1, data), entry("b", 3, `{"f:binaryData":{}}`), entry("c", 2, data)}, manager: "b", second: 3},
		"the other wrote":       {before: []metav1.ManagedFieldsEntry{entry("a", 1, data)}, now: []metav1.ManagedFieldsEntry{entry("a", 1, data), entry("b", 1, data)}, manager: "b", second: 1},
		"the same wrote later":  {before: []metav1.ManagedFieldsEntry{entry("a", 1, data)}, now: []metav1.ManagedFieldsEntry{entry("a", 7, data)}, manager: "a", second: 7},
		"two wrote at one time": {before: []metav1.ManagedFieldsEntry{entry("a", 1, data)}, now: []metav1.ManagedFieldsEntry{entry("b", 7, data), entry("c", 7, data)}, second: 7},
		"somebody removed":      {before: []metav1.ManagedFieldsEntry{entry("a", 1, data)}, now: []metav1.ManagedFieldsEntry{entry("a", 1, data)}, second: 30},
		"twice in a second":     {before: []metav1.ManagedFieldsEntry{entry("a", 29, data)}, now: []metav1.ManagedFieldsEntry{entry("a", 29, data)}, manager: "a", second: 29},
		"not of the data":       {first: true, now: []metav1.ManagedFieldsEntry{entry("a", 1, annotations)}, second: 30},
		"nothing":               {first: true, second: 30},
	} {
		t.Run(name, func(t *testing.T) {
			var previous *Revision
			if !c.first {
				previous = &Revision{writers: dataWriters(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{ManagedFields: c.before}})}
			}
			manager, when := lastWrite(dataWriters(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{ManagedFields: c.now}}), previous, at(30))
			if manager != c.manager || !when.Equal(at(c.second)) {
				t.Errorf("%q at %s", manager, when)
			}
		})
	}
}

// TestRevisionsAreReadWhateverIsWrittenOnThem: annotations can be changed by hand.
func TestRevisionsAreReadWhateverIsWrittenOnThem(t *testing.T) {
	made := metav1.NewTime(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC))
	o := &appsv1.ControllerRevision{Revision: 3}
	o.Name, o.CreationTimestamp = "aws-auth-1", made
	o.Annotations = map[string]string{
		annotationWritten: "yesterday", annotationChanges: "{", annotationEarlier: "1,x,,2", annotationGood: "yes", annotationRestored: "soon",
	}
	r := revisionOf(o)
	if r.Good || !r.Time.Equal(made.Time) || !r.Recorded.Equal(made.Time) || !reflect.DeepEqual(r.Earlier, []int64{1, 2}) || !r.Restored.IsZero() {
		t.Errorf("%+v", r)
	}
	for want, r := range map[string]Revision{
		"unknown": {}, "jane": {User: "jane"}, "(kubectl)": {Manager: "kubectl"}, "jane (kubectl)": {User: "jane", Manager: "kubectl"},
	} {
		if r.Writer() != want {
			t.Errorf("writer %q, want %q", r.Writer(), want)
		}
	}
}

// TestProtectedEntriesThatAStateLost holds which losses are noted, and that the note is bounded.
func TestProtectedEntriesThatAStateLost(t *testing.T) {
	entry := func(role, groups string) string {
		return fmt.Sprintf("- rolearn: arn:aws:iam::111122223333:role/%s\n  username: u\n  groups: [%s]\n", role, groups)
	}
	read := func(roles string) *awsauth.Document { return awsauth.Read(map[string]string{"mapRoles": roles}) }
	var many strings.Builder
	for i := range 2000 {
		many.WriteString(entry(fmt.Sprintf("keep-%d", i), "a"))
	}
	for name, c := range map[string]struct {
		before, now *awsauth.Document
		profile     validate.Profile
		want        int
	}{
		"taken away":               {before: read(entry("keep-1", "a") + entry("dev", "a")), now: read(entry("dev", "a")), want: 1},
		"with its map":             {before: read(entry("keep-1", "a")), want: 1},
		"in the profile audit":     {before: read(entry("keep-1", "a")), now: read(""), profile: validate.Audit},
		"another":                  {before: read(entry("keep-1", "a") + entry("dev", "a")), now: read(entry("keep-1", "a"))},
		"its groups":               {before: read(entry("keep-1", "a")), now: read(entry("keep-1", ""))},
		"there was no map":         {now: read(entry("dev", "a"))},
		"as many as there is room": {before: read(many.String()), now: read(""), want: maxProtectedLost / len("arn:aws:iam::111122223333:role/keep-1000 ")},
	} {
		t.Run(name, func(t *testing.T) {
			p := policy.Default()
			p.Protected = []validate.Protected{{ARN: "arn:aws:iam::111122223333:role/keep-*"}}
			if c.profile != "" {
				p.Profile = c.profile
			}
			got := protectedLost(c.before, c.now, p)
			if size := len(strings.Join(got, "\n")); len(got) < c.want || c.want < 2 && len(got) != c.want || size > maxProtectedLost {
				t.Errorf("%d of %d bytes, want %d: %.200q", len(got), size, c.want, got)
			}
		})
	}
}
