package login

import (
	"fmt"
	"path/filepath"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// The programs that make tokens for EKS.
const (
	CLI           = "aws"
	Authenticator = "aws-iam-authenticator"
)

// Login is how a kubeconfig's user signs in to EKS.
type Login struct {
	// User is its name in the kubeconfig.
	User string
	// Command is the program that makes the token, without its folder.
	Command string
	// Cluster, Region, Profile and Role are empty where they are not given.
	Cluster, Region, Profile, Role string
	// Output is the format that the AWS CLI is to print, empty where it is not given.
	Output string
	// ProfileFlag is set where the profile stands in the arguments, where it beats keys in the environment.
	ProfileFlag bool
	// Environment are the variables that are set for the program.
	Environment map[string]string
	// Problem says what the program makes of its arguments that it can't take, or is empty.
	Problem string
}

// Read reads the user of a kubeconfig.
func Read(name string, user *clientcmdapi.AuthInfo) (*Login, error) {
	if user.Exec == nil {
		return nil, fmt.Errorf("the kubeconfig's user %q does not sign in by IAM: it has no exec section (`aws eks update-kubeconfig` writes one)", name)
	}
	l := &Login{
		User: name, Command: strings.TrimSuffix(filepath.Base(filepath.ToSlash(user.Exec.Command)), ".exe"), Environment: map[string]string{},
	}
	for _, v := range user.Exec.Env {
		l.Environment[v.Name] = v.Value
	}
	switch l.Command {
	case CLI:
		l.readCLI(user.Exec.Args)
	case Authenticator:
		l.readAuthenticator(user.Exec.Args)
	default:
		return nil, fmt.Errorf("the kubeconfig's user %q signs in by %q, whose arguments don't say which identity it uses", name, user.Exec.Command)
	}
	return l, nil
}

// String says how the user signs in.
func (l *Login) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the kubeconfig's user %s signs in by `%s`", text.Name(l.User), text.Visible(l.Command))
	for _, part := range [][2]string{{"to the cluster", l.Cluster}, {"in", l.Region}, {"with the profile", l.Profile}} {
		if part[1] != "" {
			b.WriteString(" " + part[0] + " " + text.Name(part[1]))
		}
	}
	if l.Role != "" {
		b.WriteString(", as the role " + text.Name(l.Role))
	}
	return b.String()
}
