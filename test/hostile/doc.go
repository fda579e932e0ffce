// Package hostile holds texts that are made to be dear: to read, to check, to repair. Tests hold the guard to what
// they may cost, and test/load measures it.
package hostile
