package cuda

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"
	"unsafe"

	"hfcui/engine/gpu/library"
)

// real is the library's [Driver].
type real struct{ calls }

// failure is the error of a result.
func (r *real) failure(result uintptr) error {
	code := Code(int32(result))
	if code == 0 {
		return nil
	}
	if names[code] != "" {
		return code
	}
	var name *byte
	if library.Call(r.getErrorName, result, uintptr(unsafe.Pointer(&name))) != 0 || name == nil {
		return code
	}
	return fmt.Errorf("%w: %s", code, text(unsafe.Slice(name, 256)))
}

// text is a string that ends with a zero, in memory that may end right behind it.
func text(b []byte) string {
	var s []byte
	for i := 0; i < len(b) && b[i] != 0; i++ {
		s = append(s, b[i])
	}
	return string(s)
}

func zeroTerminated(s string) *byte {
	b := append([]byte(s), 0)
	return &b[0]
}

// Version implements [Driver].
func (r *real) Version() (int, error) {
	var v int32
	err := r.failure(library.Call(r.driverGetVersion, uintptr(unsafe.Pointer(&v))))
	return int(v), err
}

// Count implements [Driver].
func (r *real) Count() (int, error) {
	var n int32
	err := r.failure(library.Call(r.deviceGetCount, uintptr(unsafe.Pointer(&n))))
	return int(n), err
}

// handle is the driver's number of a device.
func (r *real) handle(device int) (uintptr, error) {
	var h int32
	err := r.failure(library.Call(r.deviceGet, uintptr(unsafe.Pointer(&h)), uintptr(device)))
	return uintptr(h), err
}

// Name implements [Driver].
func (r *real) Name(device int) (string, error) {
	h, err := r.handle(device)
	if err != nil {
		return "", err
	}
	name := make([]byte, 256)
	err = r.failure(library.Call(r.deviceGetName, uintptr(unsafe.Pointer(&name[0])), uintptr(len(name)), h))
	return text(name), err
}

// Memory implements [Driver].
func (r *real) Memory(device int) (int64, error) {
	h, err := r.handle(device)
	if err != nil {
		return 0, err
	}
	var bytes uint64
	err = r.failure(library.Call(r.deviceTotalMem, uintptr(unsafe.Pointer(&bytes)), h))
	return int64(bytes), err
}

// Attribute implements [Driver].
func (r *real) Attribute(device int, a Attribute) (int, error) {
	h, err := r.handle(device)
	if err != nil {
		return 0, err
	}
	var v int32
	err = r.failure(library.Call(r.deviceGetAttribute, uintptr(unsafe.Pointer(&v)), uintptr(a), h))
	return int(v), err
}

// Retain implements [Driver].
func (r *real) Retain(device int) (Context, error) {
	h, err := r.handle(device)
	if err != nil {
		return nil, err
	}
	c := &context{real: r}
	if err := r.failure(library.Call(r.primaryRetain, uintptr(unsafe.Pointer(&c.id)), h)); err != nil {
		return nil, err
	}
	var low, high int32
	err = c.with(func() uintptr {
		return library.Call(r.streamPriorities, uintptr(unsafe.Pointer(&low)), uintptr(unsafe.Pointer(&high)))
	})
	c.low, c.high = low, high
	if err != nil {
		return nil, errors.Join(err, r.Release(device))
	}
	return c, nil
}

// Release implements [Driver].
func (r *real) Release(device int) error {
	h, err := r.handle(device)
	if err != nil {
		return err
	}
	return r.failure(library.Call(r.primaryRelease, h))
}

// context is the library's [Context].
type context struct {
	*real
	id        uintptr
	low, high int32 // priorities of streams
}

// With implements [Context].
func (c *context) With(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := c.failure(library.Call(c.setCurrent, c.id)); err != nil {
		return err
	}
	return f()
}

// with calls on a thread on which the context is current.
func (c *context) with(call func() uintptr) error {
	return c.With(func() error { return c.failure(call()) })
}

// Synchronize implements [Context].
func (c *context) Synchronize() error {
	return c.with(func() uintptr { return library.Call(c.synchronize) })
}

// MemInfo implements [Context].
func (c *context) MemInfo() (int64, error) {
	var free, total uint64
	err := c.with(func() uintptr {
		return library.Call(c.memGetInfo, uintptr(unsafe.Pointer(&free)), uintptr(unsafe.Pointer(&total)))
	})
	return int64(free), err
}

