package device

import (
	"path/filepath"
	"runtime"
)

// nodes are what Linux shows of a GPU that a program may use: of the kernel's drivers (integrated
// and discrete GPUs), NVIDIA's, AMD's computing driver, Windows' in WSL, NVIDIA's and ARM's in
// small computers.
var nodes = []string{"/dev/dri/renderD*", "/dev/nvidia[0-9]*", "/dev/kfd", "/dev/dxg", "/dev/nvhost-gpu", "/dev/mali*", "/dev/kgsl-*"}

// mayHaveGPU reports whether this machine may have a GPU, without loading a library.
func mayHaveGPU() bool { return runtime.GOOS != "linux" || anyExists(nodes) }

func anyExists(patterns []string) bool {
	for _, p := range patterns {
		if found, _ := filepath.Glob(p); len(found) > 0 {
			return true
		}
	}
	return false
}
