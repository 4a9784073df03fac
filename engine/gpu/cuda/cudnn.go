package cuda

import (
	"errors"
	"fmt"
	"unsafe"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/library"
	"hfcui/engine/gpu/source"
)

// cudnn is the library's [DNN]: the functions that cuDNN 8 and 9 share, of what the latter calls its
// legacy API (docs.nvidia.com/deeplearning/cudnn/latest/api/cudnn-cnn-library.html). They are named
// without their cudnn.
type cudnn struct {
	path, version string

	getVersion, getErrorString, create, destroy, setStream                 uintptr
	createTensor, setTensor, destroyTensor                                 uintptr
	createFilter, setFilter, destroyFilter                                 uintptr
	createConvolution, setConvolution, destroyConvolution                  uintptr
	setGroups, setMath                                                     uintptr
	forwardWorkspace, dataWorkspace, filterWorkspace                       uintptr
	convolutionForward, convolutionBackwardData, convolutionBackwardFilter uintptr
}

func (l *cudnn) table() map[string]*uintptr {
	return map[string]*uintptr{
		"cudnnGetVersion": &l.getVersion, "cudnnGetErrorString": &l.getErrorString,
		"cudnnCreate": &l.create, "cudnnDestroy": &l.destroy, "cudnnSetStream": &l.setStream,
		"cudnnCreateTensorDescriptor": &l.createTensor, "cudnnSetTensor4dDescriptor": &l.setTensor, "cudnnDestroyTensorDescriptor": &l.destroyTensor,
		"cudnnCreateFilterDescriptor": &l.createFilter, "cudnnSetFilter4dDescriptor": &l.setFilter, "cudnnDestroyFilterDescriptor": &l.destroyFilter,
		"cudnnCreateConvolutionDescriptor": &l.createConvolution, "cudnnSetConvolution2dDescriptor": &l.setConvolution,
		"cudnnDestroyConvolutionDescriptor": &l.destroyConvolution,
		"cudnnSetConvolutionGroupCount":     &l.setGroups, "cudnnSetConvolutionMathType": &l.setMath,
		"cudnnGetConvolutionForwardWorkspaceSize":        &l.forwardWorkspace,
		"cudnnGetConvolutionBackwardDataWorkspaceSize":   &l.dataWorkspace,
		"cudnnGetConvolutionBackwardFilterWorkspaceSize": &l.filterWorkspace,
		"cudnnConvolutionForward":                        &l.convolutionForward,
		"cudnnConvolutionBackwardData":                   &l.convolutionBackwardData,
		"cudnnConvolutionBackwardFilter":                 &l.convolutionBackwardFilter,
	}
}

// OpenDNN opens the first cuDNN of names that is found.
func OpenDNN(names ...string) (DNN, error) {
	var lib *library.Library
	var first error
	for _, name := range names {
		loadDNNParts(name)
		var err error
		if lib, err = library.Open(name); err == nil {
			break
		}
		if first == nil {
			first = err
		}
	}
	if lib == nil {
		return nil, fmt.Errorf("no cuDNN, which is optional: %w; with pip, install nvidia-cudnn-cu12", first)
	}
	l := &cudnn{path: lib.Name}
	for name, address := range l.table() {
		var err error
		if *address, err = lib.Symbol(name); err != nil {
			return nil, fmt.Errorf("cuDNN cannot be used: %w", err)
		}
	}
	n := int(library.Call(l.getVersion))
	l.version = fmt.Sprintf("cuDNN %d.%d.%d", n/10000, n%10000/100, n%100)
	if n < 90000 {
		l.version = fmt.Sprintf("cuDNN %d.%d.%d", n/1000, n%1000/100, n%100)
	}
	if n < 8000 || n >= 100000 {
		return nil, fmt.Errorf("%s in %s cannot be used: 8 or 9 is needed", l.version, l.path)
	}
	return l, nil
}

// Version implements [DNN].
func (l *cudnn) Version() string { return l.version }

// Path implements [DNN].
func (l *cudnn) Path() string { return l.path }

// failure is the error of a result.
func (l *cudnn) failure(result uintptr) error {
	status := int32(result)
	if status == 0 {
		return nil
	}
	name := library.Call(l.getErrorString, uintptr(status))
	at := *(**byte)(unsafe.Pointer(&name)) // C's memory
	if at == nil {
		return fmt.Errorf("cuDNN status %d", status)
	}
	return fmt.Errorf("%s (%d)", text(unsafe.Slice(at, 256)), status)
}

// Open implements [DNN].
func (l *cudnn) Open(s Stream) (h DNNHandle, err error) {
	if err := l.failure(library.Call(l.create, uintptr(unsafe.Pointer(&h)))); err != nil {
		return 0, err
	}
	if err := l.failure(library.Call(l.setStream, uintptr(h), uintptr(s))); err != nil {
		return 0, errors.Join(err, l.Close(h))
	}
	return h, nil
}

