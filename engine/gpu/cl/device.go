package cl

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/library"
)

// kind is OpenCL's name in --device.
const kind = "opencl"

// ErrNoDevice is the error of a machine with OpenCL's library, and no driver with a device.
var ErrNoDevice = errors.New("its library was found, and no driver with a device")

// found is a device before it is opened.
type found struct {
	id      uintptr
	info    hal.Info
	driver  string // its version
	align   int    // of a sub-buffer's offset, in bytes
	largest int64  // buffer in bytes
	rounded bool   // divisions and roots can be rounded correctly
	hints   bool   // queues have priorities
}

// List describes all devices, GPUs before processors. If there are none, the error says why and
// what to install.
func List() ([]hal.Info, error) {
	_, devices, err := list()
	if err != nil {
		return nil, err
	}
	infos := make([]hal.Info, len(devices))
	for i, d := range devices {
		infos[i] = d.info
	}
	return infos, nil
}

// list loads OpenCL and lists its devices.
func list() (*api, []found, error) {
	a, err := load()
	if err != nil {
		return nil, nil, missing(err)
	}
	devices, err := a.list()
	if err != nil {
		return nil, nil, missing(err)
	}
	return a, devices, nil
}

// missing is the error of a machine without OpenCL.
func missing(err error) error {
	switch {
	case errors.Is(err, library.ErrUnsupported):
		return fmt.Errorf("no OpenCL: %w", err)
	case runtime.GOOS != "linux":
		return fmt.Errorf("no OpenCL: %w; install the driver of your GPU", err)
	case errors.Is(err, ErrNoDevice):
		return fmt.Errorf("no OpenCL: %w; on Debian, install that of your GPU: nvidia-opencl-icd (non-free), intel-opencl-icd or mesa-opencl-icd", err)
	}
	return fmt.Errorf("no OpenCL: %w; on Debian, install ocl-icd-libopencl1 and the driver of your GPU", err)
}

// list asks all drivers for their devices.
func (a *api) list() ([]found, error) {
	defer restoreSignals() // drivers start when they are first asked
	var n uint32
	err := failure(library.Call(a.getPlatformIDs, 0, 0, uintptr(unsafe.Pointer(&n))))
	if errors.Is(err, noPlatform) || err == nil && n == 0 {
		return nil, ErrNoDevice
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoDevice, err)
	}
	platforms := make([]uintptr, n)
	if err := failure(library.Call(a.getPlatformIDs, uintptr(n), uintptr(unsafe.Pointer(&platforms[0])), 0)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoDevice, err)
	}
	var devices []found
	for _, p := range platforms {
		devices = append(devices, a.devices(p)...)
	}
	if len(devices) == 0 {
		return nil, ErrNoDevice
	}
	// "opencl" alone is number 0, which is to be a GPU wherever there is one.
	slices.SortStableFunc(devices, func(a, b found) int { return order(a) - order(b) })
	for i := range devices {
		devices[i].info.ID = fmt.Sprintf("%s:%d", kind, i)
	}
	return devices, nil
}

func order(d found) int {
	if d.info.CPU {
		return 1
	}
	return 0
}

// devices asks a platform, which may have none.
func (a *api) devices(platform uintptr) []found {
	var n uint32
	if library.Call(a.getDeviceIDs, platform, allDevices, 0, 0, uintptr(unsafe.Pointer(&n))) != 0 || n == 0 {
		return nil
	}
	ids := make([]uintptr, n)
	if library.Call(a.getDeviceIDs, platform, allDevices, uintptr(n), uintptr(unsafe.Pointer(&ids[0])), 0) != 0 {
		return nil
	}
	var devices []found
	for _, id := range ids {
		if d, ok := a.describe(platform, id); ok {
			devices = append(devices, d)
		}
	}
	return devices
}

// describe asks a device for all that is known of it. Devices without programmable units are none.
func (a *api) describe(platform, id uintptr) (found, bool) {
	var class, memory, local, largest, float uint64
	var units, align, little, available, compiler, major, minor uint32
	var threads uintptr
	f := a.getDeviceInfo
	query(f, id, deviceType, &class)
	query(f, id, deviceMemory, &memory)
	query(f, id, deviceLocal, &local)
	query(f, id, deviceLargest, &largest)
	query(f, id, deviceFloat, &float)
	query(f, id, deviceUnits, &units)
	query(f, id, deviceAlign, &align)
	query(f, id, deviceLittle, &little)
	query(f, id, deviceAvailable, &available)
	query(f, id, deviceCompiler, &compiler)
	query(f, id, deviceThreads, &threads)
	extensions := strings.Fields(queryText(f, id, deviceExt))
	if slices.Contains(extensions, "cl_nv_device_attribute_query") {
		query(f, id, deviceMajorNV, &major)
		query(f, id, deviceMinorNV, &minor)
	}
	driver := queryText(f, id, driverVersion)
	version := strings.Join(firstWords(queryText(f, id, deviceVersion), 2), " ")
	d := found{
		id: id,
		info: hal.Info{
			Name:    queryText(f, id, deviceName),
			Runtime: fmt.Sprintf("%s, %s %s", version, queryText(a.getPlatformInfo, platform, platformName), driver),
			Memory:  int64(memory), Units: int(units), Shared: int(local), Threads: int(threads),
			Arch: int(10*major + minor), CPU: class&cpuDevice != 0,
		},
		driver: driver, align: int(align) / 8, largest: int64(largest),
		rounded: float&correctlyRounded != 0, hints: slices.Contains(extensions, "cl_khr_priority_hints"),
	}
	switch {
	case little == 0:
		d.info.Unavailable = "its byte order is not the host's"
	case available == 0:
		d.info.Unavailable = "its driver says that it is not available"
	case compiler == 0:
		d.info.Unavailable = "its driver cannot compile OpenCL C"
	case d.align > hal.Align:
		d.info.Unavailable = fmt.Sprintf("it needs memory aligned to %d bytes, and at most %d are supported", d.align, hal.Align)
	}
	return d, class&customDevice == 0
}

