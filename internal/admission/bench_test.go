package admission

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// BenchmarkHandle is an edit that changes the last entry's role and group: both decisions, from the review to the answer. Every
// edit brings a text that was never there before, as real ones do.
func BenchmarkHandle(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			options := Options{Policy: policy.Default, Metrics: NewMetrics(prometheus.NewRegistry()), Log: logr.Discard(), Reader: awsauth.NewReader()}
			handlers := []*Handler{NewMutate(options), NewValidate(options)}
			before := benchObject(n, 0)
			b.ReportAllocs()
			for i := 1; b.Loop(); i++ {
				b.StopTimer()
				after := benchObject(n, i)
				review := admission.Request{AdmissionRequest: benchReview(before, after)}
				before = after
				b.StartTimer()
				for _, h := range handlers {
					if r := h.Handle(b.Context(), review); !r.Allowed {
						b.Fatal(r.Result)
					}
				}
			}
		})
	}
}

// benchObject is the map of so many entries after so many edits.
func benchObject(n, edits int) runtime.RawExtension {
	var text strings.Builder
	text.WriteString("- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin:{{SessionName}}\n  groups:\n  - system:masters\n")
	for i := range n - 2 {
		fmt.Fprintf(&text, "- rolearn: arn:aws:iam::111122223333:role/team-%05d\n  username: team-%05d:{{SessionName}}\n  groups:\n  - developers\n", i, i)
	}
	fmt.Fprintf(&text, "- rolearn: arn:aws:iam::111122223333:role/last-%d\n  username: last:{{SessionName}}\n  groups:\n  - %s\n", edits, [2]string{"viewers", "editors"}[edits%2])
	raw, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "aws-auth", "namespace": "kube-system"},
		"data": map[string]string{"mapRoles": text.String()},
	})
	if err != nil {
		panic(err)
	}
	return runtime.RawExtension{Raw: raw}
}

func benchReview(before, after runtime.RawExtension) admissionv1.AdmissionRequest {
	return admissionv1.AdmissionRequest{
		UID: "1", Operation: admissionv1.Update, Namespace: "kube-system",
		Kind:     metav1.GroupVersionKind{Version: "v1", Kind: "ConfigMap"},
		Resource: metav1.GroupVersionResource{Version: "v1", Resource: "configmaps"},
		UserInfo: authenticationv1.UserInfo{Username: "admin", Groups: []string{"system:masters"}},
		Object:   after, OldObject: before, Options: runtime.RawExtension{Raw: []byte(`{"fieldManager":"kubectl-edit"}`)},
	}
}
