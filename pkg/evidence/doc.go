// Package evidence reads logs of a cluster: the Kubernetes audit log for the states that the map has had, and the log of
// aws-iam-authenticator for who came in and who was turned away. It reads them as they are exported (a Reader knows the
// forms), in bounded memory whatever they hold, and counts what it can't read.
package evidence
