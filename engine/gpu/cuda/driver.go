// Package cuda runs kernels on NVIDIA GPUs through the driver's library, which is found when the
// program runs: libcuda.so.1, or nvcuda.dll. It compiles the PTX of package source for the GPU.
//
// Driver has the calls of the library that are used. There are two: the library's own (real.go,
// calls.go), and cudatest's, which runs PTX on the interpreter of package ptx, so that
// everything above the calls is tested without a GPU.
package cuda

import (
	"fmt"
	"time"
)

// Driver is NVIDIA's driver. An error of its methods is a [Code], or wraps one.
type Driver interface {
	// Version returns the version of CUDA that the driver has, e.g. 12040 for 12.4.
	Version() (int, error)
	// Count returns the number of devices.
	Count() (int, error)
	Name(device int) (string, error)
	Memory(device int) (int64, error)
	Attribute(device int, a Attribute) (int, error)
	// Retain returns the primary context of a device, which Release gives back.
	Retain(device int) (Context, error)
	Release(device int) error
}

// Attribute is a property of a device, with the driver's number.
type Attribute int

// The attributes that are used.
const (
	ThreadsPerGroup Attribute = 1
	SharedPerGroup  Attribute = 8
	Units           Attribute = 16
	ArchMajor       Attribute = 75
	ArchMinor       Attribute = 76
)

// Handles of the driver.
type (
	Address  uint64 // of device memory
	Module   uintptr
	Function uintptr
	Stream   uintptr
	Event    uintptr
	Graph    uintptr
)

// Extent is a piece of device memory.
type Extent struct {
	At    Address
	Bytes int
}

// Call is one launch of a kernel.
type Call struct {
	Function Function
	Groups   [3]int
	Threads  int
	Params   []byte // laid out as in C
	// Memory that the kernel may use. The GPU does not know it; the interpreter checks it.
	Memory []Extent
}

// Context is the primary context of a device. Its methods may be called on any thread.
type Context interface {
	// With calls a function of another library on a thread on which the context is current.
	With(f func() error) error
	// Synchronize waits for all work of the context.
	Synchronize() error
	// MemInfo returns the device's memory in bytes that is free.
	MemInfo() (free int64, err error)
	Alloc(bytes int) (Address, error)
	Free(at Address) error
	// AllocHost allocates host memory that the device can copy from and to by itself.
	AllocHost(bytes int) ([]byte, error)
	FreeHost(memory []byte) error

	// Compile compiles PTX for the device. The log says what is wrong with it.
	Compile(ptx string) (binary []byte, log string, err error)
	Load(binary []byte) (Module, error)
	Unload(m Module) error
	Function(m Module, name string) (Function, error)

	// OpenStream opens a stream that does not wait for others.
	OpenStream(urgent bool) (Stream, error)
	CloseStream(s Stream) error
	Wait(s Stream) error
	// Zero, Upload, Download, Copy and Launch enqueue work. Host memory is from AllocHost.
	Zero(s Stream, at Address, bytes int) error
	Upload(s Stream, dst Address, src []byte) error
	Download(s Stream, dst []byte, src Address) error
	Copy(s Stream, dst, src Address, bytes int) error
	Launch(s Stream, c *Call) error

	// NewEvent makes an event, which may measure time.
	NewEvent(timing bool) (Event, error)
	FreeEvent(e Event) error
	Record(s Stream, e Event) error
	WaitEvent(e Event) error
	// Elapsed returns the time between two events that have been waited for.
	Elapsed(from, to Event) (time.Duration, error)

	// Capture records what enqueue enqueues on a stream, instead of doing it.
	Capture(s Stream, enqueue func() error) (Graph, error)
	LaunchGraph(s Stream, g Graph) error
	FreeGraph(g Graph) error
}

// Code is an error of the driver: its number in the driver's header, CUresult.
type Code int32

// Codes that are treated in a way of their own.
const (
	InvalidValue   Code = 1
	OutOfMemory    Code = 2
	NotInitialized Code = 3
	NoDevice       Code = 100
	InvalidImage   Code = 200
	NoBinary       Code = 209
	InvalidPTX     Code = 218
	UnsupportedPTX Code = 222
	InvalidHandle  Code = 400
	NotFound       Code = 500
	IllegalAddress Code = 700
	Misaligned     Code = 716
	LaunchFailed   Code = 719
)

// names are those of the header, for drivers that do not tell them.
var names = map[Code]string{
	InvalidValue: "INVALID_VALUE", OutOfMemory: "OUT_OF_MEMORY", NotInitialized: "NOT_INITIALIZED", 34: "STUB_LIBRARY", 46: "DEVICE_UNAVAILABLE",
	NoDevice: "NO_DEVICE", 101: "INVALID_DEVICE", InvalidImage: "INVALID_IMAGE", 201: "INVALID_CONTEXT", NoBinary: "NO_BINARY_FOR_GPU",
	214: "ECC_UNCORRECTABLE", InvalidPTX: "INVALID_PTX", 220: "NVLINK_UNCORRECTABLE", 221: "JIT_COMPILER_NOT_FOUND", UnsupportedPTX: "UNSUPPORTED_PTX_VERSION",
	InvalidHandle: "INVALID_HANDLE", NotFound: "NOT_FOUND", IllegalAddress: "ILLEGAL_ADDRESS", 701: "LAUNCH_OUT_OF_RESOURCES", 702: "LAUNCH_TIMEOUT",
	709: "CONTEXT_IS_DESTROYED", 710: "ASSERT", 714: "HARDWARE_STACK_ERROR", 715: "ILLEGAL_INSTRUCTION", Misaligned: "MISALIGNED_ADDRESS",
	717: "INVALID_ADDRESS_SPACE", 718: "INVALID_PC", LaunchFailed: "LAUNCH_FAILED", 802: "SYSTEM_NOT_READY", 803: "SYSTEM_DRIVER_MISMATCH", 999: "UNKNOWN",
}

func (c Code) Error() string {
	if name := names[c]; name != "" {
		return fmt.Sprintf("CUDA_ERROR_%s (%d)", name, int32(c))
	}
	return fmt.Sprintf("CUDA error %d", int32(c))
}

// sticky reports whether the context is lost after the error: every later call fails too.
func (c Code) sticky() bool {
	switch c {
	case 46, 201, 214, 220, IllegalAddress, 702, 709, 710, 714, 715, Misaligned, 717, 718, LaunchFailed, 999:
		return true
	}
	return false
}
