// Package architecture holds what is true of the code as a whole: which package may name which rule.
package architecture
