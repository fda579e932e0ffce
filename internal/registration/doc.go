// Package registration judges from a cluster's objects whether the guard stands in front of aws-auth, whether it
// works, and how an edit could get past it.
package registration
