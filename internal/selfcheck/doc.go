// Package selfcheck finds out whether the guard stands in front of aws-auth by trying edits, all of them dry runs: one
// that is to be repaired, one that is to be refused, and a delete. Nothing is ever stored.
package selfcheck
