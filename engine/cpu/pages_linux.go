package cpu

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// adviseHugePages asks for huge pages for large arrays: kernels go over many planes at once, more
// than the processor keeps addresses of small pages for. Nothing depends on getting them.
func adviseHugePages(b []float32) {
	const page = 2 << 20
	if 4*len(b) < 2*page {
		return
	}
	start := unsafe.Pointer(unsafe.SliceData(b))
	skip := (page - uintptr(start)%page) % page
	whole := (4*uintptr(len(b)) - skip) / page * page
	_ = unix.Madvise(unsafe.Slice((*byte)(unsafe.Add(start, skip)), whole), unix.MADV_HUGEPAGE)
}
