// Package lockout holds the tests of the rules about edits: a real API server with real RBAC, impersonated writers
// with the attributes that EKS gives them, and the real webhook program, which asks that API server through a proxy
// that can be slow.
package lockout