// Close implements [DNN].
func (l *cudnn) Close(h DNNHandle) error { return l.failure(library.Call(l.destroy, uintptr(h))) }

// Numbers of the library's header.
const (
	dnnNHWC             = 1 // CUDNN_TENSOR_NHWC; of filters it is [K,R,S,C]
	dnnFloat, dnnBF16   = 0, 9
	dnnCrossCorrelation = 1
	dnnDefaultMath      = 0 // TF32 for float32 arrays, on GPUs that have it
	dnnTensorMath       = 1
	dnnFMAMath          = 3 // float32 throughout
)

// Describe implements [DNN].
func (l *cudnn) Describe(c hal.Convolution) (d *Described, err error) {
	number, math := dnnFloat, dnnFMAMath
	switch c.Number {
	case source.BF16:
		number, math = dnnBF16, dnnTensorMath
	case source.TF32:
		math = dnnDefaultMath
	}
	d = &Described{Of: c}
	do := func(f uintptr, args ...int) {
		if err != nil {
			return
		}
		all := make([]uintptr, len(args))
		for i, a := range args {
			all[i] = uintptr(a)
		}
		err = l.failure(library.Call(f, all...))
	}
	made := func(f uintptr, descriptor *uintptr) {
		if err == nil {
			err = l.failure(library.Call(f, uintptr(unsafe.Pointer(descriptor))))
		}
	}
	made(l.createTensor, &d.x)
	made(l.createTensor, &d.y)
	made(l.createFilter, &d.w)
	made(l.createConvolution, &d.o)
	do(l.setTensor, int(d.x), dnnNHWC, number, c.X[0], c.X[3], c.X[1], c.X[2])
	do(l.setTensor, int(d.y), dnnNHWC, number, c.Y[0], c.Y[3], c.Y[1], c.Y[2])
	do(l.setFilter, int(d.w), number, dnnNHWC, c.Y[3], c.X[3]/c.Groups, c.Taps[0], c.Taps[1])
	do(l.setConvolution, int(d.o), c.Pad[0], c.Pad[1], c.Stride[0], c.Stride[1], c.Dilation[0], c.Dilation[1], dnnCrossCorrelation, dnnFloat)
	do(l.setGroups, int(d.o), c.Groups)
	do(l.setMath, int(d.o), math)
	if err != nil {
		return nil, errors.Join(err, l.Forget(d))
	}
	return d, nil
}

// Forget implements [DNN].
func (l *cudnn) Forget(d *Described) error {
	var errs []error
	destroy := func(f, descriptor uintptr) {
		if descriptor != 0 {
			errs = append(errs, l.failure(library.Call(f, descriptor)))
		}
	}
	destroy(l.destroyTensor, d.x)
	destroy(l.destroyTensor, d.y)
	destroy(l.destroyFilter, d.w)
	destroy(l.destroyConvolution, d.o)
	*d = Described{}
	return errors.Join(errs...)
}

// Workspace implements [DNN].
func (l *cudnn) Workspace(h DNNHandle, d *Described, algorithm int) (int, error) {
	var f, a, b, c, to uintptr
	switch d.Of.Result {
	case hal.ConvOutput:
		f, a, b, c, to = l.forwardWorkspace, d.x, d.w, d.o, d.y
	case hal.ConvInputGrad:
		f, a, b, c, to = l.dataWorkspace, d.w, d.y, d.o, d.x
	case hal.ConvWeightGrad:
		f, a, b, c, to = l.filterWorkspace, d.x, d.y, d.o, d.w
	}
	var bytes uint64
	err := l.failure(library.Call(f, uintptr(h), a, b, c, to, uintptr(algorithm), uintptr(unsafe.Pointer(&bytes))))
	return int(bytes), err
}

// Run implements [DNN].
func (l *cudnn) Run(h DNNHandle, d *Described, algorithm int, memory [4]Extent) error {
	one, zero := float32(1), float32(0)
	x, w, y := memory[0].At, memory[1].At, memory[2].At
	var f, a, b, to uintptr
	var at, bt, result Address
	switch d.Of.Result {
	case hal.ConvOutput:
		f, a, at, b, bt, to, result = l.convolutionForward, d.x, x, d.w, w, d.y, y
	case hal.ConvInputGrad:
		f, a, at, b, bt, to, result = l.convolutionBackwardData, d.w, w, d.y, y, d.x, x
	case hal.ConvWeightGrad:
		f, a, at, b, bt, to, result = l.convolutionBackwardFilter, d.x, x, d.y, y, d.w, w
	}
	return l.failure(library.Call(f, uintptr(h), uintptr(unsafe.Pointer(&one)), a, uintptr(at), b, uintptr(bt), d.o, uintptr(algorithm),
		uintptr(memory[3].At), uintptr(memory[3].Bytes), uintptr(unsafe.Pointer(&zero)), to, uintptr(result)))
}
