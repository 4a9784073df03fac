package cuda

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"hfcui/engine/gpu/hal"
)

// DNN is the library cuDNN. Its methods are called on a thread on which a device's context is current:
// see Context.With.
type DNN interface {
	// Version returns the library's name and version, e.g. "cuDNN 9.1.0".
	Version() string
	// Path returns where the library was found.
	Path() string
	// Open returns a handle whose work is done in a stream; one goroutine uses it at a time.
	Open(s Stream) (DNNHandle, error)
	Close(h DNNHandle) error
	// Describe describes a convolution to the library, which Forget ends.
	Describe(c hal.Convolution) (*Described, error)
	Forget(d *Described) error
	// Workspace returns the size of the memory that an algorithm needs; an error if it cannot do it.
	Workspace(h DNNHandle, d *Described, algorithm int) (bytes int, err error)
	// Run enqueues a convolution of x, w, y, with a workspace.
	Run(h DNNHandle, d *Described, algorithm int, memory [4]Extent) error
}

// DNNHandle is a handle of cuDNN.
type DNNHandle uintptr

// Described is a convolution with cuDNN's descriptors.
type Described struct {
	Of         hal.Convolution
	x, w, y, o uintptr
}

// Environment is the variable that, set to "off", keeps cuDNN from being used.
const Environment = "HFCUI_CUDNN"

// ErrDNNOff is the error of a cuDNN that is not to be used.
var ErrDNNOff = errors.New("cuDNN is not used: " + Environment + " is off")

// machineDNN is the machine's cuDNN, found once.
var machineDNN = sync.OnceValues(func() (DNN, error) {
	if os.Getenv(Environment) == "off" {
		return nil, ErrDNNOff
	}
	return OpenDNN(dnnNames(os.Getenv)...)
})

// CuDNN says which cuDNN is used and where it is, or why none is. It starts the library on the first
// device.
func CuDNN() (version, path string, err error) {
	driver, err := machine()
	if err != nil {
		return "", "", errors.New("no cuDNN: it needs CUDA")
	}
	dnn, err := machineDNN()
	if err != nil {
		return "", "", err
	}
	context, err := driver.Retain(0)
	if err != nil {
		return "", "", fmt.Errorf("cuDNN cannot be tried: %w", err)
	}
	s, err := context.OpenStream(false)
	if err == nil {
		err = errors.Join(startDNN(context, dnn, s), context.CloseStream(s))
	}
	if err := errors.Join(err, driver.Release(0)); err != nil {
		return "", "", fmt.Errorf("%s in %s does not start: %w", dnn.Version(), dnn.Path(), err)
	}
	return dnn.Version(), dnn.Path(), nil
}

func startDNN(c Context, dnn DNN, s Stream) error {
	return c.With(func() error {
		h, err := dnn.Open(s)
		if err != nil {
			return err
		}
		return dnn.Close(h)
	})
}

// algorithms are those of cuDNN that are tried, by hal.ConvResult, with the numbers of its header. They
// add up products as our kernels do, in an order that does not change from run to run: no Winograd or
// Fourier transform, whose errors are larger, and none that adds atomically.
var algorithms = [...][]int{
	hal.ConvOutput:     {1, 0}, // IMPLICIT_PRECOMP_GEMM, IMPLICIT_GEMM
	hal.ConvInputGrad:  {1},    // ALGO_1
	hal.ConvWeightGrad: {1},    // ALGO_1
}

// mostWorkspace is the largest workspace of an algorithm that is tried, in bytes.
const mostWorkspace = 256 << 20

// convolutions are a device's convolutions of cuDNN; its zero value has none.
type convolutions struct {
	find func() (DNN, error)
	mu   sync.Mutex // held while handle is used
	// A handle for asking, on a stream that does nothing else.
	handle DNNHandle
	failed bool // it could not be opened
	known  map[hal.Convolution][]hal.LibraryKernel
	all    []*Described
}

// convolution is a [hal.Kernel] of cuDNN.
type convolution struct {
	d         *device
	dnn       DNN
	of        *Described
	algorithm int
	workspace int
}

// Name implements [hal.Kernel].
func (k *convolution) Name() string { return fmt.Sprintf("cudnn_%s_%d", k.of.Of.Result, k.algorithm) }

var _ hal.Convolving = (*device)(nil)

// dnn is the device's cuDNN; nil if it has none.
func (d *device) dnn() DNN {
	if d.convs.find == nil {
		return nil
	}
	dnn, _ := d.convs.find() // CuDNN tells why there is none
	return dnn
}

