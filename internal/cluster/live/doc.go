// Package live reads from a cluster what decides who gets in through aws-auth: the map, the RBAC objects and the
// guard's registration. It reads no Secrets and writes nothing. What the reader may not see is reported, and the rest is
// read all the same.
package live
