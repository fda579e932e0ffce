package server

import (
	"os"
	"runtime/debug"
)

// gcPercent makes the heap grow by half and not to twice its size between two collections. What is live is small, so the
// collections cost little; under a load of large maps it is what keeps the memory down.
const gcPercent = 50

// saveMemory sets gcPercent, unless the environment says otherwise.
func saveMemory() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(gcPercent)
	}
}
