// Package companion reads the companion policy of the chart, the part that the API server evaluates by itself, and puts
// it into a cluster for tests.
package companion
