package gpu

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/plan"
)

// Which convolutions are a library's is chosen as tiles are: the first time that a device meets an
// instruction, it runs it by our own kernels and by each of the library's, and the result is kept in
// the cache folder. A kernel of the library whose results are not ours, within rounding, or that fails
// in any way, is not chosen: nothing but a GPU runs the library before.

// libraryUse says which convolutions are the library's.
type libraryUse int

const (
	fastest  libraryUse = iota // those that it does faster
	never                      // none
	always                     // all that it can do, by its first kernel
	alwaysOf                   // alwaysOf+n: all, by its n-th kernel
)

// choices remembers which kernels were fastest; its zero value is empty.
type choices struct {
	mu    sync.Mutex
	known map[string]string
}

// own stands for our own kernels in the cache.
const own = "own"

// choose returns the library's kernel for an instruction that is a convolution or one of its
// gradients; nil if our own is to be used.
func (c *compiler) choose(in *plan.Instr, conv hal.Convolution) *hal.LibraryKernel {
	library, ok := c.dev.hal.(hal.Convolving)
	if !ok || c.dev.library == never || library.Library() == "" {
		return nil
	}
	info := c.dev.hal.Info()
	if c.dev.library == fastest && info.Private {
		return nil
	}
	kernels := library.Convolutions(conv)
	if len(kernels) == 0 {
		return nil
	}
	if c.dev.library != fastest {
		if n := int(c.dev.library - always); n < len(kernels) {
			return &kernels[n]
		}
		return nil
	}
	key := cache.Key("conv", info.Name, info.Runtime, fmt.Sprint(info.Arch), library.Library(), fmt.Sprintf("%T%+v %+v", in.Op, in.Op, conv))
	t := &c.dev.choices
	t.mu.Lock()
	defer t.mu.Unlock()
	name := t.known[key]
	if name == "" {
		name = string(cache.User().Get(key))
	}
	if kernel, ok := kernelNamed(kernels, name); ok {
		return kernel
	}
	var lasting bool
	name, lasting = c.fastestConv(in, kernels)
	if lasting {
		cache.User().Put(key, []byte(name))
	}
	if t.known == nil {
		t.known = make(map[string]string)
	}
	t.known[key] = name
	kernel, _ := kernelNamed(kernels, name)
	return kernel
}

// kernelNamed returns the kernel of a name, nil for our own; false if there is none.
func kernelNamed(kernels []hal.LibraryKernel, name string) (*hal.LibraryKernel, bool) {
	for i := range kernels {
		if kernels[i].Kernel.Name() == name {
			return &kernels[i], true
		}
	}
	return nil, name == own
}

// fastestConv returns the name of the library's kernel that is faster than our own; own if none is, or
// none could be tried. It is lasting unless another time may tell otherwise: there was no memory to
// try, or the device was lost.
func (c *compiler) fastestConv(in *plan.Instr, kernels []hal.LibraryKernel) (best string, lasting bool) {
	want, least, err := c.try(in, never)
	if err != nil {
		return own, false
	}
	best, lasting = own, true
	for i, k := range kernels {
		got, took, err := c.try(in, always+libraryUse(i))
		if errors.As(err, new(*hal.OutOfMemory)) || errors.As(err, new(*hal.Lost)) {
			lasting = false
		}
		if err == nil && took < least && alike(got, want, c.dev.dtype) {
			best, least = k.Kernel.Name(), took
		}
	}
	return best, lasting
}

// edge is how many elements of a result's beginning and of its end are compared.
const edge = 1 << 18

// try runs an instruction alone, on random numbers, and returns the edges of its result and the least
// time that it took.
func (c *compiler) try(in *plan.Instr, use libraryUse) (result []float32, least time.Duration, err error) {
	dev := &Device{hal: c.dev.hal, dtype: c.dev.dtype, threads: c.dev.threads, tiles: c.dev.tiles, forced: c.dev.forced, library: use}
	e, err := dev.compile(c.alone(in), nil)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, leaves := range []map[string]*leaf{e.inputs, e.params} {
		for i := range in.In {
			if l := leaves[fmt.Sprint("x", i)]; l != nil {
				if err := e.scatter(l, rng, dev.dtype); err != nil {
					return nil, 0, err
				}
			}
		}
	}
	if err := e.Run(context.Background()); err != nil {
		return nil, 0, err
	}
	y := e.outputs["y"].tensor
	if result, err = e.edges(y, dev.dtype); err != nil {
		return nil, 0, err
	}
	for i := range 3 {
		took, err := e.stream.Time(func() error { return e.enqueue(e.run, e.end) })
		if err != nil {
			return nil, 0, err
		}
		if i == 0 || took < least {
			least = took
		}
	}
	return result, least, nil
}

