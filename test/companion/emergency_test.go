package companion

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// commands are those of the emergency page below a heading.
func commands(t *testing.T, heading string) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "emergency.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("the page has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	block := regexp.MustCompile("(?s)```sh\n(.*?)```").FindStringSubmatch(section)
	if block == nil {
		t.Fatalf("the section %q has no command", heading)
	}
	return strings.Split(strings.TrimSpace(block[1]), "\n")
}

// shell runs a command of the page as a person does.
func shell(t *testing.T, c *controlplane.ControlPlane, command string) {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "sh", "-ec", command)
	shell.Env = append(os.Environ(), "KUBECONFIG="+c.AdminKubeconfig, "PATH="+filepath.Dir(c.KubectlPath)+string(os.PathListSeparator)+os.Getenv("PATH"))
	if output, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output)
	}
}

// TestTheEmergencyPage does what the page says on a real API server: with webhooks that nobody answers and that refuse
// every edit, and with the companion policy. Helm's part of standing up again is what Helm prints, here as the objects
// themselves.
func TestTheEmergencyPage(t *testing.T) {
	c, client, _, g := guarded(t)
	maps := client.CoreV1().ConfigMaps(awsauth.Namespace)
	if _, err := maps.Create(t.Context(), configMap(roles(nodes), ""), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	specs, err := Specs()
	if err != nil {
		t.Fatal(err)
	}
	if err := Install(t.Context(), client, specs); err != nil {
		t.Fatal(err)
	}
	hooks := client.AdmissionregistrationV1()
	for _, kind := range []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"} {
		shell(t, c, "kubectl label "+kind+" aws-auth-guard app.kubernetes.io/part-of=aws-auth-guard")
	}
	manifest := objects(t, c)

	dry := metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}}
	emptied := func() error {
		_, err := maps.Update(t.Context(), configMap(roles("[]"), ""), dry)
		return err
	}
	if err := emptied(); !apierrors.IsInvalid(err) {
		t.Fatalf("before: %v", err)
	}
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := maps.Update(t.Context(), configMap(roles(nodes+nodes), ""), dry); err == nil {
		t.Fatal("an edit goes through while nobody answers and the policy is Fail")
	}

	down := commands(t, "Stand the guard down")
	if len(down) != 1 {
		t.Fatalf("standing down takes %q", down)
	}
	shell(t, c, down[0])
	await.True(t, "the guard is down", func() bool { return emptied() == nil })

	up := commands(t, "Stand it up again")
	printed, apply, ok := strings.Cut(up[0], " | ")
	if len(up) != 1 || !ok || printed != "helm get manifest aws-auth-guard --namespace aws-auth-guard" {
		t.Fatalf("standing up takes %q", up)
	}
	shell(t, c, "cat "+manifest+" | "+apply)
	await.True(t, "the webhooks are asked", func() bool {
		_, err := maps.Update(t.Context(), configMap(roles(nodes+nodes), ""), dry)
		return err != nil && strings.Contains(err.Error(), "failed calling webhook")
	})

	if err := hooks.MutatingWebhookConfigurations().Delete(t.Context(), Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := hooks.ValidatingWebhookConfigurations().Delete(t.Context(), Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	// The two policies are taken up one after the other.
	await.True(t, "the companion policies alone", func() bool {
		return refusedByPolicy(emptied()) && refusedByPolicy(maps.Delete(t.Context(), awsauth.Name, metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}))
	})
	for _, heading := range []string{"Delete the map", "Change an immutable map"} {
		if heading != "Delete the map" {
			if _, err := maps.Create(t.Context(), immutable(configMap(roles(nodes), "map-immutable: a test")), metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := maps.Delete(t.Context(), awsauth.Name, metav1.DeleteOptions{}); !refusedByPolicy(err) {
			t.Errorf("%s: before: %v", heading, err)
		}
		for _, command := range commands(t, heading) {
			shell(t, c, command)
		}
		if _, err := maps.Get(t.Context(), awsauth.Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("%s: the map is still there: %v", heading, err)
		}
	}
}

// objects writes the guard's registration into a file, as a chart renders it.
func objects(t *testing.T, c *controlplane.ControlPlane) string {
	t.Helper()
	r, err := c.Kubectl(t.Context(), controlplane.Call{Arguments: []string{
		"get", "mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicybindings", "-l", "app.kubernetes.io/part-of=aws-auth-guard", "-o", "yaml",
	}})
	if err != nil || r.ExitCode != 0 {
		t.Fatal(err, r.Errors)
	}
	var list map[string]any
	if err := yaml.Unmarshal([]byte(r.Output), &list); err != nil {
		t.Fatal(err)
	}
	items, _ := list["items"].([]any)
	if len(items) != 4 {
		t.Fatalf("%d objects have the label", len(items))
	}
	for _, item := range items {
		object, _ := item.(map[string]any)
		metadata, _ := object["metadata"].(map[string]any)
		object["metadata"] = map[string]any{"name": metadata["name"], "labels": metadata["labels"]}
	}
	text, err := yaml.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// guarded starts a control plane of its own with the real guard in front of the map.
func guarded(t *testing.T) (c *controlplane.ControlPlane, client *kubernetes.Clientset, program string, g *guard.Guard) {
	t.Helper()
	c, err := controlplane.Start(t.Context(), controlplane.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	if program, err = guard.Build(t.Context(), c.Directory); err != nil {
		t.Fatal(err)
	}
	if g, err = guard.Start(t.Context(), guard.Options{Program: program, Directory: c.Directory}); err != nil {
		t.Fatal(err)
	}
	if err := g.Register(t.Context(), c.AdminConfig); err != nil {
		t.Fatal(err)
	}
	return c, kubernetes.NewForConfigOrDie(c.AdminConfig), program, g
}
