package plugin

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// aCause is a line of the doctor that names a cause.
var aCause = regexp.MustCompile(`(?m)^   (?:wrong|maybe): .* \[[a-z0-9-]+\]$`)

// saysCauses holds what the doctor says of causes against a file; docs/unauthorized.md shows it too.
func saysCauses(t *testing.T, name, out string) {
	t.Helper()
	path := filepath.Join("testdata", "doctor", name+".txt")
	got := strings.Join(aCause.FindAllString(out, -1), "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the doctor says\n%swant\n%s", got, want)
	}
}

// signIn is a kubeconfig of the control plane whose user signs in by a program.
func signIn(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "aws")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := clientcmd.LoadFromFile(nobody(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range c.AuthInfos {
		user.Exec = &clientcmdapi.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1beta1", Command: program, InteractiveMode: clientcmdapi.IfAvailableExecInteractiveMode,
			Args: []string{"--region", "eu-west-1", "eks", "get-token", "--cluster-name", "blue"},
		}
	}
	path := filepath.Join(dir, "config")
	if err := clientcmd.WriteToFile(*c, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDoctorOfATokenThatTheServerRefuses: the map has the caller, so the log alone can tell. The token is never shown.
func TestDoctorOfATokenThatTheServerRefuses(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // STS is not asked.
	address := "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256" +
		"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260301%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date=" + time.Now().UTC().Format("20060102T150405Z") +
		"&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=0123456789abcdef"
	token := "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(address))
	config := signIn(t, fmt.Sprintf(`echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1beta1", "status": {"token": "%s"}}'`, token))
	file := filepath.Join(t.TempDir(), "aws-auth.yaml")
	if err := os.WriteFile(file, []byte("mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: dev\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := plugin(t, config, "", "doctor", devSession, "--file", file, "--access-snapshot", snapshotFile(t), "--max-age", "876000h", "--yes")
	r.expect(t, 3, `401, "Unauthorized": it does not let you in`, "lets "+devSession+" in as dev")
	saysCauses(t, "63-reason-in-the-log", r.out)
	for _, answer := range []string{"y\n", "n\n"} {
		r := plugin(t, config, answer, "doctor", devSession, "--file", file, "--access-snapshot", snapshotFile(t), "--max-age", "876000h")
		if strings.Contains(r.out+r.err, token[:40]) || strings.Contains(r.out+r.err, "0123456789abcdef") {
			t.Errorf("the token is shown:\n%s%s", r.out, r.err)
		}
		r.expect(t, 3, "Run this program of the kubeconfig")
	}
	plugin(t, config, "n\n", "doctor", devSession, "--file", file, "--access-snapshot", snapshotFile(t), "--max-age", "876000h").expect(t, 3,
		"nobody agreed", "answers, and its certificate is trusted", "whether it lets you in: the plugin was not run")
}

// snapshotFile has a cluster with both doors and no access entries.
func snapshotFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "access.json")
	text := `{"apiVersion": "aws-auth-guard.dev/v1alpha1", "kind": "AccessSnapshot", "takenAt": "2026-03-01T12:00:00Z", "entries": [],
"cluster": {"name": "blue", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/blue", "authenticationMode": "API_AND_CONFIG_MAP"}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDoctorOfAServerOfAnotherAuthority(t *testing.T) {
	other, err := os.ReadFile(filepath.Join("testdata", "doctor", "other-ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	admin := cluster.AdminConfig.TLSClientConfig
	path, err := cluster.WriteKubeconfig(&rest.Config{
		Host: cluster.AdminConfig.Host, TLSClientConfig: rest.TLSClientConfig{CAData: other, CertData: admin.CertData, KeyData: admin.KeyData},
	})
	if err != nil {
		t.Fatal(err)
	}
	// A proxy for others has no part in it: the server is on this machine.
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	r := plugin(t, path, "", "doctor", devSession)
	r.expect(t, 1, "The cause: certificate.")
	saysCauses(t, "44-certificate", r.out)
}

// TestDoctorOfSomebodyWhoIsIn: with nothing bound, that is the cause; what is bound ends it.
func TestDoctorOfSomebodyWhoIsIn(t *testing.T) {
	const idle = "arn:aws:iam::111122223333:user/idle"
	r := plugin(t, as(t, rest.ImpersonationConfig{UserName: "idle", Extra: map[string][]string{"arn": {idle}}}), "", "doctor", idle)
	r.expect(t, 1, "it lets you in as idle", "kubectl get svc -n default: forbidden")
	saysCauses(t, "57-nothing-bound", r.out)
	bound := as(t, rest.ImpersonationConfig{UserName: "idle", Groups: []string{"system:masters"}, Extra: map[string][]string{"arn": {idle}}})
	plugin(t, bound, "", "doctor", idle).expect(t, 0, "kubectl get svc -n default: works", "you may: ", "No cause: the cluster lets you in.")
}

func TestDoctorOfAPod(t *testing.T) {
	pod := as(t, rest.ImpersonationConfig{UserName: "system:serviceaccount:ci:runner"})
	plugin(t, pod, "", "doctor", devSession).expect(t, 1, "the server knows you as the service account ci:runner, not by IAM [in-cluster]")
}