// alone returns a program of one instruction. What is no image is a parameter, so that weights are
// packed once.
func (c *compiler) alone(in *plan.Instr) *plan.Program {
	p := &plan.Program{Outputs: make(map[string]*plan.Value)}
	one := &plan.Instr{Op: in.Op}
	for i, v := range in.In {
		kind := plan.Param
		if c.t(v).image {
			kind = plan.Input
		}
		x := &plan.Value{ID: len(p.Values), Kind: kind, Name: fmt.Sprint("x", i), Shape: v.Shape}
		p.Values, one.In = append(p.Values, x), append(one.In, x)
	}
	one.Out = &plan.Value{ID: len(p.Values), Kind: plan.Temp, Name: "y", Shape: in.Out.Shape, Keep: true}
	p.Values, p.Instrs, p.Outputs["y"] = append(p.Values, one.Out), []*plan.Instr{one}, one.Out
	return p
}

// scatter fills a leaf with random numbers, the same over and over, and an image's fill channels with
// zeros. Arrays of less than four dimensions are positive: variances are among them.
func (e *executable) scatter(l *leaf, rng *rand.Rand, dtype plan.DType) error {
	e.mark(l)
	t := l.tensor
	if t == nil || t.size == 0 {
		return nil
	}
	row, channels, width := 64, 64, 4
	if t.image {
		row, channels, width = t.fill, t.c, dtype.Bytes()
	}
	rows := min((1<<18)/row+1, (t.bytes/width+row-1)/row)
	var data []byte
	for i := range rows * row {
		v := float32(0)
		if i%row < channels {
			v = 2*rng.Float32() - 1
		}
		if len(l.value.Shape) < 4 {
			v = 1 + 0.5*v
		}
		bits := math.Float32bits(v)
		if width == 2 {
			data = binary.NativeEndian.AppendUint16(data, uint16(bits>>16))
		} else {
			data = binary.NativeEndian.AppendUint32(data, bits)
		}
	}
	n := min(len(data), t.bytes)
	if err := e.stream.Upload(t.part(n), data[:n]); err != nil {
		return err
	}
	for n < t.bytes { // twice as much each time
		more := min(n, t.bytes-n)
		dst := hal.Span{Buffer: t.span.Buffer, Offset: t.span.Offset + n, Bytes: more}
		if err := e.stream.Copy(dst, t.part(more)); err != nil {
			return err
		}
		n += more
	}
	return nil
}

// edges returns the first and the last elements of an array.
func (e *executable) edges(t *tensor, dtype plan.DType) ([]float32, error) {
	width := 4
	if t.image {
		width = dtype.Bytes()
	}
	n := min(edge, t.size) * width
	end := t.size*width - n
	data := make([]byte, 2*n)
	last := hal.Span{Buffer: t.span.Buffer, Offset: t.span.Offset + end, Bytes: n}
	if err := errors.Join(e.stream.Download(data[:n], t.part(n)), e.stream.Download(data[n:], last)); err != nil {
		return nil, err
	}
	values := make([]float32, 2*n/width)
	for i := range values {
		if width == 2 {
			values[i] = math.Float32frombits(uint32(binary.NativeEndian.Uint16(data[2*i:])) << 16)
		} else {
			values[i] = math.Float32frombits(binary.NativeEndian.Uint32(data[4*i:]))
		}
	}
	return values, nil
}

// alike reports whether two results of one convolution differ by rounding only: by a part of the
// largest element, since sums lose digits to their terms.
func alike(got, want []float32, dtype plan.DType) bool {
	part := 2e-4
	switch dtype {
	case plan.BFloat16:
		part = 1.0 / 64
	case plan.TF32:
		part = 1.0 / 256
	}
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i, v := range got {
		if d := math.Abs(float64(v) - float64(want[i])); !(d <= part*largest) {
			return false
		}
	}
	return len(got) == len(want)
}
