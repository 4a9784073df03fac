// Package gpu runs programs on GPUs: a program becomes a list of kernel launches over one piece of
// device memory, prepared once and enqueued in every run.
//
// Compile fuses the program (plan.Fuse), chooses a layout for every array (tensor.go), lowers every
// instruction to launches (lower.go and the families' files) and only then shares memory between
// arrays that are not live at the same time (memory.go), so that families take scratch memory as
// they need it. Sums are in an order that depends on shapes only: results are identical, bit for
// bit, between runs on one device.
//
// Arrays of four dimensions are images: NHWC, with channels filled up with zeros to a multiple of
// 8, in the device's data type. The fill channels of every image are zero; kernels that write
// images write them too. Everything else, weights and their gradients among it, is row-major
// float32. Inputs and outputs are converted by kernels. What is derived from parameters, such as
// packed weights, is recomputed in the run after they have changed.
//
// From a program to a run: device.go, compile.go, lower.go (the table of families), memory.go,
// executable.go, leaf.go (inputs and parameters), packing.go (weights). hal is what a runtime
// provides; driver.go opens those there are. Kernels are in package source.
//
// A family is a file here and a file of kernels of that name: conv.go with window.go, convgrad.go,
// linear.go, norm.go, pool.go, rows.go, elementwise.go, and strided.go with loops.go, which moves
// elements between arrays of any layout. tile.go chooses products' tiles by timing them; libconv.go has
// convolutions by a library of the device, such as cuDNN, and libchoice.go chooses those.
//
// What keeps its state on the device from run to run: learner.go, a step of training with its
// update, keep.go, its images; ascent.go and ascentkept.go, steps of attacks; and split.go with
// fourier.go, low- and high-pass images.
package gpu

import (
	"fmt"
	"runtime"
	"strings"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/plan"
)

// Device compiles programs for a GPU.
type Device struct {
	hal     hal.Device
	dtype   plan.DType
	threads int
	tiles   *tiles
	choices choices
	forced  int        // the tile of all products, in tests; 0: see compiler.tile
	library libraryUse // of convolutions of the device's library
}

// New returns a device that compiles programs for d.
func New(d hal.Device, o plan.DeviceOptions) plan.Device {
	if o.Threads == 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	return &Device{hal: d, dtype: o.DType, threads: o.Threads, tiles: &tiles{}}
}

// ID returns the name that opens the device.
func (d *Device) ID() string { return d.hal.Info().ID }

// Name returns the runtime and the hardware, e.g. "cuda NVIDIA H200".
func (d *Device) Name() string {
	kind, _, _ := strings.Cut(d.ID(), ":")
	return kind + " " + d.hal.Info().Name
}

// Note returns a limitation of the device's speed; "" if there is none.
func (d *Device) Note() string {
	if d.hal.Info().CPU {
		return "OpenCL runs on the processor here: --device cpu is faster"
	}
	return ""
}

// Threads returns the number of host threads.
func (d *Device) Threads() int { return d.threads }

// CacheSize is 0 for GPUs, which need no micro-batches. The host's processor works best with few
// images at a time, of which partial batches waste the least.
func (d *Device) CacheSize() int {
	if d.hal.Info().CPU {
		return 4 << 20
	}
	return 0
}

// Compile compiles a program.
func (d *Device) Compile(p *plan.Program, yield plan.Yield) (plan.Executable, error) {
	e, err := d.compile(p, yield)
	if err != nil {
		return nil, fmt.Errorf("compiling for %s: %w", d.ID(), err)
	}
	return e, nil
}

func (d *Device) compile(p *plan.Program, yield plan.Yield) (*executable, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	c := newCompiler(d, plan.Fuse(p))
	if err := c.layouts(); err != nil {
		return nil, err
	}
	if err := c.lower(); err != nil {
		return nil, err
	}
	return c.finish(yield)
}
