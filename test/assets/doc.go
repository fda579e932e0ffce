// Package assets makes the programs of a Kubernetes control plane (kube-apiserver, etcd, kubectl) available to
// the tests and the demo: those named by KUBEBUILDER_ASSETS, else ready-made ones, else built from Go modules.
// It runs on Linux and macOS and keeps what it made under .cache/ of the repository.
package assets
