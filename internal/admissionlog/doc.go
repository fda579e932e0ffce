// Package admissionlog is the guard's note of what it let pass, in one ConfigMap: each replica writes the last states that it
// admitted under a key of its own. The auditor asks it whether the live map came to be by the guard, and by whom.
//
// Admitted is not stored: another webhook may refuse the write later. So the notes tell only whether the guard has seen a
// state, never what the live state is.
package admissionlog
