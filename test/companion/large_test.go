package companion

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// forms are the ways to write a list of n entries, each with its data key.
func forms() map[string]func(n int) map[string]string {
	each := func(key, head, entry, tail string) func(int) map[string]string {
		return func(n int) map[string]string {
			var b strings.Builder
			for i := range n {
				b.WriteString(strings.ReplaceAll(entry, "NUMBER", fmt.Sprintf("%012d", i)))
			}
			return map[string]string{key: head + strings.TrimSuffix(b.String(), ",") + tail}
		}
	}
	const arn = "arn:aws:iam::111122223333:role/team-NUMBER"
	return map[string]func(int) map[string]string{
		"block":         each("mapRoles", "", "- rolearn: "+arn+"\n  username: dev:{{SessionName}}\n  groups:\n  - developers\n  - viewers\n", ""),
		"indented":      each("mapRoles", "", "    - rolearn: "+arn+"\n      username: dev\n      groups:\n        - developers\n", ""),
		"other letters": each("mapRoles", "", "- RoleARN: "+arn+"\n  username: dev\n", ""),
		"quoted keys":   each("mapRoles", "", "- \"rolearn\": \""+arn+"\"\n  \"username\": 'dev'\n", ""),
		"comments":      each("mapRoles", "# the teams\n", "# team NUMBER\n- rolearn: "+arn+" # its role\n\n  username: dev\n", ""),
		"CRLF":          each("mapRoles", "", "- rolearn: "+arn+"\r\n  username: dev\r\n", ""),
		"JSON":          each("mapRoles", "[", `{"rolearn":"`+arn+`","username":"dev","groups":["a","b"]},`, "]"),
		"users":         each("mapUsers", "", "- userarn: arn:aws:iam::111122223333:user/NUMBER\n  username: NUMBERx\n", ""),
		"accounts":      each("mapAccounts", "", "- \"NUMBER\"\n", ""),
	}
}

// comments are about so many characters of them.
func comments(size int) string { return strings.Repeat("# nobody is left here\n", size/22+1) }

// TestASizeLetsNoDeletePass deletes and empties maps of every form and of sizes from small to the largest, on an API server
// with no pod of the guard anywhere.
func TestASizeLetsNoDeletePass(t *testing.T) {
	s := cluster(t)
	sizes(t, []int{10, 300, 600, 6000}, func(t *testing.T, made *edit) bool { return s.try(t, s.admin, made) != nil })
}

// TestEverySizeIsEvaluated does the same in this process, with more sizes and within the API server's limit of cost.
func TestEverySizeIsEvaluated(t *testing.T) {
	e := newEvaluator(t)
	sizes(t, []int{10, 50, 100, 200, 250, 300, 600, 1000, 3000, 6000, 20_000}, func(t *testing.T, made *edit) bool { return len(e.refusals(t, made)) > 0 })
}

func sizes(t *testing.T, entries []int, refused func(*testing.T, *edit) bool) {
	t.Helper()
	for name, form := range forms() {
		for _, n := range entries {
			data := form(n)
			if configMap(data, "").Size() > 1<<20 {
				continue
			}
			t.Run(fmt.Sprintf("%s, %d entries", name, n), func(t *testing.T) {
				old := configMap(data, "")
				for what, made := range map[string]*edit{
					"deleted":                        {Old: old},
					"deleted with an override on it": {Old: configMap(data, "map-deleted: an old reason")},
					"without data":                   {Old: old, New: configMap(nil, "")},
					"emptied":                        {Old: old, New: configMap(only(data, "[]"), "")},
					"emptied with many comments":     {Old: old, New: configMap(only(data, comments(20_000)+"[ ]\n"), "")},
					"comments alone, most of 1 MiB":  {Old: old, New: configMap(only(data, comments(1_000_000)), "")},
				} {
					if !refused(t, made) {
						t.Errorf("%s: nothing refuses it", what)
					}
				}
				for what, to := range map[string]map[string]string{
					"fewer entries":         form(n - 1),
					"half of the entries":   form(n / 2),
					"beside comments":       only(data, form(n / 2)[keyOf(data)]+comments(20_000)),
					"one entry in comments": only(data, comments(20_000)+form(1)[keyOf(data)]),
				} {
					if strings.HasPrefix(to[keyOf(data)], "[") && strings.Contains(to[keyOf(data)], "#") {
						continue
					}
					if refused(t, &edit{Old: old, New: configMap(to, "")}) {
						t.Errorf("%s: refused", what)
					}
				}
			})
		}
	}
}

// only gives the key of the data, and no other, a text.
func only(data map[string]string, text string) map[string]string {
	return map[string]string{keyOf(data): text}
}

func keyOf(data map[string]string) string {
	for key := range data {
		return key
	}
	return ""
}

