package figures

import (
	"fmt"
	"runtime"
	"time"

	"github.com/prometheus/procfs"
)

// Machine says when and on what something was measured: the date, the processor, the system, and how busy it was.
func Machine() string {
	processor, load := "", ""
	if proc, err := procfs.NewDefaultFS(); err == nil {
		if cpus, err := proc.CPUInfo(); err == nil && len(cpus) > 0 {
			processor = ", " + cpus[0].ModelName
		}
		if average, err := proc.LoadAvg(); err == nil {
			load = fmt.Sprintf("; load before the run %.2f", average.Load1)
		}
	}
	return fmt.Sprintf("%s, %s/%s, %s, %d processors%s%s", time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH,
		runtime.Version(), runtime.NumCPU(), processor, load)
}
