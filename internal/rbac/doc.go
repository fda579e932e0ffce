// Package rbac reads the RBAC objects of a cluster: what a user or a group is given, and who may do a thing. It
// judges as the RBAC authorizer of the API server does; other authorizers (of nodes, of EKS access policies) are
// not asked.
package rbac
