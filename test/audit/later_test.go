package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admissionlog"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// mayTell gives the auditor the right to make Events, or takes it away.
func mayTell(ctx context.Context, t *testing.T, yes bool) {
	t.Helper()
	api := shared.admin.RbacV1().Roles("kube-system")
	role, err := api.Get(ctx, "auditor", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	role.Rules = slices.DeleteFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.Resources, "events") })
	if yes {
		role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create"}})
	}
	if _, err := api.Update(ctx, role, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	await.Success(t, "the API server goes by it", func() error {
		review, err := shared.admin.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: auditorUser, ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: "kube-system", Verb: "create", Resource: "events"},
		}}, metav1.CreateOptions{})
		if err == nil && review.Status.Allowed != yes {
			err = fmt.Errorf("allowed %v", review.Status.Allowed)
		}
		return err
	})
}

func TestWhatCantBeToldIsToldLaterAndOnce(t *testing.T) {
	begin(t, nodes+devs)
	p := auditor(t)
	p.await(t)
	told(t, "GuardMissing")
	mayTell(t.Context(), t, false)
	t.Cleanup(func() { mayTell(context.WithoutCancel(t.Context()), t, true) })
	if err := put(t, devs+admin); err != nil {
		t.Fatal(err)
	}
	// The rest of its work goes on: the history, and that it was a bypass.
	await.Success(t, "the history and the bypass", func() error {
		if text := metricsOf(t, p); !strings.Contains(text, "awsauth_audit_bypasses_total 1\n") || !strings.Contains(text, `awsauth_audit_failures_total{what="writing Events"}`) {
			return fmt.Errorf("metrics:\n%s", text)
		}
		return newest(t, devs+admin)
	})
	if seen := events(t); len(seen) != 1 {
		t.Fatalf("reported without the right to: %q", seen)
	}
	mayTell(t.Context(), t, true)
	told(t, "GuardAdminGranted", "GuardNodesLost", "GuardBypassed")
	for reason, messages := range events(t) {
		if len(messages) != 1 {
			t.Errorf("%s was reported %d times: %q", reason, len(messages), messages)
		}
	}
}

// TestAReportThatWentWithItsKindComesBackWithIt creates the kind again before the auditor has looked.
func TestAReportThatWentWithItsKindComesBackWithIt(t *testing.T) {
	begin(t, nodes+devs)
	auditor(t).await(t)
	k := openReports()
	k.install(t)
	before := k.has(t, "role-path", "pass", "")
	k.remove(t)
	k.install(t)
	if after := k.has(t, "role-path", "pass", ""); after.GetUID() == before.GetUID() {
		t.Error("it is the same report")
	}
}

// TestReportsAreValid has the API server judge a report of each kind by the schema of its kind, unknown fields included.
func TestReportsAreValid(t *testing.T) {
	for _, k := range []kind{openReports(), policyReports()} {
		t.Run(k.resource.Group, func(t *testing.T) {
			// Findings of all outcomes, and more of them than a report holds.
			var text strings.Builder
			text.WriteString(nodes + admin + devs)
			for i := range 600 {
				fmt.Fprintf(&text, "- rolearn: arn:aws:iam::111122223333:role/a/r%d\n  username: 'u%d\"<>'\n", i, i)
			}
			begin(t, text.String())
			auditor(t).await(t)
			k.install(t)
			report := k.has(t, "role-path", "fail", "")
			if report.GetAnnotations()["aws-auth-guard.dev/results-left-out"] == "" {
				t.Error("it does not say that it was cut")
			}
			again := report.DeepCopy()
			again.SetName("again")
			again.SetResourceVersion("")
			again.SetUID("")
			if _, err := shared.objects.Resource(k.resource).Namespace("kube-system").Create(t.Context(), again, metav1.CreateOptions{
				DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict,
			}); err != nil {
				t.Error(err)
			}
			results, ok := again.Object["results"].([]any)
			if !ok || len(results) == 0 {
				t.Fatal("no results")
			}
			results[0].(map[string]any)["outcome"] = "pass"
			if _, err := shared.objects.Resource(k.resource).Namespace("kube-system").Create(t.Context(), again, metav1.CreateOptions{
				DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict,
			}); err == nil {
				t.Error("a field that the schema does not have is taken")
			}
		})
	}
}

// TestABypassNamesTheEditThatPassedUnread: an edit whose review could not be read is noted without its text, so the state
// that it left looks as if it had come past the guard.
func TestABypassNamesTheEditThatPassedUnread(t *testing.T) {
	begin(t, nodes+devs)
	p := auditor(t)
	p.await(t)
	now := metav1.Now()
	notes, err := json.Marshal([]admissionlog.Record{{State: admissionlog.Unread, Operation: "UPDATE", User: "jane", Time: now, Unchecked: true}})
	if err != nil {
		t.Fatal(err)
	}
	patch, err := json.Marshal(map[string]any{"data": map[string]string{"a-replica": string(notes)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shared.admin.CoreV1().ConfigMaps(namespace).Patch(t.Context(), ledger, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := put(t, nodes+devs+admin); err != nil {
		t.Fatal(err)
	}
	told(t, "GuardBypassed")
	want := "at " + now.UTC().Format(time.RFC3339) + ` the guard let an edit by "jane" pass unread, because it was too large or came too slowly`
	if said := events(t)["GuardBypassed"]; len(said) != 1 || !strings.Contains(said[0], want) {
		t.Errorf("told %q", said)
	}
}
