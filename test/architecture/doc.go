// Package architecture holds what is true of the code as a whole: which package may import which, by the table in
// CONTRIBUTING.md, and that no code names a rule but the rule's own file.
package architecture
