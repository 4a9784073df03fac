// Package cpu runs programs on the CPU: arrays in blocks of sixteen channels with a halo of zeros,
// assembly kernels for the CPU's features, and work shared over cores.
//
// Compile fuses the program (plan.Fuse), chooses a layout for every array (layout), shares memory
// between arrays that are not live at the same time (memory), and lowers every instruction to a
// step that allocates nothing. The order of summation depends on shapes only, so results are
// identical, bit for bit, between runs and for any number of threads.
//
// In bf16, images between layers, and the gradients with respect to them, are stored and
// multiplied as such. Everything else is float32: sums, statistics, matrices [N,C], weights
// and their gradients.
//
// Convolutions of 3×3 taps, a pixel apart, and their gradients go through Winograd's algorithms
// where these are faster: F(4×4, 3×3) in float32, F(2×2, 3×3) in bf16, whose precision allows no
// larger tiles. All others are computed directly.
//
// From a program to a run: device.go, compile.go, lower.go (the step of each instruction),
// executable.go, and pool.go, the threads.
//
// Memory: layout.go and layouts.go, halo.go, memory.go (who shares it), pages_linux.go, recompute.go (what
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

// Options configures a device.
type Options struct {
	Threads int    // number of threads; 0: one per core
	ISA     string // kernels: "avx512", "avx2", "portable"; "": see kernel.Select

	// DType is the data type of activations. bf16 has assembly for AVX512_BF16; other CPUs use
	// portable kernels, which are slow. TF32 is computed as float32.
	DType plan.DType
}

// Device compiles programs for the CPU. Its executables share a pool of threads, which exists as
// long as there are executables.
type Device struct {
	kernels *kernel.Set
	asked   plan.DType // by the caller
	dtype   plan.DType // of activations: asked, or float32 for TF32
	pool    *pool
	roomy   int  // see const roomy
	direct  bool // convolutions without Winograd
}

// New returns a device. It is an error if the CPU does not support the ISA.
func New(o Options) (*Device, error) {
	if o.Threads < 0 {
		return nil, fmt.Errorf("%d threads: use 0 or more", o.Threads)
	}
	if o.Threads == 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	kernels, err := kernel.Select(o.ISA)
	if err != nil {
		return nil, err
	}
	dtype := o.DType
	if dtype == plan.TF32 {
		dtype = plan.Float32
	}
	return &Device{kernels: kernels, asked: o.DType, dtype: dtype, pool: newPool(o.Threads), roomy: roomy}, nil
}

// Name returns the device's kernels and number of threads.
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

// ID returns the name that opens the device.
func (d *Device) ID() string { return driverName }

// Threads returns the number of threads that the device's executables share.
func (d *Device) Threads() int { return d.pool.threads }

// CacheSize is most of a typical L3 cache.
func (d *Device) CacheSize() int { return 26 << 20 }

// Note returns a limitation of the device's speed or data type; "" if there is none.
func (d *Device) Note() string {
	if d.asked == plan.TF32 {
		return "the CPU has no tf32: it computes in fp32"
	}
	if d.dtype == plan.BFloat16 && d.kernels.BF16.Name == kernel.PortableBF16 {
		return "bf16 runs on portable kernels, which are slow: fast ones require AVX512_BF16"
	}
	return ""
}

// Compile compiles a program.
func (d *Device) Compile(p *plan.Program, yield plan.Yield) (plan.Executable, error) {
	e, err := d.compile(p)
	if err != nil {
		return nil, fmt.Errorf("compiling for the CPU: %w", err)
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
