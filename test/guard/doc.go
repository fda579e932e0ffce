// Package guard runs the real webhook program, built from cmd/webhook, in front of a test API server: for the
// tests of the whole and for the demo.
package guard
