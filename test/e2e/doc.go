// Package e2e holds the tests of the whole: the real kubectl against a real API server that asks the real webhook
// program.
package e2e
