package companion

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// access writes the ConfigMap with the authentication mode; nil removes it.
func (s *site) access(t *testing.T, data map[string]string) {
	t.Helper()
	maps := s.admin.CoreV1().ConfigMaps(Namespace)
	if err := maps.Delete(context.Background(), Access, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	if data == nil {
		return
	}
	if _, err := maps.Create(context.Background(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: Access}, Data: data}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestADeletePassesWhereNobodyReadsTheMap has every state of the parameter, with no webhook at all.
func TestADeletePassesWhereNobodyReadsTheMap(t *testing.T) {
	s := cluster(t)
	t.Cleanup(func() { s.access(t, map[string]string{}) })
	dry := []string{metav1.DryRunAll}
	maps := s.admin.CoreV1().ConfigMaps(awsauth.Namespace)
	const refused = "deleting aws-auth removes every mapping at once"
	for name, c := range map[string]struct {
		data map[string]string
		// want is in the answer to a delete; "" is that it passes.
		want string
	}{
		"API":                {map[string]string{"authenticationMode": "API"}, ""},
		"API_AND_CONFIG_MAP": {map[string]string{"authenticationMode": "API_AND_CONFIG_MAP"}, refused},
		"CONFIG_MAP":         {map[string]string{"authenticationMode": "CONFIG_MAP"}, refused},
		"empty":              {map[string]string{"authenticationMode": ""}, refused},
		"in other case":      {map[string]string{"authenticationMode": "api"}, refused},
		"with a blank":       {map[string]string{"authenticationMode": "API "}, refused},
		"no key":             {map[string]string{"other": "API"}, refused},
		"no data":            {map[string]string{}, refused},
		"no ConfigMap":       {nil, "no params found"},
	} {
		t.Run(name, func(t *testing.T) {
			s.put(t, configMap(roles(nodes), ""))
			s.access(t, c.data)
			await.Success(t, "the mode is known", func() error {
				err := maps.Delete(t.Context(), awsauth.Name, metav1.DeleteOptions{DryRun: dry})
				if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
					return fmt.Errorf("a delete: %w", err)
				}
				return nil
			})
			// One of all ConfigMaps has no name to look the mode up by.
			err := maps.DeleteCollection(t.Context(), metav1.DeleteOptions{DryRun: dry}, metav1.ListOptions{})
			if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), refused) {
				t.Errorf("a delete of all: %v", err)
			}
			// Nothing else is frozen, and nothing else is let pass.
			if _, err := maps.Update(t.Context(), configMap(roles(nodes+"# more\n"), ""), metav1.UpdateOptions{DryRun: dry}); err != nil {
				t.Errorf("an edit: %v", err)
			}
			if _, err := maps.Update(t.Context(), configMap(roles("[]"), ""), metav1.UpdateOptions{DryRun: dry}); !refusedByPolicy(err) {
				t.Errorf("an edit that empties the map: %v", err)
			}
			other := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "other"}}
			if _, err := maps.Create(t.Context(), other, metav1.CreateOptions{}); err != nil {
				t.Errorf("another ConfigMap: %v", err)
			}
			if err := maps.Delete(t.Context(), "other", metav1.DeleteOptions{}); err != nil {
				t.Errorf("deleting another ConfigMap: %v", err)
			}
		})
	}
}

// TestTheConfigMapThatIsGoneComesBack does what the emergency page says.
func TestTheConfigMapThatIsGoneComesBack(t *testing.T) {
	s := cluster(t)
	t.Cleanup(func() { s.access(t, map[string]string{}) })
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "emergency.md"))
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^kubectl create configmap ` + Access + ` .*$`).FindString(string(page))
	if command == "" {
		t.Fatal("the page has no such command")
	}
	answers := func(want string) {
		t.Helper()
		await.Success(t, want, func() error {
			s.put(t, configMap(roles("[]"), ""))
			err := s.admin.CoreV1().ConfigMaps(awsauth.Namespace).Delete(t.Context(), awsauth.Name, metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}})
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				return fmt.Errorf("a delete of an empty map: %w", err)
			}
			return nil
		})
	}
	s.access(t, nil)
	answers("no params found")
	shell(t, s.ControlPlane, command)
	answers("")
}
