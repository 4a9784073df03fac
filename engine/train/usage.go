package train

import (
	"fmt"
	"os"
	"time"
)

// usage measures the processor time of the process between calls of since.
type usage struct {
	at  time.Time // of the last call
	cpu time.Duration
}

// since returns the mean number of cores in use since the last call, and the resident memory in
// bytes; 0 where the system does not tell.
func (u *usage) since(now time.Time) (cores float64, memory int64) {
	cpu, ok := processTime()
	if took := now.Sub(u.at); ok && !u.at.IsZero() && took > 0 {
		cores = max(0, (cpu-u.cpu).Seconds()/took.Seconds())
	}
	u.at, u.cpu = now, cpu
	return cores, residentMemory()
}

// residentMemory is the process's resident set in bytes, as Linux counts it; 0 on other systems.
func residentMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}
