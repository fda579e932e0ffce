// Package doctor goes the way from "Unauthorized" to its cause, one step after the other: who asks, by which kubeconfig, with which
// token, what the server says, whether a door is open, and what RBAC then gives. It changes nothing, and never shows a token.
package doctor
