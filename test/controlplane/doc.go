// Package controlplane runs a real kube-apiserver and etcd for tests and the demo: on loopback, on free ports,
// with RBAC, client certificates and an audit log. The servers end with the process that started them, however
// that process ends. It needs a POSIX shell.
package controlplane
