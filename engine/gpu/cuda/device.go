package cuda

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/hal"
)

// kind is CUDA's name in --device.
const kind = "cuda"

// ErrNoLibrary is the error of a machine without NVIDIA's driver.
var ErrNoLibrary = errors.New("no CUDA")

// ErrNoDevice is the error of a machine with NVIDIA's driver and no GPU that it can use.
var ErrNoDevice = errors.New("no CUDA: no NVIDIA GPU")

// lowestArch is the compute capability, times ten, of the oldest GPUs that the kernels run on.
const lowestArch = 70

// Options configures a device.
type Options struct {
	Cache  cache.Folder // of compiled modules
	Driver Driver       // nil: the machine's; another's devices are Private
	DNN    DNN          // of another driver; nil: none. The machine's driver has the machine's.
}

// List describes all devices. The error is [ErrNoLibrary] or [ErrNoDevice].
func List() ([]hal.Info, error) {
	d, err := machine()
	if err != nil {
		return nil, err
	}
	return list(d)
}

func list(d Driver) ([]hal.Info, error) {
	n, err := d.Count()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoDevice, err)
	}
	if n == 0 {
		return nil, ErrNoDevice
	}
	infos := make([]hal.Info, n)
	for i := range infos {
		if infos[i], err = describe(d, i); err != nil {
			return nil, fmt.Errorf("%w: %s:%d: %w", ErrNoDevice, kind, i, err)
		}
	}
	return infos, nil
}

func describe(d Driver, number int) (hal.Info, error) {
	var errs []error
	attribute := func(a Attribute) int {
		v, err := d.Attribute(number, a)
		errs = append(errs, err)
		return v
	}
	version, err := d.Version()
	errs = append(errs, err)
	name, err := d.Name(number)
	errs = append(errs, err)
	memory, err := d.Memory(number)
	errs = append(errs, err)
	info := hal.Info{
		ID: fmt.Sprintf("%s:%d", kind, number), Name: name, Runtime: fmt.Sprintf("CUDA %d.%d", version/1000, version%1000/10), Memory: memory,
		Units: attribute(Units), Shared: attribute(SharedPerGroup), Threads: attribute(ThreadsPerGroup),
		Arch: 10*attribute(ArchMajor) + attribute(ArchMinor),
	}
	if info.Arch < lowestArch {
		info.Unavailable = fmt.Sprintf("its compute capability is %.1f, and at least %.1f is needed", float64(info.Arch)/10, float64(lowestArch)/10)
	}
	return info, errors.Join(errs...)
}

// device is a [hal.Device].
type device struct {
	info    hal.Info
	driver  Driver
	number  int
	context Context
	cache   cache.Folder
	hal.Life
	// Held while a stream is captured, and shared while the whole context is waited for, which
	// is not allowed then.
	capture sync.RWMutex

	programs   map[string]*program // by their PTX
	programsMu sync.Mutex

	zeroing   Stream // fills new memory
	zeroingMu sync.Mutex

	convs convolutions
}

// Open opens a device by its number in [List].
func Open(number int, o Options) (hal.Device, error) {
	driver := o.Driver
	if driver == nil {
		var err error
		if driver, err = machine(); err != nil {
			return nil, err
		}
	}
	infos, err := list(driver)
	if err != nil {
		return nil, err
	}
	if number < 0 || number >= len(infos) {
		return nil, fmt.Errorf("no device %s:%d: the last of %d is %s:%d", kind, number, len(infos), kind, len(infos)-1)
	}
	d := &device{info: infos[number], driver: driver, number: number, cache: o.Cache, programs: map[string]*program{}}
	d.info.Private = o.Driver != nil
	switch {
	case o.Driver == nil:
		d.convs.find = machineDNN
	case o.DNN != nil:
		d.convs.find = func() (DNN, error) { return o.DNN, nil }
	}
	if d.info.Unavailable != "" {
		return nil, fmt.Errorf("%s (%s) cannot be used: %s", d.info.ID, d.info.Name, d.info.Unavailable)
	}
	if d.context, err = driver.Retain(number); err != nil {
		return nil, d.check("opening", err)
	}
	if d.zeroing, err = d.context.OpenStream(false); err != nil {
		return nil, errors.Join(d.check("opening", err), driver.Release(number))
	}
	return d, nil
}

