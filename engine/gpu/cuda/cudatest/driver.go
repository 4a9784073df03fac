// Package cudatest has a CUDA driver without a GPU: kernels run on the interpreter of package ptx,
// which reports what is wrong with them. Work is done as late as a GPU may do it, when somebody
// waits for it, so that memory that is used again too early is seen in results.
package cudatest

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"hfcui/engine/gpu/cuda"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/ptx"
)

// Driver is a [cuda.Driver] of one device, whose contexts it makes, too.
type Driver struct {
	Arch   int                     // compute capability times ten
	Bytes  int64                   // of device memory
	CUDA   int                     // version, e.g. 12040
	Failed func(call string) error // makes a call fail, if not nil
	Change func(ptx string) string // replaces a module's PTX when it is compiled, if not nil

	machine ptx.Machine

	mu       sync.Mutex
	sticky   error // of the context, after a kernel's fault
	retained int
	used     int64
	next     uintptr
	buffers  map[cuda.Address]int
	host     map[*byte]int
	modules  map[cuda.Module]*ptx.Module
	kernels  map[cuda.Function]*ptx.Kernel
	streams  map[cuda.Stream]*stream
	events   map[cuda.Event]*event
	graphs   map[cuda.Graph][]work
	misuse   []string
	compiled int
	graphRun int
	capture  *[]work // of the stream being captured
	captured cuda.Stream
}

// New returns a driver of a device of a compute capability times ten.
func New(arch int) *Driver {
	return &Driver{
		Arch: arch, Bytes: 4 << 30, CUDA: 12040,
		buffers: map[cuda.Address]int{}, host: map[*byte]int{}, modules: map[cuda.Module]*ptx.Module{}, kernels: map[cuda.Function]*ptx.Kernel{},
		streams: map[cuda.Stream]*stream{}, events: map[cuda.Event]*event{}, graphs: map[cuda.Graph][]work{},
	}
}

// Open opens the device for a test, at whose end the driver must have been used rightly and
// everything have been freed.
func Open(t testing.TB, arch int) hal.Device {
	t.Helper()
	d := New(arch)
	device, err := cuda.Open(0, cuda.Options{Driver: d})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(device.Close(), d.Misuse()); err != nil && !t.Failed() {
			t.Error(err)
		}
	})
	return device
}

// Misuse is an error of what a driver was called for and must not be, of memory that is left, and so
// on; nil if there is nothing.
func (d *Driver) Misuse() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.misuse) > 0 {
		return errors.New(strings.Join(d.misuse, "\n"))
	}
	return nil
}

// Compiled is how many modules have been compiled, and graphs how many times a graph was launched.
func (d *Driver) Compiled() (modules, graphs int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.compiled, d.graphRun
}

// Steps is how many instructions all threads have executed.
func (d *Driver) Steps() int64 { return d.machine.Steps() }

func (d *Driver) wrong(format string, args ...any) error {
	d.misuse = append(d.misuse, fmt.Sprintf(format, args...))
	return cuda.InvalidValue
}

// enter begins a call: it fails after a fault, or because a test wants that.
func (d *Driver) enter(call string) error {
	if d.Failed != nil {
		if err := d.Failed(call); err != nil {
			return err
		}
	}
	return d.sticky
}

// fault is an error of a kernel.
type fault struct {
	cuda.Code
	cause error
}

func (f *fault) Error() string   { return fmt.Sprintf("%v: %v", f.Code, f.cause) }
func (f *fault) Unwrap() []error { return []error{f.Code, f.cause} }

// Version implements [cuda.Driver].
func (d *Driver) Version() (int, error) { return d.CUDA, d.enter("Version") }

// Count implements [cuda.Driver].
func (d *Driver) Count() (int, error) { return 1, d.enter("Count") }

// Name implements [cuda.Driver].
func (d *Driver) Name(int) (string, error) { return "PTX interpreter", d.enter("Name") }

// Memory implements [cuda.Driver].
func (d *Driver) Memory(int) (int64, error) { return d.Bytes, d.enter("Memory") }

// Attribute implements [cuda.Driver].
func (d *Driver) Attribute(_ int, a cuda.Attribute) (int, error) {
	values := map[cuda.Attribute]int{
		cuda.ThreadsPerGroup: 1024, cuda.SharedPerGroup: 48 << 10, cuda.Units: 1, cuda.ArchMajor: d.Arch / 10, cuda.ArchMinor: d.Arch % 10,
	}
	return values[a], d.enter("Attribute")
}

// Retain implements [cuda.Driver].
func (d *Driver) Retain(int) (cuda.Context, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Groups of kernels run at the same time, which is right for kernels without races only.
	if d.Change == nil {
		d.machine.Workers = runtime.GOMAXPROCS(0)
	}
	if err := d.enter("Retain"); err != nil {
		return nil, err
	}
	d.retained++
	return (*context)(d), nil
}

// Release implements [cuda.Driver].
func (d *Driver) Release(int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.retained--; d.retained < 0 {
		return d.wrong("the context is released too often")
	}
	left := map[string]int{"buffers": len(d.buffers), "host buffers": len(d.host), "modules": len(d.modules), "streams": len(d.streams), "events": len(d.events), "graphs": len(d.graphs)}
	for what, n := range left {
		if n > 0 && d.retained == 0 && d.sticky == nil {
			d.wrong("%d %s are left when the context is released", n, what)
		}
	}
	return nil
}

// pinned reports whether memory is in one piece from AllocHost.
func (d *Driver) pinned(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	at := uintptr(unsafe.Pointer(&b[0]))
	for p, n := range d.host {
		if first := uintptr(unsafe.Pointer(p)); at >= first && at+uintptr(len(b)) <= first+uintptr(n) {
			return true
		}
	}
	return false
}
