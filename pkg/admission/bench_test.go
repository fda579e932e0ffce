package admission

import (
	"encoding/json"
	"fmt"
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

// BenchmarkHandle is a whole decision, from the review to the answer, of an edit that changes the last entry's group.
func BenchmarkHandle(b *testing.B) {
	options := Options{Policy: policy.Default, Metrics: NewMetrics(prometheus.NewRegistry()), Log: logr.Discard(), Reader: &awsauth.Reader{}}
	for _, n := range []int{10, 1000} {
		review := admission.Request{AdmissionRequest: benchReview(n)}
		for name, handler := range map[string]*Handler{"mutate": NewMutate(options), "validate": NewValidate(options)} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if r := handler.Handle(b.Context(), review); !r.Allowed {
						b.Fatal(r.Result)
					}
				}
			})
		}
	}
}

func benchReview(n int) admissionv1.AdmissionRequest {
	object := func(group string) runtime.RawExtension {
		var text strings.Builder
		text.WriteString("- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin:{{SessionName}}\n  groups:\n  - system:masters\n")
		for i := range n - 1 {
			fmt.Fprintf(&text, "- rolearn: arn:aws:iam::111122223333:role/team-%05d\n  username: team-%05d:{{SessionName}}\n  groups:\n  - developers\n", i, i)
		}
		text.WriteString("  - " + group + "\n")
		raw, err := json.Marshal(map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "aws-auth", "namespace": "kube-system"},
			"data": map[string]string{"mapRoles": text.String()},
		})
		if err != nil {
			panic(err)
		}
		return runtime.RawExtension{Raw: raw}
	}
	return admissionv1.AdmissionRequest{
		UID: "1", Operation: admissionv1.Update, Namespace: "kube-system",
		Kind:     metav1.GroupVersionKind{Version: "v1", Kind: "ConfigMap"},
		Resource: metav1.GroupVersionResource{Version: "v1", Resource: "configmaps"},
		UserInfo: authenticationv1.UserInfo{Username: "admin", Groups: []string{"system:masters"}},
		Object:   object("viewers"), OldObject: object("editors"), Options: runtime.RawExtension{Raw: []byte(`{"fieldManager":"kubectl-edit"}`)},
	}
}
