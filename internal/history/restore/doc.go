// Package restore puts an earlier state of the map back: Decide says when the auditor may do so by itself, Put does it for
// the auditor and for people, through the API server and so through the guard like any edit.
package restore
