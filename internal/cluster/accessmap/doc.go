// Package accessmap keeps the snapshot of the access entries in the ConfigMap that the guard's pods mount, and says whether a
// snapshot is of the cluster at hand.
package accessmap
