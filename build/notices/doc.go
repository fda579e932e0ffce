// Package notices finds the licenses of all that is linked into a program, and writes the texts that they ask to be
// passed on with it.
package notices