// Info implements [hal.Device].
func (d *device) Info() hal.Info { return d.info }

// Close implements [hal.Device].
func (d *device) Close() error {
	d.programsMu.Lock()
	defer d.programsMu.Unlock()
	var errs []error
	for _, p := range d.programs {
		if p.module != 0 {
			errs = append(errs, d.context.Unload(p.module))
		}
	}
	d.programs = nil
	errs = append(errs, d.forgetConvolutions(), d.context.CloseStream(d.zeroing), d.driver.Release(d.number))
	if d.Lost() {
		return nil // its errors have been reported
	}
	return d.check("closing", errors.Join(errs...))
}

// check turns an error of the driver into one that says what was done. Once the device is lost it
// stays so.
func (d *device) check(what string, err error) error {
	if err := d.Err(); err != nil {
		return err
	}
	if err == nil {
		return nil
	}
	var code Code
	errors.As(err, &code)
	switch {
	case code.sticky():
		return d.End(d.info.ID, what, err)
	case code == OutOfMemory:
		return d.outOfMemory(0, what)
	}
	return fmt.Errorf("%s: %s: %w", d.info.ID, what, err)
}

func (d *device) outOfMemory(need int, doing string) error {
	free := int64(0)
	if d.context != nil {
		free, _ = d.context.MemInfo() // 0 is unknown
	}
	return &hal.OutOfMemory{Device: d.info.ID, Need: int64(need), Free: free, Doing: doing}
}

// buffer is a [hal.Buffer].
type buffer struct {
	d     *device
	at    Address
	bytes int
	freed atomic.Bool
}

// Alloc implements [hal.Device].
func (d *device) Alloc(bytes int) (hal.Buffer, error) {
	size := max(bytes, 1)
	at, err := d.context.Alloc(size)
	if err != nil {
		return nil, d.allocated(bytes, err)
	}
	b := &buffer{d: d, at: at, bytes: bytes}
	d.zeroingMu.Lock()
	defer d.zeroingMu.Unlock()
	if err = d.context.Zero(d.zeroing, at, size); err == nil {
		err = d.context.Wait(d.zeroing)
	}
	if err := d.allocated(bytes, err); err != nil {
		b.Free()
		return nil, err
	}
	return b, nil
}

// allocated is check of a function that allocates.
func (d *device) allocated(bytes int, err error) error {
	if errors.Is(err, OutOfMemory) && !d.Lost() {
		return d.outOfMemory(bytes, "")
	}
	return d.check("allocating memory", err)
}

// Bytes implements [hal.Buffer].
func (b *buffer) Bytes() int { return b.bytes }

// Free implements [hal.Buffer].
func (b *buffer) Free() {
	if b.freed.Swap(true) {
		return
	}
	b.d.capture.RLock()
	defer b.d.capture.RUnlock()
	// After an error the context is lost and its memory with it.
	if b.d.context.Synchronize() == nil {
		_ = b.d.context.Free(b.at)
	}
}

// address is where a span is, which is to have a size.
func (d *device) address(s hal.Span, bytes int) (Address, error) {
	b, ok := s.Buffer.(*buffer)
	switch {
	case !ok || b.d != d:
		return 0, fmt.Errorf("%s: memory of another device", d.info.ID)
	case b.freed.Load():
		return 0, fmt.Errorf("%s: memory that has been freed", d.info.ID)
	case s.Bytes != bytes:
		return 0, fmt.Errorf("%s: %d bytes for a span of %d", d.info.ID, bytes, s.Bytes)
	case s.Offset < 0 || s.Bytes < 0 || s.Bytes > b.bytes || s.Offset > b.bytes-s.Bytes:
		return 0, fmt.Errorf("%s: bytes %d to %d of a buffer of %d", d.info.ID, s.Offset, s.Offset+s.Bytes, b.bytes)
	}
	return b.at + Address(s.Offset), nil
}
