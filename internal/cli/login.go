package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// login is how a kubeconfig's user signs in to EKS, as `aws eks update-kubeconfig` or aws-iam-authenticator's
// instructions write it.
type login struct {
	// user is its name in the kubeconfig.
	user string
	// command is the program that makes the token.
	command string
	// cluster, region, profile and role are empty where they are not given.
	cluster, region, profile, role string
}

// loginOf reads the user of the context that the flags choose.
func loginOf(f *clusterFlags) (*login, error) {
	raw, err := f.config.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig: %w", err)
	}
	name := *f.config.AuthInfoName
	if name == "" {
		chosen := *f.config.Context
		if chosen == "" {
			chosen = raw.CurrentContext
		}
		if chosen == "" {
			return nil, errors.New("the kubeconfig has no current context: choose one with --context NAME")
		}
		context := raw.Contexts[chosen]
		if context == nil {
			return nil, fmt.Errorf("the kubeconfig has no context %q", chosen)
		}
		name = context.AuthInfo
	}
	user := raw.AuthInfos[name]
	if user == nil {
		return nil, fmt.Errorf("the kubeconfig has no user %q", name)
	}
	if user.Exec == nil {
		return nil, fmt.Errorf("the kubeconfig's user %q does not sign in by IAM: it has no exec section (`aws eks update-kubeconfig` writes one)", name)
	}
	l := readExec(user.Exec)
	l.user = name
	if l.command != "aws" && l.command != "aws-iam-authenticator" {
		return nil, fmt.Errorf("the kubeconfig's user %q signs in by %q, whose arguments don't say which identity it uses", name, user.Exec.Command)
	}
	return l, nil
}

// execFlags are the arguments of `aws eks get-token` and of `aws-iam-authenticator token` that matter, each with the field it fills.
var execFlags = map[string]func(*login) *string{
	"--cluster-name": func(l *login) *string { return &l.cluster },
	"--cluster-id":   func(l *login) *string { return &l.cluster },
	"-i":             func(l *login) *string { return &l.cluster },
	"--role-arn":     func(l *login) *string { return &l.role },
	"--role":         func(l *login) *string { return &l.role },
	"-r":             func(l *login) *string { return &l.role },
	"--region":       func(l *login) *string { return &l.region },
	"--profile":      func(l *login) *string { return &l.profile },
}

func readExec(e *clientcmdapi.ExecConfig) *login {
	l := &login{command: strings.TrimSuffix(filepath.Base(filepath.ToSlash(e.Command)), ".exe")}
	for _, v := range e.Env {
		switch v.Name {
		case "AWS_PROFILE":
			l.profile = v.Value
		case "AWS_REGION", "AWS_DEFAULT_REGION":
			l.region = v.Value
		}
	}
	for i, arg := range e.Args {
		name, value, joined := strings.Cut(arg, "=")
		field := execFlags[name]
		switch {
		case field == nil:
		case joined:
			*field(l) = value
		case i+1 < len(e.Args):
			*field(l) = e.Args[i+1]
		}
	}
	return l
}

// String says how the user signs in.
func (l *login) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the kubeconfig's user %s signs in by `%s`", text.Name(l.user), text.Visible(l.command))
	for _, part := range [][2]string{{"to the cluster", l.cluster}, {"in", l.region}, {"with the profile", l.profile}} {
		if part[1] != "" {
			b.WriteString(" " + part[0] + " " + text.Name(part[1]))
		}
	}
	if l.role != "" {
		b.WriteString(", as the role " + text.Name(l.role))
	}
	return b.String()
}

// unknown is the error that says how to find out whose identity is used.
func (l *login) unknown() error {
	whose := "whatever credentials the AWS CLI finds"
	sts := []string{"aws", "sts", "get-caller-identity"}
	if l.profile != "" {
		whose = "whoever the profile " + text.Name(l.profile) + " is"
		sts = slices.Concat(sts, []string{"--profile", text.Name(l.profile)})
	}
	return usage(fmt.Errorf("%s.\nIt names no role, so the caller is %s: run\n  %s | kubectl aws-auth whoami -", l, whose, strings.Join(sts, " ")))
}
