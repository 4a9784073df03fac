// Package cpu runs programs fast on the processor: arrays in blocks of sixteen channels
// with a halo of zeros, kernels in assembly where the processor has what they need, work
// shared over cores.
//
// Compile fuses the program (plan.Fuse), chooses how every array lies in memory (layout),
// shares memory between arrays that are not needed at the same time (memory), and makes of
// every instruction a step that allocates nothing. Sums are added up in an order that
// depends on shapes only, so results are the same, bit for bit, from run to run and for
// any number of threads.
//
// In bf16, images between layers, and the gradients with respect to them, are stored and
// multiplied as such. Everything else is float32: sums, statistics, matrices [N,C], weights
// and their gradients.
//
// Convolutions of 3×3 taps, a pixel apart, and their gradients go through Winograd's
// algorithms where these are faster: F(4×4, 3×3) in float32, F(2×2, 3×3) in bf16, whose
// rounding bears no larger tiles. All others are computed directly.
//
// From a program to a run: device.go, compile.go, lower.go (what each instruction becomes),
// executable.go, and pool.go, the threads.
//
// Memory: layout.go and layouts.go, halo.go, memory.go (who shares it), recompute.go (what
// is computed twice to save it).
//
// Convolutions, linear layers and their input gradients: products.go chooses the way, which
// is conv.go's with window.go and weights.go, in bf16 with bf16conv.go too, or Winograd's in
// winograd*.go and winograd2.go. Convolutions in groups are grouped.go's, or, of one channel a
// group, depthwise.go's.
//
// Gradients with respect to weights: convgrad.go, bf16convgrad.go, winogradgrad.go and
// winograd2grad.go. The name winograd2 is F(2×2, 3×3).
//
// All else: norm.go, elementwise.go, activation.go, pooling.go, softmax.go, reshape.go, and update.go, the
// optimizers' formulas. general.go runs what has no faster way.
package cpu

import (
	"fmt"
	"runtime"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/plan"
)

// Options chooses how a device computes.
type Options struct {
	Threads int    // how many cores to use; 0: all
	ISA     string // kernels: "avx512", "avx2", "portable"; "": see kernel.Select

	// DType is how images are stored and multiplied. For bf16 there is assembly for
	// processors with AVX512_BF16; on others portable kernels are used, which are slow.
	DType plan.DType
}

// Device compiles programs for the processor. Its executables share one set of threads,
// which is there as long as there are executables.
type Device struct {
	kernels *kernel.Set
	dtype   plan.DType
	pool    *pool
	roomy   int  // see const roomy
	direct  bool // convolutions do without Winograd
}

// New makes a device. It is an error to ask for kernels the processor cannot run.
func New(o Options) (*Device, error) {
	if o.Threads < 0 {
		return nil, fmt.Errorf("%d threads cannot compute", o.Threads)
	}
	if o.Threads == 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	kernels, err := kernel.Select(o.ISA)
	if err != nil {
		return nil, err
	}
	return &Device{kernels: kernels, dtype: o.DType, pool: newPool(o.Threads), roomy: roomy}, nil
}

// Name says which kernels the device uses and how many threads.
func (d *Device) Name() string {
	kernels := d.kernels
	if d.dtype == plan.BFloat16 {
		kernels = kernels.BF16
	}
	threads := "threads"
	if d.pool.threads == 1 {
		threads = "thread"
	}
	return fmt.Sprintf("cpu %s, %d %s", kernels.Name, d.pool.threads, threads)
}

// ID is what opens the device again.
func (d *Device) ID() string { return driverName }

// Threads is how many threads the device's executables share.
func (d *Device) Threads() int { return d.pool.threads }

// CacheSize is most of the third-level cache, as processors of many cores have it for a few.
func (d *Device) CacheSize() int { return 26 << 20 }

// Note says what to know about how fast the device is, "" if there is nothing to say.
func (d *Device) Note() string {
	if d.dtype == plan.BFloat16 && d.kernels.BF16.Name == kernel.PortableBF16 {
		return "bf16 is computed by portable code here, which is right but slow: the fast one needs AVX512_BF16"
	}
	return ""
}

// Compile prepares a program for running.
func (d *Device) Compile(p *plan.Program, yield plan.Yield) (plan.Executable, error) {
	e, err := d.compile(p)
	if err != nil {
		return nil, fmt.Errorf("compiling for the processor: %w", err)
	}
	e.yield = yield
	return e, nil
}

func (d *Device) compile(p *plan.Program) (*executable, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	c := newCompiler(d, plan.Fuse(p))
	if err := c.layouts(); err != nil {
		return nil, err
	}
	if err := c.economize(); err != nil {
		return nil, err
	}
	c.allocate()
	if err := c.lower(); err != nil {
		return nil, err
	}
	return c.finish(), nil
}
