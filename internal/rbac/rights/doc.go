// Package rights joins those whom the map or an access entry lets in with the RBAC objects of the cluster: what they may
// do there, and which bindings wait for somebody whom the map never produces.
package rights
