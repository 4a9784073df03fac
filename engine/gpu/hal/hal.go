// Package hal is what package gpu needs of a GPU runtime. OpenCL (gpu/cl), CUDA (gpu/cuda) and
// the PTX interpreter (gpu/ptx) implement it; nothing above knows which one it is.
package hal

import (
	"fmt"
	"time"

	"hfcui/engine/gpu/source"
)

// Info describes a device.
type Info struct {
	ID      string // as in --device: "opencl:0", "cuda:1"
	Name    string // of the hardware, e.g. "NVIDIA H200"
	Runtime string // e.g. "CUDA 12.4", "OpenCL 3.0 PoCL 3.1"
	Memory  int64  // bytes of global memory
	Units   int    // multiprocessors or compute units
	Shared  int    // bytes of shared (OpenCL: local) memory a group may use
	Threads int    // largest group
	Arch    int    // compute capability times ten, e.g. 90; 0 if the device is not NVIDIA's
	CPU     bool   // the host's processor, not a GPU
	Private bool   // runs on its own: not for users to choose, e.g. the interpreter

	Unavailable string // why it cannot be opened; "" if it can
}

// Device allocates memory, compiles kernels and opens streams. Its methods are safe for
// concurrent use.
type Device interface {
	Info() Info
	// Alloc allocates zeroed memory. Running out of it is an *OutOfMemory.
	Alloc(bytes int) (Buffer, error)
	// Load compiles a module, or reads it from the cache of compiled modules. A module is
	// compiled once per device, however often it is loaded.
	Load(m source.Module) (Program, error)
	// Stream opens a queue whose work is done in order. Work of streams opened with urgent
	// goes first where the device knows priorities.
	Stream(urgent bool) (Stream, error)
	// Close frees the device after all of its buffers and streams.
	Close() error
}

// Program is a compiled module.
type Program interface {
	// Kernel returns the kernel of a name in the module.
	Kernel(name string) (Kernel, error)
}

// Kernel is a compiled kernel. Only the device it is from can use it.
type Kernel interface {
	Name() string
}

// Buffer is memory on a device.
type Buffer interface {
	Bytes() int
	// Free frees the memory once the work enqueued before has been done.
	Free()
}

// Align is the alignment of spans that are arguments of kernels, in bytes: the largest that GPUs
// need, of NVIDIA's OpenCL.
const Align = 512

// Span is Bytes bytes of a buffer from Offset. As an argument of a kernel its offset is a
// multiple of Align.
type Span struct {
	Buffer        Buffer
	Offset, Bytes int
}

// All is the whole of a buffer.
func All(b Buffer) Span { return Span{b, 0, b.Bytes()} }

// Launch is one launch of a kernel.
type Launch struct {
	Kernel  Kernel
	Groups  [3]int // along the grid's dimensions, each at least 1
	Threads int    // in a group, which is one-dimensional
	Args    []any  // Span, int32 or float32, in the order of the kernel's parameters
}

// Stream is a queue of work that is done in order. Its methods are called by one goroutine at
// a time. An error of a kernel may be reported by a later call; the stream is unusable then.
type Stream interface {
	// Upload copies data to dst, of the same size. It returns once data may be changed, perhaps
	// before the copy has been made.
	Upload(dst Span, data []byte) error
	// Download waits for the work enqueued before and copies src to data, of the same size.
	Download(data []byte, src Span) error
	// Copy copies src to dst, of the same size.
	Copy(dst, src Span) error
	// Prepare makes launches ready to be enqueued many times. Memory of their spans is not freed
	// before the sequence is closed.
	Prepare(launches []Launch) (Sequence, error)
	// Flush starts what has been enqueued, and does not wait for it.
	Flush() error
	// Wait waits until all work enqueued has been done.
	Wait() error
	// Mark starts what has been enqueued, and returns a mark behind it.
	Mark() (Mark, error)
	// Time returns the time the device took for what enqueue enqueues; it waits.
	Time(enqueue func() error) (time.Duration, error)
	Close() error
}

// Mark is a point in a stream.
type Mark interface {
	// Wait waits until the work before the mark has been done, whatever has been enqueued after it. It
	// is called once, before the stream is closed.
	Wait() error
}

// Sequence is a list of launches bound to their arguments.
type Sequence interface {
	// Enqueue enqueues launches from to to−1. All of them at once may be cheaper than their
	// parts: CUDA captures them as a graph.
	Enqueue(from, to int) error
	Len() int
	Close() error
}

// OutOfMemory is the error of an allocation that does not fit, or of what a runtime has no memory for.
type OutOfMemory struct {
	Device     string
	Need, Free int64  // bytes; 0 if unknown
	Doing      string // instead of Need: what the runtime was asked to do
}

func (e *OutOfMemory) Error() string {
	text := fmt.Sprintf("%s is out of memory: ", e.Device)
	if e.Need > 0 {
		text += fmt.Sprintf("%.1f MB needed", float64(e.Need)/1e6)
	} else {
		text += fmt.Sprintf("%s failed; use a smaller batch", e.Doing)
	}
	if e.Free > 0 {
		text += fmt.Sprintf(", %.1f MB are free", float64(e.Free)/1e6)
	}
	return text
}

// Lost is the error of a device that has stopped working: nothing on it can be used again.
type Lost struct {
	Device string
	Cause  error
}

func (e *Lost) Error() string { return fmt.Sprintf("%s stopped working: %v", e.Device, e.Cause) }

// Unwrap returns the runtime's error.
func (e *Lost) Unwrap() error { return e.Cause }