func firstWords(s string, n int) []string {
	words := strings.Fields(s)
	return words[:min(n, len(words))]
}

// Options configures a device.
type Options struct {
	// Cache keeps compiled programs. It is not used for PoCL, which has a cache of its own in the
	// user's folder, and compiles all kernels of a program a second time for its binary.
	Cache cache.Folder
	// Always uses Cache for PoCL, too.
	Always bool
}

// device is a [hal.Device].
type device struct {
	*api
	found
	context uintptr
	cache   cache.Folder
	hal.Life
	used atomic.Int64 // bytes of its buffers

	programs   map[string]*program // by their source
	programsMu sync.Mutex

	zeroing   uintptr // queue that fills new memory
	zeroingMu sync.Mutex
}

// Open opens a device by its number in [List].
func Open(number int, o Options) (hal.Device, error) {
	a, devices, err := list()
	if err != nil {
		return nil, err
	}
	if number < 0 || number >= len(devices) {
		return nil, fmt.Errorf("no device %s:%d: the last of %d is %s:%d", kind, number, len(devices), kind, len(devices)-1)
	}
	d := &device{api: a, found: devices[number], programs: map[string]*program{}}
	if o.Always || !strings.Contains(d.info.Runtime, "Portable Computing Language") {
		d.cache = o.Cache
	}
	if d.info.Unavailable != "" {
		return nil, fmt.Errorf("%s (%s) cannot be used: %s", d.info.ID, d.info.Name, d.info.Unavailable)
	}
	defer restoreSignals()
	var status int32
	d.context = library.Call(a.createContext, 0, 1, uintptr(unsafe.Pointer(&d.id)), 0, 0, uintptr(unsafe.Pointer(&status)))
	if err := d.check("opening", uintptr(status)); err != nil {
		return nil, err
	}
	if d.zeroing, err = d.queue(false); err != nil {
		library.Call(a.releaseContext, d.context)
		return nil, err
	}
	return d, nil
}

// Info implements [hal.Device].
func (d *device) Info() hal.Info { return d.info }

// Close implements [hal.Device].
func (d *device) Close() error {
	d.programsMu.Lock()
	defer d.programsMu.Unlock()
	for _, p := range d.programs {
		if p.id != 0 {
			library.Call(d.releaseProgram, p.id)
		}
	}
	d.programs = nil
	library.Call(d.releaseQueue, d.zeroing)
	return d.check("closing", library.Call(d.releaseContext, d.context))
}

// queue opens a queue that works in order.
func (d *device) queue(urgent bool) (uintptr, error) {
	var status int32
	var queue uintptr
	if urgent && d.hints && d.createQueueWith != 0 {
		properties := [3]uint64{queuePriority, highPriority, 0}
		queue = library.Call(d.createQueueWith, d.context, d.id, uintptr(unsafe.Pointer(&properties[0])), uintptr(unsafe.Pointer(&status)))
	} else {
		queue = library.Call(d.createQueue, d.context, d.id, 0, uintptr(unsafe.Pointer(&status)))
	}
	return queue, d.check("opening a stream", uintptr(status))
}

// check turns the result of a function into an error. Once the device is lost it stays so.
func (d *device) check(what string, r uintptr) error {
	if err := d.Err(); err != nil {
		return err
	}
	c := code(int32(r))
	switch c {
	case 0:
		return nil
	case allocationFailure, outOfHostMemory:
		return &hal.OutOfMemory{Device: d.info.ID, Doing: what}
	case notAvailable, invalidContext, invalidQueue, illegalAccess:
		return d.End(d.info.ID, what, c)
	}
	return fmt.Errorf("%s: %s: %w", d.info.ID, what, c)
}

// checkDone is check of a function that waits: what ran out of resources then was a kernel, and
// what drivers report so is an access outside of its memory.
func (d *device) checkDone(what string, r uintptr) error {
	switch c := code(int32(r)); c {
	case outOfResources, eventFailed:
		return d.End(d.info.ID, what, c)
	}
	return d.check(what, r)
}
