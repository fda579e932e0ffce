package plugin

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

const devSession = "arn:aws:sts::111122223333:assumed-role/dev/bob"

func TestWhoamiReadsTheLiveMapAndRBAC(t *testing.T) {
	r := plugin(t, "", `{"Arn": "`+devSession+`"}`, "whoami", "-")
	r.expect(t, 0)
	const want = `caller:    arn:aws:sts::111122223333:assumed-role/dev/bob
door:      not known: there is no snapshot of the access entries; "kubectl aws-auth access-entries snapshot --write" takes one
matches:   mapRoles[2] (kube-system/aws-auth:10:7)
username:  dev:bob
groups:    developers, Viewers
may:       ClusterRole view in the whole cluster (ClusterRoleBinding bob, for the user dev:bob)
           ClusterRole gone in the whole cluster (ClusterRoleBinding developers-gone, for the group developers; there is no such role, so it gives nothing)
           ClusterRole view in the whole cluster (ClusterRoleBinding developers, for the group developers)
`
	if r.out != want || r.err != "" {
		t.Errorf("got\n%s%s\nwant\n%s", r.out, r.err, want)
	}
}

func TestWhoamiOfSomebodyWithoutRightsSaysForbidden(t *testing.T) {
	plugin(t, "", "", "whoami", "arn:aws:iam::111122223333:user/alice").expect(t, 0, `may:       nothing: no binding names this username`, `"forbidden"`)
	plugin(t, "", "", "whoami", "arn:aws:sts::111122223333:assumed-role/Admin/x").expect(t, 0, "everything, whatever RBAC says (group system:masters)")
}

func TestWhoamiOfARoleThatIsNotMapped(t *testing.T) {
	r := plugin(t, "", "", "whoami", "arn:aws:sts::111122223333:assumed-role/qa/bob")
	r.expect(t, 1, "The caller is a session of the role qa, which is not mapped", "    - rolearn: arn:aws:iam::111122223333:role/qa\n")
}

