package chart

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	// Keeps the module of the Prometheus operator in go.mod, which has its definitions: no package has them.
	_ "github.com/prometheus-operator/prometheus-operator/pkg/versionutil"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/deploy"
	"github.com/aws-auth-guard/aws-auth-guard/test/chart/render"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

// warnPodSecurity makes the API server warn of every Deployment and CronJob whose pods are not "restricted", and refuse such pods.
const warnPodSecurity = `apiVersion: v1
kind: Namespace
metadata:
  name: ` + render.Namespace + `
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/warn: restricted
`

// TestAPIServer has a real API server take all renderings, as dry runs: with strict field validation, its rules for each kind, the CEL of
// match conditions and of the companion policy compiled, and Pod Security "restricted". It warns of nothing.
func TestAPIServer(t *testing.T) {
	c := startAPIServer(t)
	for name, o := range matrix(t) {
		t.Run(name, func(t *testing.T) {
			manifest := rendered(t, o).Documents()
			warnings := apply(t, c, manifest)
			if name == "host-network" {
				if !strings.Contains(warnings, "hostNetwork=true") {
					t.Errorf("pods in the host's network are taken for restricted: %s", warnings)
				}
				return
			}
			if warnings != "" {
				t.Error(warnings)
			}
		})
	}
	for _, mode := range deploy.Modes() {
		t.Run("deploy/"+mode, func(t *testing.T) {
			if warnings := apply(t, c, readFile(t, filepath.Join(root, "deploy", "install-"+mode+".yaml"))); warnings != "" {
				t.Error(warnings)
			}
		})
	}
	t.Run("kubeconform", func(t *testing.T) { conform(t, c) })
	t.Run("a field that does not exist", func(t *testing.T) {
		manifest := rendered(t, render.Options{}).Manifest
		wrong := strings.Replace(manifest, "enableServiceLinks:", "enableServiceLink:", 1)
		result := kubectl(t, c, wrong, "apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename=-")
		if wrong == manifest || result.ExitCode == 0 || !strings.Contains(result.Errors, "enableServiceLink") {
			t.Errorf("it is taken: %s", result.Errors)
		}
	})
}

// startAPIServer has the definitions of cert-manager and of the Prometheus operator, and the namespace of the guard.
func startAPIServer(t *testing.T) *controlplane.ControlPlane {
	t.Helper()
	// Both families of addresses, for Services that want them.
	dual := map[string]string{"service-cluster-ip-range": "10.0.0.0/24,fd00:10::/112"}
	c, err := controlplane.Start(context.Background(), controlplane.Options{Progress: os.Stderr, APIServerFlags: dual})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	certManager := moduleFolder(t, filepath.Join("..", "certmanager"), "github.com/cert-manager/cert-manager")
	prometheus := moduleFolder(t, ".", "github.com/prometheus-operator/prometheus-operator")
	definitions := []string{
		filepath.Join(certManager, "deploy", "crds", "cert-manager.io_certificates.yaml"),
		filepath.Join(certManager, "deploy", "crds", "cert-manager.io_issuers.yaml"),
		filepath.Join(prometheus, "example", "prometheus-operator-crd", "monitoring.coreos.com_servicemonitors.yaml"),
		filepath.Join(prometheus, "example", "prometheus-operator-crd", "monitoring.coreos.com_podmonitors.yaml"),
		filepath.Join(prometheus, "example", "prometheus-operator-crd", "monitoring.coreos.com_prometheusrules.yaml"),
	}
	arguments := []string{"apply", "--server-side"}
	for _, path := range definitions {
		arguments = append(arguments, "--filename="+path)
	}
	for input, call := range map[string][]string{"": arguments, warnPodSecurity: {"apply", "--server-side", "--filename=-"}} {
		if result := kubectl(t, c, input, call...); result.ExitCode != 0 {
			t.Fatal(result.Errors)
		}
	}
	if result := kubectl(t, c, "", "wait", "--for=condition=Established", "--timeout=60s", "customresourcedefinitions", "--all"); result.ExitCode != 0 {
		t.Fatal(result.Errors)
	}
	return c
}

// apply applies a manifest as a dry run and gives the warnings. Every object of it must be taken.
func apply(t *testing.T, c *controlplane.ControlPlane, manifest string) string {
	t.Helper()
	result := kubectl(t, c, manifest, "apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename=-")
	taken := strings.Count(result.Output, "serverside-applied (server dry run)")
	wanted := objects(t, manifest)
	if result.ExitCode != 0 || taken != len(wanted) {
		t.Errorf("%d of %d objects were taken:\n%s%s", taken, len(wanted), result.Output, result.Errors)
	}
	return result.Errors
}

func kubectl(t *testing.T, c *controlplane.ControlPlane, input string, arguments ...string) controlplane.Result {
	t.Helper()
	result, err := c.Kubectl(t.Context(), controlplane.Call{Arguments: arguments, Input: input})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// moduleFolder is where Go keeps the source of a module, in the version of the go.mod in the folder.
func moduleFolder(t *testing.T, folder, module string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	command.Dir = folder
	output, err := command.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%s: %v\n%s%s", module, err, output, exit.Stderr)
		}
		t.Fatal(err)
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(output, &found); err != nil || found.Dir == "" {
		t.Fatalf("%s: %v\n%s", module, err, output)
	}
	return found.Dir
}

// TestKinds wants the whole chart to have been looked at: every kind of object that it can make is in some rendering of the matrix.
func TestKinds(t *testing.T) {
	made := map[string]bool{}
	for _, o := range matrix(t) {
		for _, o := range objects(t, rendered(t, o).Documents()) {
			kind, _ := o["kind"].(string)
			made[kind] = true
		}
	}
	templates, err := filepath.Glob(inChart("templates", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, path := range templates {
		for line := range strings.Lines(readFile(t, path)) {
			if kind, ok := strings.CutPrefix(line, "kind: "); ok {
				named[strings.TrimSpace(kind)] = true
			}
		}
	}
	named["Pod"] = true
	if a, b := slices.Sorted(maps.Keys(made)), slices.Sorted(maps.Keys(named)); !slices.Equal(a, b) {
		t.Errorf("rendered are %v, the templates can make %v", a, b)
	}
}
