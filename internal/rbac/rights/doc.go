// Package rights joins an aws-auth map with the RBAC objects of its cluster: what those whom the map lets in may
// do there, and which bindings wait for somebody whom the map never produces.
package rights