// TestTheWayToDeleteALargeMap takes the two steps that a refusal names, and the one of an immutable map.
func TestTheWayToDeleteALargeMap(t *testing.T) {
	s := cluster(t)
	maps := s.admin.CoreV1().ConfigMaps(awsauth.Namespace)
	remove := func() error { return maps.Delete(t.Context(), awsauth.Name, metav1.DeleteOptions{}) }
	for name, emptied := range map[string]map[string]string{"no data": nil, "comments": roles(comments(500_000)), "a list": roles(comments(20_000) + "[]\n")} {
		t.Run(name, func(t *testing.T) {
			s.put(t, configMap(forms()["block"](600), ""))
			if err := remove(); !refusedByPolicy(err) {
				t.Fatalf("before: %v", err)
			}
			if _, err := maps.Update(t.Context(), configMap(emptied, "map-deleted: moving to access entries"), metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := remove(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("immutable", func(t *testing.T) {
		s.put(t, nil)
		s.put(t, immutable(configMap(forms()["block"](600), "")))
		if err := remove(); !refusedByPolicy(err) || !strings.Contains(err.Error(), "annotate aws-auth first with") {
			t.Fatalf("before: %v", err)
		}
		patch := []byte(`{"metadata":{"annotations":{"aws-auth-guard.dev/override":"map-deleted: to create it again"}}}`)
		if _, err := maps.Patch(t.Context(), awsauth.Name, "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := remove(); err != nil {
			t.Error(err)
		}
	})
}

// TestConfigMapsWithoutANamePass makes ConfigMaps whose names the API server is still to generate. With failurePolicy Fail
// and with the companion policy every condition that fails on an object without a name would refuse them. None of them can
// become aws-auth: generated names end in five characters that are no "-" and no vowel.
func TestConfigMapsWithoutANamePass(t *testing.T) {
	s := cluster(t)
	s.put(t, nil)
	deadGuard(t, s)
	for _, prefix := range []string{"x-", "aws-auth", "aws-auth-", "aws-", "aws"} {
		c := configMap(map[string]string{"maproles": "{}"}, "")
		c.Name, c.GenerateName = "", prefix
		if _, err := s.admin.CoreV1().ConfigMaps(awsauth.Namespace).Create(t.Context(), c, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
			t.Errorf("%s: %v", prefix, err)
		}
	}
}

// deadGuard makes the API server ask a guard that is not there about every edit of aws-auth, and refuse it for that.
func deadGuard(t *testing.T, s *site) {
	t.Helper()
	authority, err := guard.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	url, fail, none := "https://127.0.0.1:1/", admissionregistrationv1.Fail, admissionregistrationv1.SideEffectClassNoneOnDryRun
	client := admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: authority.PEM}
	conditions := []admissionregistrationv1.MatchCondition{{Name: "aws-auth", Expression: registration.NameCondition}}
	rules := []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.OperationAll},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
	}}
	api := s.admin.AdmissionregistrationV1()
	meta, ctx := metav1.ObjectMeta{Name: "dead-guard"}, context.WithoutCancel(t.Context())
	asked := func(name string) {
		t.Helper()
		await.True(t, name+" is asked", func() bool {
			c, dry := configMap(roles(nodes), ""), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
			_, err := s.admin.CoreV1().ConfigMaps(awsauth.Namespace).Create(t.Context(), c, dry)
			return apierrors.IsInternalError(err) && strings.Contains(err.Error(), name)
		})
	}
	t.Cleanup(func() {
		_ = api.ValidatingWebhookConfigurations().Delete(ctx, meta.Name, metav1.DeleteOptions{})
		_ = api.MutatingWebhookConfigurations().Delete(ctx, meta.Name, metav1.DeleteOptions{})
	})
	_, err = api.ValidatingWebhookConfigurations().Create(t.Context(), &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: meta, Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: guard.ValidateName, ClientConfig: client, Rules: rules, MatchConditions: conditions, FailurePolicy: &fail, SideEffects: &none,
			AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	asked(guard.ValidateName)
	// The mutating one comes before it, and is the first that fails.
	_, err = api.MutatingWebhookConfigurations().Create(t.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: meta, Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: guard.MutateName, ClientConfig: client, Rules: rules, MatchConditions: conditions, FailurePolicy: &fail, SideEffects: &none,
			AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	asked(guard.MutateName)
}

// TestTheChartAsksAsTheTestsDo holds the chart's condition to the one that is tested here and in test/plugin.
func TestTheChartAsksAsTheTestsDo(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "charts", "aws-auth-guard", "templates", "_helpers.tpl"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\n  expression: \""+registration.NameCondition+"\"\n") {
		t.Errorf("the chart does not have the condition %s", registration.NameCondition)
	}
}
