package server

import (
	"os"
	"runtime/debug"
)

const (
	// gcPercent makes the heap grow by half and not to twice its size between two collections: under a load of large maps
	// it is what keeps the memory down.
	gcPercent = 50
	// spareBytes count for the collector as if they were in use, so that a heap of a few megabytes, as ordinary maps need,
	// may still grow by some more before it is collected again. They are never touched, so they take no memory.
	spareBytes = 16 << 20
)

// saveMemory sets how often the heap is collected, unless the environment says otherwise. What it returns must be kept.
func saveMemory() (spare []byte) {
	if _, set := os.LookupEnv("GOGC"); set {
		return nil
	}
	debug.SetGCPercent(gcPercent)
	return make([]byte, spareBytes)
}
