// Package permissions runs the programs with what the chart's roles give, and no more, on a real API server; takes each
// permission away in turn; and holds what becomes blind, and says so, and that all else goes on. The chart and the program are
// outside of this module, so go test does not see that they change: run it with -count=1.
package permissions
