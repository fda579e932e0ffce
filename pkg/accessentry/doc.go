// Package accessentry plans the move of an aws-auth map to EKS access entries: for every mapping the access entry that
// has the same effect, or why there is none and what to do. It makes no call to AWS. What EKS accepts is documented by the EKS
// User Guide ("Create access entries", "Migrating existing aws-auth ConfigMap entries to access entries").
//
// It is part of the engine, which other programs may import: pure, without a client, a server or a clock.
package accessentry
