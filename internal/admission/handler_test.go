package admission

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func options(log logr.Logger) (Options, *prometheus.Registry) {
	registry := prometheus.NewRegistry()
	return Options{Policy: policy.Default, Metrics: NewMetrics(registry), Log: log, Reader: awsauth.NewReader()}, registry
}

// serve lets a handler answer a review as the API server sends it, and reads the answer as the API server does.
func serve(t testing.TB, h *Handler, body []byte) *admissionv1.AdmissionResponse {
	t.Helper()
	review, err := ReadReview(bytes.NewReader(body))
	var response admission.Response
	if err != nil {
		response = h.Malformed(review, err)
	} else {
		response = (&admission.Webhook{Handler: h}).Handle(context.Background(), review.Request)
	}
	text, err := json.Marshal(review.Answer(response))
	if err != nil {
		t.Fatal(err)
	}
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(text, &answer); err != nil || answer.Response == nil {
		t.Fatalf("the answer is no AdmissionReview: %v\n%s", err, text)
	}
	return answer.Response
}

const configMapFields = `"kind":{"group":"","version":"v1","kind":"ConfigMap"},"resource":{"group":"","version":"v1","resource":"configmaps"},"namespace":"kube-system"`

// review writes an AdmissionReview with the fields given as JSON.
func review(fields ...string) []byte {
	return fmt.Appendf(nil, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1",%s}}`, strings.Join(fields, ","))
}

// object writes a ConfigMap as JSON.
func object(name string, data map[string]string) string {
	c := withData(data)
	c.Name, c.APIVersion, c.Kind = name, "v1", "ConfigMap"
	text, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func mapRoles(text string) map[string]string { return map[string]string{"mapRoles": text} }

func TestOnlyAWSAuthIsLookedAt(t *testing.T) {
	bad := mapRoles(kind)
	for _, tt := range []struct {
		name    string
		body    []byte
		refused bool
	}{
		{"create", review(configMapFields, `"operation":"CREATE"`, `"object":`+object("aws-auth", bad)), true},
		{"the name in the review does not count", review(configMapFields, `"operation":"CREATE","name":"other"`, `"object":`+object("aws-auth", bad)), true},
		{"the name in the review does not count", review(configMapFields, `"operation":"CREATE","name":"aws-auth"`, `"object":`+object("other", bad)), false},
		{"update", review(configMapFields, `"operation":"UPDATE"`, `"object":`+object("aws-auth", bad), `"oldObject":`+object("aws-auth", mapRoles(node))), true},
		{"dry run", review(configMapFields, `"operation":"CREATE","dryRun":true`, `"object":`+object("aws-auth", bad)), true},
		{"delete", review(configMapFields, `"operation":"DELETE"`, `"oldObject":`+object("aws-auth", bad), `"object":null`), true},
		{"another name", review(configMapFields, `"operation":"CREATE"`, `"object":`+object("aws-auth2", bad)), false},
		{"a name in another case", review(configMapFields, `"operation":"CREATE"`, `"object":`+object("AWS-auth", bad)), false},
		{"another namespace", review(strings.Replace(configMapFields, "kube-system", "default", 1), `"operation":"CREATE"`, `"object":`+object("aws-auth", bad)), false},
		{"another kind", review(`"kind":{"group":"","version":"v1","kind":"Secret"},"resource":{"group":"","version":"v1","resource":"secrets"},"namespace":"kube-system"`,
			`"operation":"CREATE"`, `"object":`+object("aws-auth", bad)), false},
		{"another group", review(strings.ReplaceAll(configMapFields, `"group":""`, `"group":"example.com"`), `"operation":"CREATE"`, `"object":`+object("aws-auth", bad)), false},
		{"a subresource", review(configMapFields, `"operation":"UPDATE","subResource":"status"`, `"object":`+object("aws-auth", bad), `"oldObject":`+object("aws-auth", nil)), false},
		{"another operation", review(configMapFields, `"operation":"CONNECT"`, `"object":`+object("aws-auth", bad)), false},
		{"no data", review(configMapFields, `"operation":"CREATE"`, `"object":`+object("aws-auth", nil)), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, _ := options(logr.Discard())
			answer := serve(t, NewValidate(o), tt.body)
			if answer.Allowed == tt.refused {
				t.Errorf("allowed: %v\n%+v", answer.Allowed, answer.Result)
			}
			if tt.refused && (answer.Result.Code != 422 || answer.Result.Reason != "Invalid" || answer.Result.Details.Kind != "ConfigMap" || answer.Result.Details.Name != "aws-auth") {
				t.Errorf("refused with %+v", answer.Result)
			}
			if !tt.refused && (len(answer.Warnings) > 0 || len(answer.Patch) > 0) {
				t.Errorf("not a word was expected: %+v", answer)
			}
			if answer := serve(t, NewMutate(o), tt.body); !answer.Allowed || len(answer.Patch) > 0 {
				t.Errorf("mutate: %+v", answer)
			}
		})
	}
}

func TestMalformedReviewsAreAClearError(t *testing.T) {
	good := `"object":` + object("aws-auth", mapRoles(node))
	for name, tt := range map[string]struct {
		body []byte
		want string
	}{
		"empty":             {nil, "it is not an AdmissionReview: unexpected EOF"},
		"not JSON":          {[]byte("{"), "it is not an AdmissionReview: unexpected EOF"},
		"not an object":     {[]byte("[]"), "something else in place of an object"},
		"two reviews":       {slices.Concat(review(`"operation":"CONNECT"`), review(`"operation":"CONNECT"`)), "something follows it"},
		"another kind":      {bytes.Replace(review(`"operation":"CONNECT"`), []byte("AdmissionReview"), []byte("Review"), 1), "not an AdmissionReview of admission.k8s.io/v1"},
		"another version":   {bytes.Replace(review(`"operation":"CONNECT"`), []byte("io/v1"), []byte("io/v2"), 1), "not an AdmissionReview of admission.k8s.io/v1"},
		"no request":        {[]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`), "holds no request"},
		"null request":      {[]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}`), "holds no request"},
		"object is a list":  {review(configMapFields, `"operation":"CREATE","object":[]`), "the object of the review is not a ConfigMap"},
		"data is a list":    {review(configMapFields, `"operation":"CREATE","object":{"metadata":{"name":"aws-auth"},"data":[]}`), "the object of the review is not a ConfigMap"},
		"old data is bad":   {review(configMapFields, `"operation":"UPDATE"`, good, `"oldObject":{"data":{"mapRoles":1}}`), "the oldObject of the review is not a ConfigMap"},
		"no object":         {review(configMapFields, `"operation":"CREATE","object":null`), "the review of a CREATE has no object"},
		"no deleted object": {review(configMapFields, `"operation":"DELETE"`), "the review of a DELETE has no object"},
		"no old object":     {review(configMapFields, `"operation":"UPDATE"`, good), "has no oldObject"},
		"options are a map": {review(configMapFields, `"operation":"CREATE"`, good, `"options":{"fieldManager":{}}`), "the options of the review"},
	} {
		t.Run(name, func(t *testing.T) {
			o, _ := options(logr.Discard())
			for _, h := range []*Handler{NewMutate(o), NewValidate(o)} {
				answer := serve(t, h, tt.body)
				if answer.Allowed || answer.Result.Code != 400 || !strings.Contains(answer.Result.Message, tt.want) {
					t.Errorf("%s: allowed %v, %+v", h.stage, answer.Allowed, answer.Result)
				}
			}
		})
	}
}

