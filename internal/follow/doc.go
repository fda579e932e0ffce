// Package follow follows the files that the programs read while they run: the GuardPolicy and the snapshot of the
// access entries.
package follow