// Alloc implements [Context].
func (c *context) Alloc(bytes int) (at Address, err error) {
	err = c.with(func() uintptr { return library.Call(c.memAlloc, uintptr(unsafe.Pointer(&at)), uintptr(bytes)) })
	return at, err
}

// Free implements [Context].
func (c *context) Free(at Address) error {
	return c.with(func() uintptr { return library.Call(c.memFree, uintptr(at)) })
}

// AllocHost implements [Context].
func (c *context) AllocHost(bytes int) ([]byte, error) {
	var p *byte
	err := c.with(func() uintptr { return library.Call(c.memHostAlloc, uintptr(unsafe.Pointer(&p)), uintptr(bytes), 0) })
	if err != nil {
		return nil, err
	}
	return unsafe.Slice(p, bytes), nil
}

// FreeHost implements [Context].
func (c *context) FreeHost(memory []byte) error {
	return c.with(func() uintptr { return library.Call(c.memFreeHost, uintptr(unsafe.Pointer(&memory[0]))) })
}

// Compile implements [Context].
func (c *context) Compile(ptx string) (binary []byte, log string, err error) {
	const (
		errorLog, errorLogSize = 5, 6 // options of the compiler
		inputPTX               = 1
	)
	messages := make([]byte, 8192)
	options := []uint32{errorLog, errorLogSize}
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&messages[0])
	values := []uintptr{uintptr(unsafe.Pointer(&messages[0])), uintptr(len(messages))}
	// The library keeps the addresses of both until the state is destroyed.
	pin.Pin(&options[0])
	pin.Pin(&values[0])
	var state uintptr
	err = c.with(func() uintptr {
		return library.Call(c.linkCreate, uintptr(len(options)), uintptr(unsafe.Pointer(&options[0])), uintptr(unsafe.Pointer(&values[0])), uintptr(unsafe.Pointer(&state)))
	})
	if err != nil {
		return nil, "", err
	}
	image, name := append([]byte(ptx), 0), zeroTerminated("hfcui.ptx")
	err = c.with(func() uintptr {
		return library.Call(c.linkAddData, state, inputPTX, uintptr(unsafe.Pointer(&image[0])), uintptr(len(image)), uintptr(unsafe.Pointer(name)), 0, 0, 0)
	})
	if err == nil {
		var data *byte
		var size uintptr
		err = c.with(func() uintptr {
			return library.Call(c.linkComplete, state, uintptr(unsafe.Pointer(&data)), uintptr(unsafe.Pointer(&size)))
		})
		if err == nil {
			binary = bytes.Clone(unsafe.Slice(data, size)) // the library's goes with the state
		}
	}
	return binary, text(messages), errors.Join(err, c.with(func() uintptr { return library.Call(c.linkDestroy, state) }))
}

// Load implements [Context].
func (c *context) Load(binary []byte) (m Module, err error) {
	if len(binary) == 0 {
		return 0, InvalidImage
	}
	err = c.with(func() uintptr {
		return library.Call(c.moduleLoadData, uintptr(unsafe.Pointer(&m)), uintptr(unsafe.Pointer(&binary[0])))
	})
	return m, err
}

// Unload implements [Context].
func (c *context) Unload(m Module) error {
	return c.with(func() uintptr { return library.Call(c.moduleUnload, uintptr(m)) })
}

// Function implements [Context].
func (c *context) Function(m Module, name string) (f Function, err error) {
	n := zeroTerminated(name)
	err = c.with(func() uintptr {
		return library.Call(c.moduleGetFunction, uintptr(unsafe.Pointer(&f)), uintptr(m), uintptr(unsafe.Pointer(n)))
	})
	return f, err
}

// OpenStream implements [Context].
func (c *context) OpenStream(urgent bool) (s Stream, err error) {
	const nonBlocking = 1
	priority := c.low
	if urgent {
		priority = c.high
	}
	err = c.with(func() uintptr {
		return library.Call(c.streamCreate, uintptr(unsafe.Pointer(&s)), nonBlocking, uintptr(priority))
	})
	return s, err
}

// CloseStream implements [Context].
func (c *context) CloseStream(s Stream) error {
	return c.with(func() uintptr { return library.Call(c.streamDestroy, uintptr(s)) })
}

// Wait implements [Context].
func (c *context) Wait(s Stream) error {
	return c.with(func() uintptr { return library.Call(c.streamSynchronize, uintptr(s)) })
}

// Zero implements [Context].
func (c *context) Zero(s Stream, at Address, bytes int) error {
	return c.with(func() uintptr { return library.Call(c.memset, uintptr(at), 0, uintptr(bytes), uintptr(s)) })
}