// Library implements [hal.Convolving].
func (d *device) Library() string {
	if dnn := d.dnn(); dnn != nil {
		return dnn.Version()
	}
	return ""
}

// Convolutions implements [hal.Convolving].
func (d *device) Convolutions(c hal.Convolution) []hal.LibraryKernel {
	dnn := d.dnn()
	if dnn == nil || c.Result == hal.ConvWeightGrad && c.Number.Bytes() != 4 {
		return nil // cuDNN would round the gradients of weights, which are float32 here
	}
	d.convs.mu.Lock()
	defer d.convs.mu.Unlock()
	if kernels, ok := d.convs.known[c]; ok {
		return kernels
	}
	var kernels []hal.LibraryKernel
	// An error is one of this convolution, or of all: our own kernels do what cuDNN does not.
	_ = d.context.With(func() (err error) {
		kernels, err = d.ask(dnn, c)
		return err
	})
	if d.convs.known == nil {
		d.convs.known = map[hal.Convolution][]hal.LibraryKernel{}
	}
	d.convs.known[c] = kernels
	return kernels
}

// ask asks cuDNN for the algorithms that can do a convolution.
func (d *device) ask(dnn DNN, c hal.Convolution) (kernels []hal.LibraryKernel, err error) {
	if d.convs.failed {
		return nil, nil
	}
	if d.convs.handle == 0 {
		if d.convs.handle, err = d.openDNN(dnn, d.zeroing); err != nil {
			d.convs.failed = true
			return nil, err
		}
	}
	described, err := dnn.Describe(c)
	if err != nil {
		return nil, err
	}
	for _, algorithm := range algorithms[c.Result] {
		bytes, err := dnn.Workspace(d.convs.handle, described, algorithm)
		if err == nil && bytes <= mostWorkspace {
			kernels = append(kernels, hal.LibraryKernel{Kernel: &convolution{d, dnn, described, algorithm, bytes}, Workspace: bytes})
		}
	}
	if len(kernels) == 0 {
		return nil, dnn.Forget(described)
	}
	d.convs.all = append(d.convs.all, described)
	return kernels, nil
}

// openDNN opens a handle on a stream. Handles wait for the whole context when they are opened and
// closed, as cuCtxSynchronize does.
func (d *device) openDNN(dnn DNN, s Stream) (h DNNHandle, err error) {
	d.capture.RLock()
	defer d.capture.RUnlock()
	err = d.context.With(func() error {
		h, err = dnn.Open(s)
		return err
	})
	return h, err
}

// closeDNN closes a handle, if there is one.
func (d *device) closeDNN(h DNNHandle) error {
	if h == 0 {
		return nil
	}
	d.capture.RLock()
	defer d.capture.RUnlock()
	return d.context.With(func() error { return d.dnn().Close(h) })
}

// forgetConvolutions frees what cuDNN has of the device.
func (d *device) forgetConvolutions() error {
	d.convs.mu.Lock()
	defer d.convs.mu.Unlock()
	var errs []error
	for _, k := range d.convs.all {
		errs = append(errs, d.context.With(func() error { return d.dnn().Forget(k) }))
	}
	h := d.convs.handle
	d.convs.handle, d.convs.all, d.convs.known = 0, nil, nil
	return errors.Join(append(errs, d.closeDNN(h))...)
}

// convolve returns what enqueues a launch of a convolution.
func (s *stream) convolve(k *convolution, args []any) (func() error, error) {
	if k.d != s.d {
		return nil, fmt.Errorf("%s: a kernel of another device", s.d.info.ID)
	}
	var memory [4]Extent
	for i, a := range args {
		span, ok := a.(hal.Span)
		if !ok || i >= len(memory) {
			return nil, fmt.Errorf("argument %d of %s: a %T", i, k.Name(), a)
		}
		at, err := s.d.address(span, span.Bytes)
		if err != nil {
			return nil, fmt.Errorf("argument %d of %s: %w", i, k.Name(), err)
		}
		memory[i] = Extent{at, span.Bytes}
	}
	if memory[3].Bytes < k.workspace {
		return nil, fmt.Errorf("%s: a workspace of %d bytes, not %d", k.Name(), memory[3].Bytes, k.workspace)
	}
	if s.dnn == 0 {
		var err error
		if s.dnn, err = s.d.openDNN(k.dnn, s.id); err != nil {
			return nil, fmt.Errorf("%s: %w", s.d.info.ID, err)
		}
	}
	return func() error {
		return s.d.context.With(func() error { return k.dnn.Run(s.dnn, k.of, k.algorithm, memory) })
	}, nil
}
