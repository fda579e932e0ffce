package figures

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Machine says when and on what something was measured: the date, the processor, the system, and how busy it was.
func Machine() string {
	processor, load := "", ""
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(line, "model name"); ok {
				processor = ", " + strings.TrimSpace(strings.TrimLeft(name, "\t :"))
				break
			}
		}
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 0 {
			load = "; load before the run " + fields[0]
		}
	}
	return fmt.Sprintf("%s, %s/%s, %s, %d processors%s%s", time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH,
		runtime.Version(), runtime.NumCPU(), processor, load)
}