// Upload implements [Context].
func (c *context) Upload(s Stream, dst Address, src []byte) error {
	return c.with(func() uintptr {
		return library.Call(c.upload, uintptr(dst), uintptr(unsafe.Pointer(&src[0])), uintptr(len(src)), uintptr(s))
	})
}

// Download implements [Context].
func (c *context) Download(s Stream, dst []byte, src Address) error {
	return c.with(func() uintptr {
		return library.Call(c.download, uintptr(unsafe.Pointer(&dst[0])), uintptr(src), uintptr(len(dst)), uintptr(s))
	})
}

// Copy implements [Context].
func (c *context) Copy(s Stream, dst, src Address, bytes int) error {
	return c.with(func() uintptr { return library.Call(c.copy, uintptr(dst), uintptr(src), uintptr(bytes), uintptr(s)) })
}

// Launch implements [Context]. Parameters are handed over as one piece of memory, which the
// library copies.
func (c *context) Launch(s Stream, l *Call) error {
	const pointer, size, end = 1, 2, 0 // CU_LAUNCH_PARAM_BUFFER_POINTER and so on
	params := l.Params
	if len(params) == 0 {
		params = make([]byte, 8)
	}
	n := uintptr(len(l.Params))
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&params[0])
	pin.Pin(&n)
	extra := [5]uintptr{pointer, uintptr(unsafe.Pointer(&params[0])), size, uintptr(unsafe.Pointer(&n)), end}
	g := l.Groups
	return c.with(func() uintptr {
		return library.Call(c.launchKernel, uintptr(l.Function), uintptr(g[0]), uintptr(g[1]), uintptr(g[2]), uintptr(l.Threads), 1, 1,
			0, uintptr(s), 0, uintptr(unsafe.Pointer(&extra[0])))
	})
}

// NewEvent implements [Context].
func (c *context) NewEvent(timing bool) (e Event, err error) {
	flags := uintptr(2) // no timing
	if timing {
		flags = 0
	}
	err = c.with(func() uintptr { return library.Call(c.eventCreate, uintptr(unsafe.Pointer(&e)), flags) })
	return e, err
}

// FreeEvent implements [Context].
func (c *context) FreeEvent(e Event) error {
	return c.with(func() uintptr { return library.Call(c.eventDestroy, uintptr(e)) })
}

// Record implements [Context].
func (c *context) Record(s Stream, e Event) error {
	return c.with(func() uintptr { return library.Call(c.eventRecord, uintptr(e), uintptr(s)) })
}

// WaitEvent implements [Context].
func (c *context) WaitEvent(e Event) error {
	return c.with(func() uintptr { return library.Call(c.eventSynchronize, uintptr(e)) })
}

// Elapsed implements [Context].
func (c *context) Elapsed(from, to Event) (time.Duration, error) {
	var ms float32
	err := c.with(func() uintptr {
		return library.Call(c.eventElapsedTime, uintptr(unsafe.Pointer(&ms)), uintptr(from), uintptr(to))
	})
	return time.Duration(float64(ms) * float64(time.Millisecond)), err
}

// Capture implements [Context].
func (c *context) Capture(s Stream, enqueue func() error) (Graph, error) {
	const relaxed = 2 // other threads may call whatever they like meanwhile
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := c.with(func() uintptr { return library.Call(c.beginCapture, uintptr(s), relaxed) }); err != nil {
		return 0, err
	}
	enqueued := enqueue()
	var graph, exec uintptr
	ended := c.with(func() uintptr { return library.Call(c.endCapture, uintptr(s), uintptr(unsafe.Pointer(&graph))) })
	if err := slices.DeleteFunc([]error{enqueued, ended}, func(err error) bool { return err == nil }); len(err) > 0 {
		if graph != 0 {
			_ = c.with(func() uintptr { return library.Call(c.graphDestroy, graph) })
		}
		return 0, err[0]
	}
	err := c.with(func() uintptr { return library.Call(c.instantiate, uintptr(unsafe.Pointer(&exec)), graph, 0) })
	return Graph(exec), errors.Join(err, c.with(func() uintptr { return library.Call(c.graphDestroy, graph) }))
}

// LaunchGraph implements [Context].
func (c *context) LaunchGraph(s Stream, g Graph) error {
	return c.with(func() uintptr { return library.Call(c.graphLaunch, uintptr(g), uintptr(s)) })
}

// FreeGraph implements [Context].
func (c *context) FreeGraph(g Graph) error {
	return c.with(func() uintptr { return library.Call(c.graphExecDestroy, uintptr(g)) })
}
