package cl

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/library"
	"hfcui/engine/gpu/source"
)

// program is a [hal.Program].
type program struct {
	d    *device
	name string
	key  string // in the cache
	id   uintptr

	build sync.Mutex // held while it is built

	saveMu sync.Mutex
	saved  int // bytes of the binary in the cache

	variants sync.Map // of variant to *atomic.Bool: whether it has run
}

// variant is what some drivers compile a kernel for when it first runs: PoCL does so for every
// size of a group, and once more for grids that are small.
type variant struct {
	kernel  string
	threads int
	small   bool
}

// small is the side of a grid, in threads, below which PoCL compiles for small ones.
const small = 1 << 16

// Load implements [hal.Device].
func (d *device) Load(m source.Module) (hal.Program, error) {
	text := m.Text()
	d.programsMu.Lock()
	p := d.programs[text]
	if p == nil {
		p = &program{d: d, name: m.Name}
		d.programs[text] = p
	}
	d.programsMu.Unlock()
	p.build.Lock()
	defer p.build.Unlock()
	if p.id != 0 {
		return p, nil
	}
	defer restoreSignals()
	return p, p.compile(text)
}

// compile builds the program from the cache, or else from its source.
func (p *program) compile(text string) error {
	options := "-cl-std=CL1.2"
	if p.d.rounded {
		options += " -cl-fp32-correctly-rounded-divide-sqrt"
	}
	p.key = cache.Key(kind, p.d.info.Name, p.d.info.Runtime, p.d.driver, options, text)
	if p.read(options) {
		return nil
	}
	src := append([]byte(text), 0)
	pointer := unsafe.Pointer(&src[0])
	var status int32
	id := library.Call(p.d.createSource, p.d.context, 1, uintptr(unsafe.Pointer(&pointer)), 0, uintptr(unsafe.Pointer(&status)))
	if err := p.d.check("loading "+p.name, uintptr(status)); err != nil {
		return err
	}
	if err := p.d.check("compiling "+p.name, p.d.make(id, options)); err != nil {
		err = fmt.Errorf("%w\n%s", err, p.d.log(id))
		library.Call(p.d.releaseProgram, id)
		return err
	}
	p.id = id
	p.save()
	return nil
}

// make compiles or links a program.
func (d *device) make(id uintptr, options string) uintptr {
	text := append([]byte(options), 0)
	return library.Call(d.buildProgram, id, 1, uintptr(unsafe.Pointer(&d.id)), uintptr(unsafe.Pointer(&text[0])), 0, 0)
}

// read takes the program from the cache. Drivers refuse what another version of them wrote.
func (p *program) read(options string) bool {
	binary := p.d.cache.Get(p.key)
	if len(binary) == 0 {
		return false
	}
	size, pointer := uintptr(len(binary)), unsafe.Pointer(&binary[0])
	var refused, status int32
	id := library.Call(p.d.createBinary, p.d.context, 1, uintptr(unsafe.Pointer(&p.d.id)), uintptr(unsafe.Pointer(&size)),
		uintptr(unsafe.Pointer(&pointer)), uintptr(unsafe.Pointer(&refused)), uintptr(unsafe.Pointer(&status)))
	if status == 0 && refused == 0 && p.d.make(id, options) == 0 {
		p.id, p.saved = id, len(binary)
		return true
	}
	if status == 0 {
		library.Call(p.d.releaseProgram, id)
	}
	p.d.cache.Drop(p.key)
	return false
}

// save writes the program to the cache if it has grown: with drivers that compile a kernel when
// it first runs, it grows with every kernel.
func (p *program) save() {
	p.saveMu.Lock()
	defer p.saveMu.Unlock()
	if p.d.cache == "" {
		return
	}
	var size uintptr
	if query(p.d.getProgramInfo, p.id, programBinarySizes, &size) != nil || size == 0 || int(size) == p.saved {
		return
	}
	binary := make([]byte, size)
	pointer := unsafe.Pointer(&binary[0])
	if query(p.d.getProgramInfo, p.id, programBinaries, &pointer) != nil {
		return
	}
	p.d.cache.Put(p.key, binary)
	p.saved = len(binary)
}

// log is what the compiler has said.
func (d *device) log(program uintptr) string {
	var n uintptr
	if library.Call(d.getBuildInfo, program, d.id, buildLog, 0, 0, uintptr(unsafe.Pointer(&n))) != 0 || n == 0 {
		return ""
	}
	text := make([]byte, n)
	library.Call(d.getBuildInfo, program, d.id, buildLog, n, uintptr(unsafe.Pointer(&text[0])), 0)
	return strings.TrimRight(string(text), "\x00\n")
}

// kernel is a [hal.Kernel]. Its object is made anew for every launch that is prepared, since
// arguments belong to it.
type kernel struct {
	p    *program
	name string
}

// Name implements [hal.Kernel].
func (k *kernel) Name() string { return k.name }

// Kernel implements [hal.Program].
func (p *program) Kernel(name string) (hal.Kernel, error) {
	k := &kernel{p, name}
	id, err := k.object()
	if err != nil {
		return nil, err
	}
	library.Call(p.d.releaseKernel, id)
	return k, nil
}

// object makes an OpenCL kernel.
func (k *kernel) object() (uintptr, error) {
	name := append([]byte(k.name), 0)
	var status int32
	id := library.Call(k.p.d.createKernel, k.p.id, uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&status)))
	return id, k.p.d.check(fmt.Sprintf("kernel %s of %s", k.name, k.p.name), uintptr(status))
}

// ran says whether the kernel has run with groups of that many threads in a grid.
func (k *kernel) ran(groups [3]int, threads int) *atomic.Bool {
	v := variant{k.name, threads, max(groups[0]*threads, groups[1], groups[2]) < small}
	done, _ := k.p.variants.LoadOrStore(v, new(atomic.Bool))
	return done.(*atomic.Bool)
}
