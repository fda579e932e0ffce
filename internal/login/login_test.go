package login

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// signIns are arguments of the two programs with what they mean. offline are those that the AWS CLI answers without a network.
var signIns = []struct {
	name, command, args string
	env                 map[string]string
	want                Login
	offline             bool
}{
	{name: "update-kubeconfig", command: CLI, args: "--region eu-west-1 eks get-token --cluster-name demo --output json",
		want: Login{Cluster: "demo", Region: "eu-west-1", Output: "json"}, offline: true},
	{name: "update-kubeconfig with a role", command: CLI, args: "--region eu-west-1 eks get-token --cluster-name demo --output json --role arn:aws:iam::111122223333:role/dev",
		want: Login{Cluster: "demo", Region: "eu-west-1", Output: "json", Role: "arn:aws:iam::111122223333:role/dev"}},
	{name: "a profile of the environment", command: CLI, args: "eks get-token --cluster-name demo", env: map[string]string{"AWS_PROFILE": "work"},
		want: Login{Cluster: "demo", Profile: "work"}},
	{name: "a profile of the arguments", command: CLI, args: "eks get-token --cluster-name demo --profile home", env: map[string]string{"AWS_PROFILE": "work"},
		want: Login{Cluster: "demo", Profile: "home", ProfileFlag: true}},
	{name: "the shortest names", command: CLI, args: "eks get-token --cluster-n=demo --ro arn:aws:iam::111122223333:role/dev --r eu-west-1 --p home --o json",
		want: Login{Cluster: "demo", Region: "eu-west-1", Profile: "home", ProfileFlag: true, Output: "json", Role: "arn:aws:iam::111122223333:role/dev"}},
	{name: "short names", command: CLI, args: "--reg us-east-1 --no-v eks get-token --cluster-na demo --outp json",
		want: Login{Cluster: "demo", Region: "us-east-1", Output: "json"}, offline: true},
	{name: "an Outpost's cluster", command: CLI, args: "eks get-token --cluster-id 1234 --region eu-west-1", want: Login{Cluster: "1234", Region: "eu-west-1"}, offline: true},
	{name: "a name that fits two", command: CLI, args: "--region eu-west-1 eks get-token --cluster demo",
		want: Login{Region: "eu-west-1", Problem: "the AWS CLI does not take --cluster: it could be --cluster-name or --cluster-id"}, offline: true},
	{name: "a name that fits none", command: CLI, args: "--region eu-west-1 eks get-token --cluster-name demo --rolearn x",
		want: Login{Cluster: "demo", Region: "eu-west-1", Problem: "the AWS CLI knows no option --rolearn of `eks get-token`"}, offline: true},
	{name: "no value", command: CLI, args: "--region eu-west-1 eks get-token --cluster-name",
		want: Login{Region: "eu-west-1", Problem: "--cluster-name has no value"}, offline: true},
	{name: "another command", command: CLI, args: "sts get-caller-identity", want: Login{Problem: "only `aws eks get-token` makes tokens for EKS"}},
	{name: "authenticator", command: Authenticator, args: "token -i demo -r arn:aws:iam::111122223333:role/dev",
		want: Login{Cluster: "demo", Role: "arn:aws:iam::111122223333:role/dev"}},
	{name: "authenticator, long", command: Authenticator, args: "token --cluster-id=demo --role arn:aws:iam::111122223333:role/dev --region eu-west-1 --cache -s me --forward-session-name",
		want: Login{Cluster: "demo", Region: "eu-west-1", Role: "arn:aws:iam::111122223333:role/dev"}},
	{name: "authenticator by its environment", command: Authenticator, args: "token",
		env:  map[string]string{"KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID": "demo", "DEFAULT_ROLE": "arn:aws:iam::111122223333:role/dev", "AWS_DEFAULT_REGION": "eu-west-1"},
		want: Login{Cluster: "demo", Region: "eu-west-1", Role: "arn:aws:iam::111122223333:role/dev"}},
	{name: "authenticator takes no short names", command: Authenticator, args: "token --clu demo",
		want: Login{Problem: "aws-iam-authenticator does not take its arguments: unknown flag: --clu"}},
	{name: "authenticator, another command", command: Authenticator, args: "verify -i demo", want: Login{Cluster: "demo", Problem: "only `aws-iam-authenticator token` makes tokens for EKS"}},
}

func TestRead(t *testing.T) {
	for _, tt := range signIns {
		t.Run(tt.name, func(t *testing.T) {
			e := &clientcmdapi.ExecConfig{Command: "/opt/bin/" + tt.command + ".exe", Args: strings.Fields(tt.args)}
			for name, value := range tt.env {
				e.Env = append(e.Env, clientcmdapi.ExecEnvVar{Name: name, Value: value})
			}
			got, err := Read("me", &clientcmdapi.AuthInfo{Exec: e})
			if err != nil {
				t.Fatal(err)
			}
			want := tt.want
			want.User, want.Command = "me", tt.command
			if got.String() != want.String() || got.Problem != want.Problem || got.Output != want.Output || got.ProfileFlag != want.ProfileFlag {
				t.Errorf("got %+v, want %+v", *got, want)
			}
		})
	}
}

// TestTheAWSCLIReadsTheSame runs it: it makes tokens without a network.
func TestTheAWSCLIReadsTheSame(t *testing.T) {
	aws, err := exec.LookPath(CLI)
	if err != nil {
		t.Skip("the AWS CLI is not installed (Debian's package awscli has it)")
	}
	for _, tt := range signIns {
		if !tt.offline {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c := exec.CommandContext(ctx, aws, strings.Fields(tt.args)...)
			c.Env = append(withoutAWS(c.Environ()), "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=x", "AWS_EC2_METADATA_DISABLED=true",
				"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
			out, err := c.CombinedOutput()
			if refused := tt.want.Problem != ""; refused != (err != nil) {
				t.Errorf("refused: %v, want %v: %s", err, refused, out)
			}
		})
	}
}

// withoutAWS is an environment without what configures the AWS CLI: to it, an empty AWS_PROFILE is a profile without a name.
func withoutAWS(environment []string) []string {
	return slices.DeleteFunc(environment, func(v string) bool { return strings.HasPrefix(v, "AWS_") })
}

func TestReadOfOthers(t *testing.T) {
	for want, user := range map[string]*clientcmdapi.AuthInfo{
		"has no exec section":     {Token: "secret"},
		`signs in by "kubelogin"`: {Exec: &clientcmdapi.ExecConfig{Command: "kubelogin"}},
	} {
		if _, err := Read("me", user); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, tt := range signIns {
		f.Add(tt.command == CLI, tt.args)
	}
	f.Fuzz(func(t *testing.T, cli bool, args string) {
		command := Authenticator
		if cli {
			command = CLI
		}
		l, err := Read("me", &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{Command: command, Args: strings.Split(args, " ")}})
		if err != nil || l.String() == "" {
			t.Errorf("%v, %v", l, err)
		}
	})
}
