// Package live reads from a cluster what tells who may enter it by aws-auth: the map, the RBAC objects and the
// guard's registration. It reads no Secrets and writes nothing. What the reader may not see is told, and the rest is
// read all the same.
package live
