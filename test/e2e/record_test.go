package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// annotations waits for the audit event of a kubectl run and gives the guard's annotations, their prefix cut to
// the stage. The run is told apart by a field manager that no other run has.
func annotations(t *testing.T, verb, writer string) map[string]string {
	t.Helper()
	found := map[string]string{}
	await.True(t, "the audit event", func() bool {
		events, err := shared.AuditEvents()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Verb != verb || e.Stage != "ResponseComplete" || !strings.Contains(e.URI, "fieldManager="+writer) {
				continue
			}
			for key, value := range e.Annotations {
				if rest, ok := strings.CutPrefix(key, guard.MutateName+"/"); ok {
					found["mutate "+rest] = value
				} else if rest, ok := strings.CutPrefix(key, guard.ValidateName+"/"); ok {
					found["validate "+rest] = value
				}
			}
			return true
		}
		return false
	})
	return found
}

func holdsAnnotations(t *testing.T, got, want map[string]string) {
	t.Helper()
	for key, value := range want {
		if got[key] != value {
			t.Errorf("annotation %s = %q, want %q", key, got[key], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("annotations: %v, want %v", got, want)
	}
}

func TestTheAuditLogSaysWhatWasFoundFixedAndRefused(t *testing.T) {
	apply := func(kubeconfig, writer, text string) {
		kubectl(t, controlplane.Call{
			Kubeconfig: kubeconfig, Input: manifest(mapRoles(text)),
			Arguments: []string{"apply", "--server-side", "--force-conflicts", "--field-manager=" + writer, "-f", "-"},
		})
	}
	repaired, refused, exempt := unique("kubectl-audit-repaired"), unique("audit-refused"), unique("audit-exempt")
	begin(t, mapRoles(node+assumedRole))
	apply("", repaired, node+assumedRole+withPath)
	holdsAnnotations(t, annotations(t, "patch", repaired), map[string]string{
		"mutate decision": "repaired", "mutate profile": "standard", "mutate fixed": "role-path=1", "mutate writer": repaired,
		"validate decision": "warned", "validate profile": "standard", "validate before": "arn-kind", "validate writer": repaired,
		"validate gained": "arn:aws:iam::111122223333:role/dev",
	})

	begin(t, mapRoles(node))
	apply("", refused, node+assumedRole+withPath)
	holdsAnnotations(t, annotations(t, "patch", refused), map[string]string{
		"mutate decision": "unchanged", "mutate profile": "standard", "mutate writer": refused,
		"validate decision": "refused", "validate profile": "standard", "validate writer": refused,
		"validate rules": "arn-kind,role-path", "validate refused": "arn-kind,role-path",
	})

	begin(t, mapRoles(node))
	apply(shared.eksKubeconfig, exempt, node+withPath)
	holdsAnnotations(t, annotations(t, "patch", exempt), map[string]string{
		"mutate decision": "unchanged", "mutate profile": "standard", "mutate writer": exempt, "mutate exempt": "true",
		"validate decision": "warned", "validate profile": "standard", "validate writer": exempt, "validate exempt": "true",
		"validate rules": "role-path",
	})
}

func TestDecisionsAreLoggedAndCounted(t *testing.T) {
	writer := unique("log-line")
	begin(t, mapRoles(node))
	kubectl(t, controlplane.Call{Arguments: []string{"patch", "configmap", "aws-auth", "-n", "kube-system", "--field-manager=" + writer, "-p", mergePatch(node + assumedRole)}})
	lines := logLines(t, `"fieldManager":"`+writer+`"`)
	contains(t, lines[1], `"webhook":"validate"`, `"operation":"UPDATE"`, `"user":"admin"`, `"decision":"refused"`, `"refused":["arn-kind"]`, `"dryRun":false`)

	response, err := http.Get(shared.guard.MetricsURL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(body), `awsauth_admission_decisions_total{operation="update",result="refused"}`, `awsauth_admission_findings_total{rule="arn-kind",touched="true"}`)
	if strings.Contains(string(body), `result="failed"`) || strings.Contains(string(body), `result="malformed"`) {
		t.Errorf("the guard failed or could not read a real review:\n%s", body)
	}
}

func TestThePolicyIsFollowedWhileTheGuardRuns(t *testing.T) {
	const header = "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\n"
	begin(t, mapRoles(node))
	patch := func() controlplane.Result {
		return kubectl(t, controlplane.Call{Arguments: []string{"patch", "configmap", "aws-auth", "-n", "kube-system", "--dry-run=server", "-p", mergePatch(node + assumedRole + withPath)}})
	}
	if err := shared.guard.SetPolicy(header + "profile: audit\n"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := shared.guard.SetPolicy(""); err != nil {
			t.Fatal(err)
		}
		await.True(t, "the default policy is in force", func() bool { return patch().ExitCode != 0 })
	}()
	var result controlplane.Result
	await.True(t, "the profile audit is in force", func() bool { result = patch(); return result.ExitCode == 0 })
	contains(t, result.Errors, "Warning: mapRoles[1].rolearn 6:12: EKS would never match", "Warning: mapRoles[2].rolearn 9:12: this role ARN has the path")
}

func TestANewCertificateIsServedWithoutARefusedEdit(t *testing.T) {
	begin(t, mapRoles(node))
	if err := shared.guard.RotateCertificate(); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		result := kubectl(t, controlplane.Call{Arguments: []string{"patch", "configmap", "aws-auth", "-n", "kube-system", "--dry-run=server", "-p", mergePatch(node + withoutPath)}})
		if result.ExitCode != 0 {
			t.Fatalf("exit %d", result.ExitCode)
		}
	}
}

func TestDeletesReachTheGuard(t *testing.T) {
	for name, tt := range map[string]struct {
		user      string
		arguments []string
	}{
		"the object": {user: "eks:object", arguments: []string{"delete", "configmap", "aws-auth", "-n", "kube-system"}},
		"its collection": {
			user:      "eks:collection",
			arguments: []string{"delete", "--raw", "/api/v1/namespaces/kube-system/configmaps?fieldSelector=metadata.name%3Daws-auth"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			begin(t, mapRoles(node))
			user := unique(tt.user)
			_, kubeconfig, err := shared.Impersonate(rest.ImpersonationConfig{UserName: user, Groups: []string{"system:masters"}})
			if err != nil {
				t.Fatal(err)
			}
			kubectl(t, controlplane.Call{Kubeconfig: kubeconfig, Arguments: tt.arguments})
			logLines(t, `"operation":"DELETE"`, `"user":"`+user+`"`)
		})
	}
}

// logLines waits for the lines of the guard's log that hold some texts: one of each webhook. The guard writes them after
// it has answered.
func logLines(t *testing.T, texts ...string) []string {
	t.Helper()
	var lines []string
	await.True(t, fmt.Sprintf("a line of each webhook with %q", texts), func() bool {
		log, err := os.ReadFile(filepath.Join(shared.Directory, "guard.log"))
		if err != nil {
			t.Fatal(err)
		}
		lines = nil
		for line := range strings.Lines(string(log)) {
			if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) && strings.HasSuffix(line, "\n") {
				lines = append(lines, line)
			}
		}
		return len(lines) >= 2
	})
	if len(lines) != 2 {
		t.Fatalf("%d lines, want one of each webhook:\n%s", len(lines), strings.Join(lines, ""))
	}
	return lines
}
