package cuda

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
)

// program is a [hal.Program].
type program struct {
	d      *device
	name   string
	build  sync.Mutex // held while it is compiled
	module Module
}

// Load implements [hal.Device].
func (d *device) Load(m source.Module) (hal.Program, error) {
	text, err := m.PTX(d.info.Arch)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.info.ID, err)
	}
	return d.load(m.Name, text)
}

func (d *device) load(name, text string) (*program, error) {
	d.programsMu.Lock()
	p := d.programs[text]
	if p == nil {
		p = &program{d: d, name: name}
		d.programs[text] = p
	}
	d.programsMu.Unlock()
	p.build.Lock()
	defer p.build.Unlock()
	if p.module != 0 {
		return p, nil
	}
	return p, p.compile(text)
}

// compile makes the module of the cache's binary, or else of PTX. Binaries are for one compute
// capability; a driver refuses those of a newer one.
func (p *program) compile(text string) error {
	d := p.d
	key := cache.Key(kind, d.info.Name, strconv.Itoa(d.info.Arch), d.info.Runtime, text)
	if binary := d.cache.Get(key); binary != nil {
		module, err := d.context.Load(binary)
		if err == nil {
			p.module = module
			return nil
		}
		d.cache.Drop(key)
	}
	binary, log, err := d.context.Compile(text)
	if err := d.check("compiling "+p.name, err); err != nil {
		if log = strings.TrimSpace(log); log != "" {
			err = fmt.Errorf("%w\n%s", err, log)
		}
		return err
	}
	module, err := d.context.Load(binary)
	if err := d.check("loading "+p.name, err); err != nil {
		return err
	}
	p.module = module
	d.cache.Put(key, binary)
	return nil
}

// kernel is a [hal.Kernel].
type kernel struct {
	d        *device
	name     string
	function Function
}

// Name implements [hal.Kernel].
func (k *kernel) Name() string { return k.name }

// Kernel implements [hal.Program].
func (p *program) Kernel(name string) (hal.Kernel, error) {
	f, err := p.d.context.Function(p.module, name)
	if err := p.d.check(fmt.Sprintf("kernel %s of %s", name, p.name), err); err != nil {
		return nil, err
	}
	return &kernel{p.d, name, f}, nil
}
