// Package login reads how a kubeconfig's user signs in to EKS: from the arguments and the environment of `aws eks get-token` and of
// `aws-iam-authenticator token`, as those programs read them.
package login
