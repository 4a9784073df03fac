package plan

import (
	"context"

	"hfcui/engine/optim"
)

// Device compiles programs and describes itself. Its methods are safe for concurrent use.
type Device interface {
	// ID is the device's name as in --device, e.g. "cpu".
	ID() string
	// Name describes the device in a status line, e.g. "cpu avx512, 2 threads".
	Name() string
	// Note is a limitation to show to users, e.g. a slow data type; "" if none.
	Note() string
	// Threads is the number of host threads the device uses, at least 1.
	Threads() int
	// CacheSize is the cache in bytes that a program's activations should fit: larger batches
	// run faster in micro-batches. 0: no limit.
	CacheSize() int
	// Compile compiles p, which it does not change. Runs call yield, which may be nil, at least
	// once, and between instructions where the device can.
	Compile(p *Program, yield Yield) (Executable, error)
}

// DeviceOptions configures a device.
type DeviceOptions struct {
	Threads int   // host threads; 0: one per core
	DType   DType // of activations
}

// Driver opens devices of one kind; package device lists all drivers.
type Driver struct {
	Name string // of the kind, as in --device, e.g. "cpu"
	// Numbered allows several devices of the kind, numbered from 0: "name:1". The name alone
	// is number 0.
	Numbered bool
	Open     func(number int, o DeviceOptions) (Device, error)
	// List describes the devices there are, in the order of their numbers. If there are none, the
	// error says why and what to install. It may load libraries; nil: there is one, always.
	List func() ([]Found, error)
	// Kernels lists the names of the kernel sets that this machine can run, fastest first.
	Kernels func() []string
}

// Found is a device that a driver has found.
type Found struct {
	ID          string // as in --device, e.g. "opencl:0"
	Name        string // of the hardware
	Runtime     string // and its version, e.g. "CUDA 12.4"
	Memory      int64  // in bytes
	CPU         bool   // the host's processor: not for auto
	Unavailable string // why it cannot be opened; "" if it can
}

// Executable is a compiled program with its own memory. It is not safe for concurrent use;
// different executables, also of the same program, may run concurrently.
//
// Arrays are passed in op's layout, row-major, whatever the device's own. An unknown name or a
// slice of the wrong length is an error.
type Executable interface {
	// SetParam copies data to a parameter, for the runs after it: not for one that has not ended.
	SetParam(name string, data []float32) error
	// SetInput copies data to an input, which keeps its value until it is set again. Like
	// SetParam's, it is for the runs after it.
	SetInput(name string, data []float32) error
	// Run computes all outputs. It may return before they are computed: Output waits for them. If
	// ctx or yield ends it first it returns the error, and outputs are undefined; once it has
	// returned nil, ctx no longer counts. It is an error if a parameter or input has not been set.
	Run(ctx context.Context) error
	// Output waits for the last run and copies one of its outputs to dst, which has the output's
	// size. Errors of the device during the run are Output's, or those of any later call.
	Output(name string, dst []float32) error
	// Close waits for the last run and frees the memory. No method may be called afterwards.
	Close() error
}

// Local is an Executable in host memory: optimizers update its parameters in place, on its
// threads.
type Local interface {
	Executable
	// Share makes data the memory of a parameter. After changing data, callers call SetParam
	// with it before the next run. It returns false, and does nothing, if the device stores the
	// parameter in another layout.
	Share(name string, data []float32) bool
	// View returns the memory of an output, valid until the next run; nil if the device stores
	// it in another layout.
	View(name string) []float32
	// Update is a faster u.Apply. It may be called from Each.
	Update(u *optim.Update, w, g, s, t []float32)
	// Each calls body for i = 0 … n−1 in parallel on the executable's threads.
	Each(n int, body func(worker, i int))
}