// TestWhoamiSaysWhatToPaste pastes the entry that whoami gives after the map and asks again.
func TestWhoamiSaysWhatToPaste(t *testing.T) {
	shown, err := cluster.Kubectl(t.Context(), controlplane.Call{Arguments: []string{"get", "configmap", "aws-auth", "-n", "kube-system", "-o", "yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "aws-auth.yaml")
	for _, caller := range []string{
		"arn:aws:sts::111122223333:assumed-role/qa/bob",
		"arn:aws:sts::111122223333:assumed-role/aws/bob",
		"arn:aws-cn:sts::111122223333:assumed-role/AWSReservedSSO_ReadOnly_0123456789abcdef/Bob@example.com",
		"arn:aws:sts::111122223333:assumed-role/workers/i-0123456789abcdef0",
		"arn:aws:iam::111122223333:user/people/Zoe",
		"arn:aws:iam::111122223333:user/007",
		"arn:aws:iam::111122223333:root",
	} {
		r := plugin(t, "", "", "whoami", caller)
		r.expect(t, 1)
		entry, key := r.out[strings.Index(r.out, "    - "):], "  mapRoles: |\n"
		entry = entry[:strings.Index(entry, "\n\n")+1]
		if strings.Contains(entry, "userarn") {
			key = "  mapUsers: |\n"
		}
		if err := os.WriteFile(file, []byte(strings.Replace(shown.Output, key, key+entry, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		plugin(t, "", "", "whoami", caller, "--file", file).expect(t, 0)
		lint := plugin(t, "", "", "lint", file)
		if n := strings.Count(lint.out, "error: "); n != 1 {
			t.Errorf("%s: lint of the map with the entry has %d errors, want the one that was there before:\n%s\n%s", caller, n, entry, lint.out)
		}
	}
}

// TestWhoamiAsksTheClusterWhoIAm comes with the attributes that EKS gives to a caller.
func TestWhoamiAsksTheClusterWhoIAm(t *testing.T) {
	admin := as(t, rest.ImpersonationConfig{UserName: "admin:zoe", Groups: []string{"system:masters"}, Extra: map[string][]string{"arn": {"arn:aws:sts::111122223333:assumed-role/Admin/zoe"}}})
	plugin(t, admin, "", "whoami").expect(t, 0, "sign-in:   the cluster knows you as admin:zoe", "caller:    arn:aws:sts::111122223333:assumed-role/Admin/zoe", "matches:   mapRoles[0]")
	plugin(t, "", "", "whoami").expect(t, 2, "the cluster lets you in as admin, groups system:masters", "but not by IAM")
}

func TestWhoamiOfSomebodyWhoMayNotReadTheMap(t *testing.T) {
	ci := as(t, rest.ImpersonationConfig{UserName: "ci", Groups: []string{"deployers"}, Extra: map[string][]string{"arn": {"arn:aws:iam::111122223333:user/ci"}}})
	plugin(t, ci, "", "whoami").expect(t, 3, "the cluster lets you in, but you may not read the map", `User "ci" cannot get`)
}

func TestWhoamiOfSomebodyWhomTheClusterDoesNotLetIn(t *testing.T) {
	plugin(t, nobody(t), "", "whoami", devSession, "--token", "nonsense").expect(t, 3,
		`the cluster answers "Unauthorized"`, "Ask somebody whom it does let in to run `kubectl aws-auth whoami YOUR-ARN`", "docs/unauthorized.md")
	plugin(t, nobody(t), "", "whoami", "--token", "nonsense").expect(t, 3, `the cluster answers "Unauthorized"`, "aws sts get-caller-identity")
}

func TestWhoamiTakesTheRoleOfTheKubeconfigUser(t *testing.T) {
	admin, err := clientcmd.LoadFromFile(cluster.AdminKubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	// As `aws eks update-kubeconfig --name demo --role-arn … --alias demo` writes it, beside the user that can read.
	admin.AuthInfos["demo"] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1beta1", Command: "aws", InteractiveMode: clientcmdapi.IfAvailableExecInteractiveMode,
		Args: []string{"--region", "eu-west-1", "eks", "get-token", "--cluster-name", "demo", "--output", "json", "--role", "arn:aws:iam::111122223333:role/team/dev"},
		Env:  []clientcmdapi.ExecEnvVar{{Name: "AWS_PROFILE", Value: "work"}},
	}}
	path := filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(*admin, path); err != nil {
		t.Fatal(err)
	}
	// The map comes from a file here: nobody has the aws program that the user would sign in by.
	file := filepath.Join(t.TempDir(), "aws-auth.yaml")
	if err := os.WriteFile(file, []byte("mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: dev\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	plugin(t, path, "", "whoami", "--kubeconfig-user", "--user", "demo", "--file", file).expect(t, 0,
		"sign-in:   the kubeconfig's user demo signs in by `aws` to the cluster demo in eu-west-1 with the profile work, as the role arn:aws:iam::111122223333:role/team/dev",
		"caller:    arn:aws:iam::111122223333:role/dev", "matches:   mapRoles[0]")
	plugin(t, path, "", "whoami", "--kubeconfig-user").expect(t, 3, "does not sign in by IAM: it has no exec section")
}

// TestWhoamiSignsInByTheKubeconfigsCommand has an aws program that gives out the administrator's certificate, where the
// real one gives out a token of EKS.
func TestWhoamiSignsInByTheKubeconfigsCommand(t *testing.T) {
	dir := t.TempDir()
	credential, err := json.Marshal(map[string]any{
		"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "status": map[string]string{
			"clientCertificateData": string(cluster.AdminConfig.CertData), "clientKeyData": string(cluster.AdminConfig.KeyData),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"credential.json": string(credential), "aws": "#!/bin/sh\nexec cat \"$(dirname \"$0\")/credential.json\"\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	config, err := clientcmd.LoadFromFile(nobody(t))
	if err != nil {
		t.Fatal(err)
	}
	user := config.AuthInfos[config.Contexts[config.CurrentContext].AuthInfo]
	user.Exec = &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1beta1", Command: filepath.Join(dir, "aws"), InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		Args: []string{"eks", "get-token", "--cluster-name", "demo", "--role", "arn:aws:iam::111122223333:role/qa"},
	}
	path := filepath.Join(dir, "config")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	const asRole = ", as the role arn:aws:iam::111122223333:role/qa"
	plugin(t, path, "", "whoami", "--kubeconfig-user").expect(t, 1, "signs in by `aws` to the cluster demo"+asRole,
		"The caller is a session of the role qa", "aws eks create-access-entry --cluster-name demo ")
	// The cluster's name is known without asking for the user, too.
	plugin(t, path, "", "whoami", "arn:aws:iam::111122223333:user/x").expect(t, 1, "log group /aws/eks/demo/cluster")
}

// TestKubectlRunsAndCompletesThePlugin finds the plugin and its completion as kubectl does: by their names on the PATH.
func TestKubectlRunsAndCompletesThePlugin(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, program)); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs(filepath.Join("..", "..", "deploy", "kubectl", "kubectl_complete-aws_auth"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(script, filepath.Join(bin, "kubectl_complete-aws_auth")); err != nil {
		t.Fatal(err)
	}
	path := []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"aws-auth", "whoami", devSession}, 0, "username:  dev:bob\n"},
		{[]string{"aws-auth", "whoami", "arn:aws:iam::111122223333:user/stranger"}, 1, "not let in"},
		{[]string{"__complete", "aws-auth", "explain", "role-"}, 0, "role-path\ta role ARN with a path\n"},
		{[]string{"__complete", "aws-auth", "audit", "--output", ""}, 0, "json\n"},
		{[]string{"__complete", "aws-auth", "who"}, 0, "whoami"},
	} {
		got, err := cluster.Kubectl(t.Context(), controlplane.Call{Arguments: c.args, Environment: path})
		if err != nil {
			t.Fatal(err)
		}
		if got.ExitCode != c.code || !strings.Contains(got.Output, c.want) {
			t.Errorf("kubectl %s: exit code %d, want %d with %q:\n%s%s", strings.Join(c.args, " "), got.ExitCode, c.code, c.want, got.Output, got.Errors)
		}
	}
}

func TestDiffComparesWithTheLiveMap(t *testing.T) {
	shown, err := cluster.Kubectl(t.Context(), controlplane.Call{Arguments: []string{"get", "configmap", "aws-auth", "-n", "kube-system", "-o", "json"}})
	if err != nil {
		t.Fatal(err)
	}
	plugin(t, "", shown.Output, "diff", "-f", "-").expect(t, 0, "no change of access\n")
	edited := strings.Replace(shown.Output, "developers, Viewers", "system:masters", 1)
	edited = strings.Replace(edited, "user/idle", "user/busy", 1)
	r := plugin(t, "", edited, "diff", "-f", "-")
	r.expect(t, 1)
	const want = `GAINS ADMIN  arn:aws:iam::111122223333:role/dev (username dev:{{SessionName}}; loses Viewers, developers; gains system:masters)
LOSES        arn:aws:iam::111122223333:user/idle (username idle, no groups)
GAINS        arn:aws:iam::111122223333:user/busy (username idle, no groups)
`
	if r.out != want {
		t.Errorf("got\n%s\nwant\n%s", r.out, want)
	}
	_, stranger, err := cluster.User("stranger-2")
	if err != nil {
		t.Fatal(err)
	}
	plugin(t, stranger, shown.Output, "diff", "-f", "-").expect(t, 3, "you may not read the map")
	takeMapAway(t)
	plugin(t, "", shown.Output, "diff", "-f", "-").expect(t, 1, "the cluster has no ConfigMap kube-system/aws-auth yet", "GAINS ADMIN")
}
