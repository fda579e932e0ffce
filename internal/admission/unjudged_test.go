package admission

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// fromServer writes a review as the API server does, with its types.
func fromServer(t *testing.T, user string, objects string) []byte {
	t.Helper()
	r := &admissionv1.AdmissionRequest{
		UID: "1f", Kind: metav1.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Resource: metav1.GroupVersionResource{Version: "v1", Resource: "configmaps"},
		RequestKind: &metav1.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, RequestResource: &metav1.GroupVersionResource{Version: "v1", Resource: "configmaps"},
		Name: "aws-auth", Namespace: "kube-system", Operation: admissionv1.Update,
		UserInfo: authenticationv1.UserInfo{Username: user, UID: "7", Groups: []string{"a", "b"}, Extra: map[string]authenticationv1.ExtraValue{"arn": {"x"}}},
		Object:   runtime.RawExtension{Raw: []byte(objects)}, OldObject: runtime.RawExtension{Raw: []byte(objects)},
		DryRun: new(bool), Options: runtime.RawExtension{Raw: []byte(`{"kind":"UpdateOptions","fieldManager":"kubectl-edit"}`)},
	}
	text, err := json.Marshal(&admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{Kind: "AdmissionReview", APIVersion: "admission.k8s.io/v1"}, Request: r,
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestTheHeadTellsWhoWrites cuts a review of the API server at each byte: once the objects begin it is known whose edit it
// is, and nothing wrong is ever reported.
func TestTheHeadTellsWhoWrites(t *testing.T) {
	text := fromServer(t, "jane", object("aws-auth", mapRoles(node)))
	objects := bytes.Index(text, []byte(`"object":`))
	for end := range text {
		head, ok := ReadHead(text[:end])
		r := &head.Request
		named := r.UserInfo.Username == "jane" || r.UserInfo.Username == "" && end < objects
		if ok && (r.UID != "1f" || r.Operation != admissionv1.Update || !named || !aboutConfigMap(&r.AdmissionRequest) || r.Name != "aws-auth") {
			t.Fatalf("of %d bytes was read: %+v", end, r)
		}
		if !ok && end >= objects {
			t.Fatalf("of %d bytes, with the objects from %d, was read: %+v", end, objects, r)
		}
		if _, err := ReadReview(bytes.NewReader(text[:end])); err == nil {
			t.Fatalf("%d bytes of %d are taken for a review", end, len(text))
		}
	}
	whole, err := ReadReview(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRequest(&whole.Request.AdmissionRequest)
	if err != nil || r.User.Groups[1] != "b" || r.User.Extra["arn"][0] != "x" || r.FieldManager != "kubectl-edit" || r.New.Data["mapRoles"] != node {
		t.Errorf("%v: %+v", err, r)
	}
	// A name is enough, however many groups follow it.
	cut := bytes.Index(text, []byte(`"groups":["a"`))
	if head, ok := ReadHead(append(slices.Clone(text[:cut]), `"groups":["`+strings.Repeat("x", 1000)...)); !ok || head.Request.UserInfo.Username != "jane" {
		t.Errorf("with many groups: %v %+v", ok, head.Request)
	}
}

// notedAs is a log that remembers what it got.
type notedAs struct{ unread, judged int }

func (n *notedAs) Admitted(r *Request, _ *Decision) {
	if r.Unread {
		n.unread++
	} else {
		n.judged++
	}
}

// TestWhatCantBeJudgedIsAnswered: refused under strict, else let through with a warning, a metric and a note.
func TestWhatCantBeJudgedIsAnswered(t *testing.T) {
	for _, tt := range []struct {
		name    string
		new     func(Options) *Handler
		profile validate.Profile
		user    string
		refused bool
		noted   int
		says    string
	}{
		{"validate, strict", NewValidate, validate.Strict, "jane", true, 0, "lets nothing through unchecked"},
		{"validate, strict, EKS", NewValidate, validate.Strict, "eks:node-manager", false, 1, "did not judge this edit"},
		{"validate, standard", NewValidate, validate.Standard, "jane", false, 1, "did not judge this edit"},
		{"validate, audit", NewValidate, validate.Audit, "jane", false, 1, "did not judge this edit"},
		{"mutate, strict", NewMutate, validate.Strict, "jane", false, 0, "repaired nothing"},
		{"mutate, standard", NewMutate, validate.Standard, "jane", false, 0, "repaired nothing"},
	} {
		for _, why := range []Reason{TooLarge, TooSlow, NoRoom} {
			t.Run(tt.name+", "+string(why), func(t *testing.T) {
				o, _ := options(logr.Discard())
				p := *policy.Default()
				p.Profile = tt.profile
				ledger := &notedAs{}
				o.Policy, o.AdmissionLog = func() *policy.Policy { return &p }, ledger
				h := tt.new(o)
				head, ok := ReadHead(fromServer(t, tt.user, "{}"))
				if !ok {
					t.Fatal("no head")
				}
				answer := h.Unread(head, why)
				said := strings.Join(answer.Warnings, "\n")
				if tt.refused {
					said = answer.Result.Message
				}
				if answer.UID != "1f" || answer.Allowed == tt.refused || !strings.Contains(said, tt.says) || !strings.Contains(said, why.words()) ||
					answer.AuditAnnotations[AnnotationReason] != string(why) {
					t.Errorf("%+v", answer)
				}
				if tt.refused && (answer.Result.Code != http.StatusServiceUnavailable ||
					!strings.Contains(said, "break-glass") || !strings.Contains(said, "docs/emergency.md") || !strings.Contains(said, "override")) {
					t.Errorf("the way out is missing: %+v", answer.Result)
				}
				if ledger.unread != tt.noted || ledger.judged != 0 {
					t.Errorf("noted: %+v", ledger)
				}
				if n := testutil.ToFloat64(o.Metrics.unjudged.WithLabelValues(string(h.stage), string(why))); n != 1 {
					t.Errorf("counted %v times", n)
				}
				checkLimits(t, &Decision{Warnings: answer.Warnings, Annotations: answer.AuditAnnotations})
			})
		}
	}
}

// TestANameThatIsTooLongForTheHeadIsNobodys: an editor whose name hides itself is not let through for that.
func TestANameThatIsTooLongForTheHeadIsNobodys(t *testing.T) {
	o, _ := options(logr.Discard())
	strict := *policy.Default()
	strict.Profile = validate.Strict
	o.Policy = func() *policy.Policy { return &strict }
	text := fromServer(t, "eks:"+strings.Repeat("x", 64<<10), "{}")
	head, ok := ReadHead(text[:64<<10])
	if !ok {
		t.Fatal("no head")
	}
	if answer := NewValidate(o).Unread(head, TooSlow); answer.Allowed || answer.UID != "1f" || answer.Result.Code != http.StatusServiceUnavailable {
		t.Errorf("%+v", answer)
	}
}

// TestOtherWritesPassUnread: the guard silently lets through what does not concern it.
func TestOtherWritesPassUnread(t *testing.T) {
	for name, change := range map[string]func(*admissionv1.AdmissionRequest){
		"another name":      func(r *admissionv1.AdmissionRequest) { r.Name = "other" },
		"another namespace": func(r *admissionv1.AdmissionRequest) { r.Namespace = "default" },
		"another operation": func(r *admissionv1.AdmissionRequest) { r.Operation = admissionv1.Connect },
		"a subresource":     func(r *admissionv1.AdmissionRequest) { r.SubResource = "status" },
	} {
		t.Run(name, func(t *testing.T) {
			o, _ := options(logr.Discard())
			strict := *policy.Default()
			strict.Profile = validate.Strict
			o.Policy = func() *policy.Policy { return &strict }
			head, _ := ReadHead(fromServer(t, "jane", "{}"))
			change(&head.Request.AdmissionRequest)
			if answer := NewValidate(o).Unread(head, TooSlow); !answer.Allowed || answer.UID != types.UID("1f") || len(answer.Warnings) > 0 {
				t.Errorf("%+v", answer)
			}
			head.Request.Name = ""
		})
	}
}

// TestWhatNoServerStoresIsNotJudged: reading it would take many times its size.
func TestWhatNoServerStoresIsNotJudged(t *testing.T) {
	o, _ := options(logr.Discard())
	for size, want := range map[int]Result{maxText: Allowed, maxText + 1: Failed} {
		data := map[string]string{"other": strings.Repeat("x", size-len(node)), "mapRoles": node}
		answer := serve(t, NewValidate(o), review(configMapFields, `"operation":"CREATE"`, `"object":`+object("aws-auth", data)))
		if got := answer.AuditAnnotations[AnnotationDecision]; !answer.Allowed || (got == string(Failed)) != (want == Failed) {
			t.Errorf("data of %d bytes: %s, want %s: %+v", size, got, want, answer)
		}
	}
}
