// Package accessentry plans the move of an aws-auth map to EKS access entries: for every mapping the access entry that
// has the same effect, or why there is none and what to do. It makes no call to AWS. What EKS accepts is told by the EKS
// User Guide ("Create access entries", "Migrating existing aws-auth ConfigMap entries to access entries").
package accessentry
