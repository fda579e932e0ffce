// Package cluster runs a real Kubernetes cluster for tests: a control plane and two nodes with pods, all built from Go
// modules, with no container engine and no downloaded image. It needs root on Linux, because it makes network
// namespaces, mounts and cgroups; it leaves none of them behind.
//
// What it is not: there is no kube-proxy (the API server calls webhooks at their pods, and pods reach the API server at
// its service address, and that is all), no DNS, and nothing that enforces a NetworkPolicy.
package cluster
