// Command kubectl-aws_auth is the kubectl plugin `kubectl aws-auth`.
package main

import (
	"os"

	// The image has no certificate authorities, and calls AWS. Where a system has its own, these count for nothing.
	_ "golang.org/x/crypto/x509roots/fallback"
	// Kubeconfigs may sign in by OIDC, as EKS allows too.
	_ "k8s.io/client-go/plugin/pkg/client/auth/oidc"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cli"
)

func main() {
	os.Exit(cli.Run(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Program: os.Args[0]}))
}
