package lockout

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

// manifest is aws-auth with one key of data.
func manifest(key, text string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n  " + key + ": |\n    " +
		strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}

func kubectl(t *testing.T, w *writer, input string, arguments ...string) controlplane.Result {
	t.Helper()
	result, err := shared.Kubectl(t.Context(), controlplane.Call{Kubeconfig: w.kubeconfig, Input: input, Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("kubectl %s: exit %d\n%s%s", strings.Join(arguments, " "), result.ExitCode, result.Output, result.Errors)
	return result
}

func TestDeletesAreRefused(t *testing.T) {
	before := begin(t, roles(nodes+devs))
	w := root(t)
	t.Run("kubectl delete", func(t *testing.T) {
		r := kubectl(t, w, "", "delete", "configmap", "aws-auth", "-n", "kube-system")
		if r.ExitCode == 0 || !strings.Contains(r.Errors, "deleting aws-auth removes 2 mappings at once") || !strings.Contains(r.Errors, override+`: "map-deleted: <reason>"`) {
			t.Error("kubectl does not say why")
		}
		unchanged(t, before)
	})
	t.Run("a delete of the collection", func(t *testing.T) {
		err := w.CoreV1().ConfigMaps("kube-system").DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{})
		refused(t, before, err, "map-deleted")
	})
	t.Run("kubectl replace --force", func(t *testing.T) {
		if r := kubectl(t, w, manifest("mapRoles", nodes), "replace", "--force", "-f", "-"); r.ExitCode == 0 {
			t.Error("it went through")
		}
		unchanged(t, before)
	})
	t.Run("kubectl delete --dry-run=server", func(t *testing.T) {
		if r := kubectl(t, w, "", "delete", "configmap", "aws-auth", "-n", "kube-system", "--dry-run=server"); r.ExitCode == 0 {
			t.Error("a dry run says that it would go through")
		}
	})
}

func TestEmptiedDataIsRefused(t *testing.T) {
	w := root(t)
	data := map[string]string{"mapRoles": nodes + devs, "mapUsers": "- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n"}
	before := begin(t, data)
	for name, patch := range map[string][]byte{
		"a JSON patch removes mapRoles": jsonPatch(t, map[string]any{"op": "remove", "path": "/data/mapRoles"}),
		"a JSON patch removes mapUsers": jsonPatch(t, map[string]any{"op": "remove", "path": "/data/mapUsers"}),
		"a JSON patch removes the data": jsonPatch(t, map[string]any{"op": "remove", "path": "/data"}),
		"an empty mapRoles":             jsonPatch(t, map[string]any{"op": "replace", "path": "/data/mapRoles", "value": "[]"}),
		"comments alone in mapRoles":    jsonPatch(t, map[string]any{"op": "replace", "path": "/data/mapRoles", "value": "# Existing roles...\n"}),
		"a renamed key":                 jsonPatch(t, map[string]any{"op": "move", "from": "/data/mapRoles", "path": "/data/maproles"}),
	} {
		t.Run(name, func(t *testing.T) { refused(t, before, w.patch(t, patch), "map-deleted") })
	}
	t.Run("kubectl replace with one key", func(t *testing.T) {
		if r := kubectl(t, w, manifest("mapUsers", data["mapUsers"]), "replace", "-f", "-"); r.ExitCode == 0 || !strings.Contains(r.Errors, "drops mapRoles with 2 mappings") {
			t.Error("it went through, or without saying why")
		}
		unchanged(t, before)
	})
	t.Run("an explicit empty mapUsers goes through", func(t *testing.T) {
		w.passed(t, w.patch(t, jsonPatch(t, map[string]any{"op": "replace", "path": "/data/mapUsers", "value": "[]"})))
	})
	t.Run("an empty map stays empty", func(t *testing.T) {
		begin(t, roles("[]"))
		w.passed(t, w.patch(t, jsonPatch(t, map[string]any{"op": "remove", "path": "/data/mapRoles"})))
	})
}

func TestADeleteCanBeOverridden(t *testing.T) {
	before := begin(t, roles(nodes+devs))
	w := root(t)
	t.Run("not by an override for something else", func(t *testing.T) {
		w.passed(t, w.put(t, before.Data, "self-lockout: a test"))
		if err := w.CoreV1().ConfigMaps("kube-system").Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}); err == nil {
			t.Error("deleted")
		}
	})
	remove := func() error {
		return w.CoreV1().ConfigMaps("kube-system").Delete(t.Context(), "aws-auth", metav1.DeleteOptions{})
	}
	t.Run("not by one that was left on the object", func(t *testing.T) {
		w.passed(t, w.put(t, before.Data, "map-deleted: an old reason"))
		if err := remove(); err == nil || !strings.Contains(err.Error(), "empty aws-auth first in an edit that adds "+override) {
			t.Errorf("a delete: %v", err)
		}
		for what, arguments := range map[string][]string{
			"replace --force": {"replace", "--force", "-f", "-"}, "delete --all": {"delete", "configmaps", "--all", "-n", "kube-system"},
		} {
			if r := kubectl(t, w, manifest("mapRoles", nodes), arguments...); r.ExitCode == 0 {
				t.Errorf("%s goes through", what)
			}
		}
	})
	t.Run("in two steps", func(t *testing.T) {
		w.passed(t, w.put(t, nil, "map-deleted: moving to access entries"), "overridden (moving to access entries)")
		recorded(t, "map-deleted", "moving to access entries")
		w.passed(t, remove())
	})
	t.Run("in one, where it is immutable", func(t *testing.T) {
		c, yes := before.DeepCopy(), true
		c.ObjectMeta = metav1.ObjectMeta{Name: before.Name, Namespace: before.Namespace}
		c.Immutable = &yes
		c.Annotations = map[string]string{override: "map-deleted: to create it again"}
		if _, err := shared.eks.CoreV1().ConfigMaps("kube-system").Create(t.Context(), c, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		w.passed(t, remove(), "overridden (to create it again)")
	})
}

func TestAWrongOverrideIsRefusedWithTheRightSyntax(t *testing.T) {
	before := begin(t, roles(nodes+devs))
	w := root(t)
	for text, want := range map[string]string{
		"map-delete: x": "did you mean map-deleted?",
		"map-deleted":   "gives no reason; write " + override + `: "<rule>[,<rule>]: <reason>"`,
	} {
		c := before.DeepCopy()
		c.Annotations = map[string]string{override: text}
		_, err := w.CoreV1().ConfigMaps("kube-system").Update(t.Context(), c, metav1.UpdateOptions{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
		unchanged(t, before)
	}
}

func TestAnotherConfigMapCanBeDeleted(t *testing.T) {
	maps := shared.admin.CoreV1().ConfigMaps("kube-system")
	if _, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "other"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := maps.Delete(t.Context(), "other", metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
}