func TestThePatchReplacesTheTextsThatItTests(t *testing.T) {
	data := map[string]string{
		"mapRoles": path + dev,
		"mapUsers": "- userarn: arn:aws:iam::111122223333:user/Bob\n  username: Bob # <- & \"quoted\"\n",
		"other":    "left alone",
	}
	o, _ := options(logr.Discard())
	doc := object("aws-auth", data)
	answer := serve(t, NewMutate(o), review(configMapFields, `"operation":"CREATE"`, `"object":`+doc, `"options":{"fieldManager":"kubectl-create"}`))
	var operations []struct{ Op, Path, Value string }
	if err := json.Unmarshal(answer.Patch, &operations); err != nil {
		t.Fatalf("%v: %s", err, answer.Patch)
	}
	var shape []string
	for _, operation := range operations {
		shape = append(shape, operation.Op+" "+operation.Path)
	}
	if got := strings.Join(shape, ", "); got != "test /data/mapRoles, replace /data/mapRoles, test /data/mapUsers, replace /data/mapUsers" {
		t.Errorf("patch: %s", got)
	}
	if operations[0].Value != data["mapRoles"] || operations[2].Value != data["mapUsers"] {
		t.Errorf("the tests are not of the texts that were judged: %+v", operations)
	}
	patch, err := jsonpatch.DecodePatch(answer.Patch)
	if err != nil {
		t.Fatal(err)
	}
	patched, err := patch.Apply([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	want := object("aws-auth", map[string]string{
		"mapRoles": pathNow + dev,
		"mapUsers": "- userarn: arn:aws:iam::111122223333:user/Bob\n  username: bob # <- & \"quoted\"\n",
		"other":    "left alone",
	})
	if !jsonpatch.Equal(patched, []byte(want)) {
		t.Errorf("patched:\n%s\nwant\n%s", patched, want)
	}
}

func TestTheWriterIsWhoTheRequestSaysElseWhoTheServerNotedDown(t *testing.T) {
	entry := func(manager, time string) string {
		return fmt.Sprintf(`{"manager":%q,"operation":"Update","time":%q}`, manager, time)
	}
	with := func(entries ...string) string {
		return strings.Replace(object("aws-auth", mapRoles(node)), `"metadata":{`, `"metadata":{"managedFields":[`+strings.Join(entries, ",")+`],`, 1)
	}
	const before, now = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
	for _, tt := range []struct {
		name, old, updated, options, want string
	}{
		{"the request says it", with(entry("a", before)), with(entry("b", now)), `{"kind":"UpdateOptions","fieldManager":"kubectl-edit"}`, "kubectl-edit"},
		{"a new entry", with(entry("a", before)), with(entry("a", before), entry("curl", now)), `{}`, "curl"},
		{"an entry with a new time", with(entry("a", before), entry("b", before)), with(entry("a", now), entry("b", before)), `{}`, "a"},
		{"no entry changed", with(entry("a", before)), with(entry("a", before)), `{}`, ""},
		{"several changed", with(), with(entry("a", now), entry("b", now)), `{}`, ""},
		{"a create", "", with(entry("HashiCorp", now)), `null`, "HashiCorp"},
		{"no entries", with(), with(), `{}`, ""},
		{"no options", with(), with(), ``, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &admissionv1.AdmissionRequest{}
			fields := []string{configMapFields, `"operation":"CREATE"`, `"object":` + tt.updated}
			if tt.old != "" {
				fields = []string{configMapFields, `"operation":"UPDATE"`, `"object":` + tt.updated, `"oldObject":` + tt.old}
			}
			if tt.options != "" {
				fields = append(fields, `"options":`+tt.options)
			}
			if err := json.Unmarshal(review(fields...), &admissionv1.AdmissionReview{Request: r}); err != nil {
				t.Fatal(err)
			}
			got, err := newRequest(r)
			if err != nil || got.FieldManager != tt.want {
				t.Errorf("FieldManager = %q, %v; want %q", got.FieldManager, err, tt.want)
			}
		})
	}
}

func TestAGuardThatFailsLetsTheWriteThroughAndSaysSo(t *testing.T) {
	body := review(configMapFields, `"operation":"CREATE"`, `"object":`+object("aws-auth", mapRoles(kind)))
	blocked := make(chan struct{})
	defer close(blocked)
	for name, decide := range map[string]func(*policy.Policy, *Request, *validate.Change) *Decision{
		"panic": func(*policy.Policy, *Request, *validate.Change) *Decision { panic("a bug") },
		"hang": func(*policy.Policy, *Request, *validate.Change) *Decision {
			<-blocked
			return nil
		},
	} {
		for _, newHandler := range []func(Options) *Handler{NewMutate, NewValidate} {
			var log strings.Builder
			o, registry := options(funcr.New(func(_, args string) { log.WriteString(args + "\n") }, funcr.Options{}))
			h := newHandler(o)
			h.decide, h.limit = decide, 50*time.Millisecond
			t.Run(name+" "+string(h.stage), func(t *testing.T) {
				answer := serve(t, h, body)
				want := map[Stage]string{StageMutate: "repaired nothing in this edit: ", StageValidate: "did not judge this edit and let it through unchecked ("}[h.stage]
				if !answer.Allowed || len(answer.Patch) > 0 || len(answer.Warnings) != 1 || !strings.Contains(answer.Warnings[0], want) {
					t.Errorf("%+v", answer)
				}
				if answer.AuditAnnotations[AnnotationDecision] != "failed" {
					t.Errorf("annotations: %v", answer.AuditAnnotations)
				}
				if !strings.Contains(log.String(), "the guard failed") {
					t.Errorf("log: %s", log.String())
				}
				help := "# HELP awsauth_admission_decisions_total Writes to aws-auth by operation and result. The result failed means that the guard itself failed, and let the write through or, under the profile strict, refused it.\n" +
					"# TYPE awsauth_admission_decisions_total counter\nawsauth_admission_decisions_total{operation=\"create\",result=\"failed\"} 1\n"
				if err := testutil.GatherAndCompare(registry, strings.NewReader(help), "awsauth_admission_decisions_total"); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestAGuardThatFailsUnderStrict: no map passes because it is too dear to judge. EKS itself is never refused.
func TestAGuardThatFailsUnderStrict(t *testing.T) {
	o, _ := options(logr.Discard())
	strict := *policy.Default()
	strict.Profile = validate.Strict
	o.Policy = func() *policy.Policy { return &strict }
	for _, tt := range []struct {
		stage   func(Options) *Handler
		user    string
		refused bool
	}{{NewMutate, "jane", false}, {NewValidate, "jane", true}, {NewValidate, "eks:node-manager", false}} {
		ledger := &notes{}
		o.AdmissionLog = ledger
		h := tt.stage(o)
		h.decide = func(*policy.Policy, *Request, *validate.Change) *Decision { panic("a bug") }
		answer := serve(t, h, review(configMapFields, `"operation":"CREATE"`, `"userInfo":{"username":"`+tt.user+`"}`, `"object":`+object("aws-auth", mapRoles(kind))))
		if answer.Allowed == tt.refused || answer.AuditAnnotations[AnnotationDecision] != "failed" {
			t.Errorf("%s by %s: %+v", h.stage, tt.user, answer)
		}
		if tt.refused && (answer.Result.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Result.Message, "lets nothing through unchecked")) {
			t.Errorf("%s by %s: %+v", h.stage, tt.user, answer.Result)
		}
		if want := h.stage == StageValidate && !tt.refused; ledger.noted != want {
			t.Errorf("%s by %s: noted as admitted: %v", h.stage, tt.user, ledger.noted)
		}
	}
}

// notes is a log that remembers whether it got anything.
type notes struct{ noted bool }

func (n *notes) Admitted(*Request, *Decision) { n.noted = true }

func TestEachDecisionIsOneLineOfTheLogAndCounted(t *testing.T) {
	var lines []string
	o, registry := options(funcr.NewJSON(func(line string) { lines = append(lines, line) }, funcr.Options{}))
	user := `"userInfo":{"username":"alice","extra":{"arn":["arn:aws:sts::111122223333:assumed-role/ops/alice"],"accessKeyId":["ASIASECRET"]}}`
	body := review(configMapFields, `"operation":"UPDATE","dryRun":true`, user, `"object":`+object("aws-auth", mapRoles(kind+path+masters)),
		`"oldObject":`+object("aws-auth", mapRoles(masters)), `"options":{"fieldManager":"kubectl-edit"}`)
	serve(t, NewMutate(o), body)
	serve(t, NewValidate(o), body)
	serve(t, NewValidate(o), review(configMapFields, `"operation":"CREATE"`, `"object":`+object("other", nil)))
	if len(lines) != 2 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(lines[1]), &line); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"webhook": "validate", "operation": "UPDATE", "user": "alice", "arn": "arn:aws:sts::111122223333:assumed-role/ops/alice",
		"fieldManager": "kubectl-edit", "dryRun": "true", "decision": "refused", "exempt": "false",
		"rules": "[arn-kind role-path]", "refused": "[arn-kind role-path]", "before": "[system-masters]",
	} {
		if got := fmt.Sprint(line[key]); got != want {
			t.Errorf("%s = %s, want %s", key, got, want)
		}
	}
	if strings.Contains(strings.Join(lines, ""), "ASIASECRET") {
		t.Errorf("the log holds the access key: %q", lines)
	}
	want := `# HELP awsauth_admission_findings_total Findings about writes by rule. Those that a write brought in are touched, the others were there before.
# TYPE awsauth_admission_findings_total counter
awsauth_admission_findings_total{rule="arn-kind",touched="true"} 1
awsauth_admission_findings_total{rule="role-path",touched="true"} 1
awsauth_admission_findings_total{rule="system-masters",touched="false"} 1
# HELP awsauth_admission_fixes_total Repairs made to writes by rule.
# TYPE awsauth_admission_fixes_total counter
awsauth_admission_fixes_total{rule="role-path"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "awsauth_admission_findings_total", "awsauth_admission_fixes_total"); err != nil {
		t.Error(err)
	}
}

// TestWhatWasSeenBeforeIsJudgedTheSame lets webhooks that remember judge edits of one map to the next, each twice.
func TestWhatWasSeenBeforeIsJudgedTheSame(t *testing.T) {
	o, _ := options(logr.Discard())
	remembering := []*Handler{NewMutate(o), NewValidate(o)}
	o.Reader = nil
	fresh := []*Handler{NewMutate(o), NewValidate(o)}
	texts := []string{node, node + path, node + path + masters, node + masters, node + "bad", node + kind, node, kind + node, node + node}
	for i := range texts {
		before, after := object("aws-auth", mapRoles(texts[max(i-1, 0)])), object("aws-auth", mapRoles(texts[i]))
		body := review(configMapFields, `"operation":"UPDATE"`, `"object":`+after, `"oldObject":`+before, `"options":{"fieldManager":"kubectl-edit"}`)
		for range 2 {
			for j, h := range remembering {
				if got, want := serve(t, h, body), serve(t, fresh[j], body); !reflect.DeepEqual(got, want) {
					t.Errorf("edit %d, %s: got %+v\nwant %+v", i, h.stage, got, want)
				}
			}
		}
	}
}

// FuzzReview holds for any bytes that reach the webhooks: an answer, no panic, no failure of the guard, a mutating webhook
// that refuses nothing that it can read, and the same answer from webhooks that remember nothing.
func FuzzReview(f *testing.F) {
	for _, text := range []string{node, kind, path, masters, "{{", "\xff", "- *a"} {
		f.Add(review(configMapFields, `"operation":"CREATE"`, `"object":`+object("aws-auth", mapRoles(text)), `"options":{"fieldManager":"kubectl"}`))
		f.Add(review(configMapFields, `"operation":"UPDATE"`, `"object":`+object("aws-auth", mapRoles(text)), `"oldObject":`+object("aws-auth", mapRoles(node))))
	}
	f.Add([]byte(`{"request":{}}`))
	f.Add([]byte(`null`))
	f.Add(review(configMapFields, `"operation":"UPDATE","object":{"data":null,"binaryData":{"mapRoles":"AA=="}},"oldObject":[]`))
	o, _ := options(logr.Discard())
	mutate, validate := NewMutate(o), NewValidate(o)
	o.Reader = nil
	fresh := map[Stage]*Handler{StageMutate: NewMutate(o), StageValidate: NewValidate(o)}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, h := range []*Handler{mutate, validate} {
			answer := serve(t, h, body)
			if want := serve(t, fresh[h.stage], body); !reflect.DeepEqual(answer, want) {
				t.Fatalf("%s: got %+v\nwant %+v", h.stage, answer, want)
			}
			if answer.AuditAnnotations[AnnotationDecision] == string(Failed) {
				t.Fatalf("%s failed", h.stage)
			}
			if !answer.Allowed && answer.Result.Code != 400 && (h.stage == StageMutate || answer.Result.Code != 422) {
				t.Fatalf("%s: %+v", h.stage, answer.Result)
			}
			checkLimits(t, &Decision{Warnings: answer.Warnings, Annotations: answer.AuditAnnotations})
		}
	})
}
