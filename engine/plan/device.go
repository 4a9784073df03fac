package plan

import (
	"context"

	"hfcui/engine/optim"
)

// Device compiles programs and says what there is to know about itself. Its methods may be
// called from several goroutines.
type Device interface {
	// ID is what opens the device again, as the flag --device takes it: "cpu".
	ID() string
	// Name says what the device is, for the status line: "cpu avx512, 2 threads".
	Name() string
	// Note says what is slow or unavailable on the device, "" if there is nothing to say.
	Note() string
	// Threads is how many of this process's threads compute at the same time, 1 or more.
	Threads() int
	// CacheSize is the bytes of activations up to which a batch is best computed at once;
	// larger batches are faster in micro-batches. 0: the size does not matter.
	CacheSize() int
	// Compile prepares p for running. It does not change p. Runs call yield, which may be nil,
	// between two instructions.
	Compile(p *Program, yield Yield) (Executable, error)
}

// DeviceOptions says how a device computes.
type DeviceOptions struct {
	Threads int   // of this process; 0: one for every core
	DType   DType // how images are stored and multiplied
}

// Driver opens the devices of one kind. A device's package has one; package device lists
// them.
type Driver struct {
	Name string // what the flag --device calls the kind: "cpu"
	// Numbered is set where a machine may have several devices of the kind, which are told
	// apart by a number from 0 on: "name:1". The name alone is the first.
	Numbered bool
	Open     func(number int, o DeviceOptions) (Device, error)
	// Kernels names the sets of kernels that can run on this machine, the fastest first.
	Kernels func() []string
}

// Executable is a compiled program with memory of its own. It is not for concurrent use;
// several executables, also of one program, are.
//
// Arrays go in and out in op's layout whatever the device uses. A name the program does
// not have, or a slice whose length is not the value's size, is an error.
type Executable interface {
	// SetParam sets a parameter. data is copied or packed now; it may change afterwards.
	SetParam(name string, data []float32) error
	// SetInput sets an input, which keeps its value until it is set again. data is copied.
	SetInput(name string, data []float32) error
	// Run computes all outputs. It gives ctx's error if that ends first; outputs then hold
	// anything. Not all parameters and inputs having been set is an error.
	Run(ctx context.Context) error
	// Output copies an output of the last run to dst.
	Output(name string, dst []float32) error
	// Close frees the memory; nothing may be called afterwards.
	Close() error
}

// Local is an Executable whose memory and threads are this process's: what goes over all
// parameters need not copy them out and in.
type Local interface {
	Executable
	// Share sets a parameter to data itself, not to a copy. Whoever changes data calls
	// SetParam with it before the next run. It gives false, and sets nothing, where the
	// parameter does not lie as op has it.
	Share(name string, data []float32) bool
	// View is an output of the last run, nil where it does not lie as op has it. It holds
	// until the next run.
	View(name string) []float32
	// Update is u.Apply, faster. It may be called from Each.
	Update(u *optim.Update, w, g, s, t []float32)
	// Each calls body for 0 … n−1 on the executable's threads.
	Each(n int, body func(worker, i int))
}
