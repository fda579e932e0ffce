// Package history tests the history of the map, undo and auto-restore on a real API server, with the real webhook program
// in front of it.
package history
