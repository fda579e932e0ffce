// Package rotation tests the guard's own certificates: replicas of the real webhook program that share a Secret of
// a real API server, which calls them under the name of their Service and refuses an edit where it can't.
package rotation
