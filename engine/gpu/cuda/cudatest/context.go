package cudatest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"hfcui/engine/gpu/cuda"
	"hfcui/engine/gpu/ptx"
)

// context is a [cuda.Context] of a driver, of which it has nothing of its own.
type context Driver

// stream is work that has been enqueued and not done.
type stream struct {
	urgent  bool
	pending []work
}

// work is one thing to do, and the memory that it uses.
type work struct {
	do     func() error
	memory []cuda.Extent
}

// event is done when the work before it is.
type event struct {
	timing bool
	stream *stream
	done   bool
	at     time.Time
}

// With implements [cuda.Context].
func (c *context) With(f func() error) error {
	d := (*Driver)(c)
	d.mu.Lock()
	err := d.enter("With")
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return f()
}

// with begins a call on the context and holds its lock.
func (c *context) with(call string, f func(d *Driver) error) error {
	d := (*Driver)(c)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.enter(call); err != nil {
		return err
	}
	if d.retained < 1 {
		return d.wrong("%s without a context", call)
	}
	return f(d)
}

// handle is one that has not been used.
func (d *Driver) handle() uintptr {
	d.next += 16
	return d.next
}

// take removes a handle.
func take[K comparable, V any](d *Driver, what string, m map[K]V, k K) error {
	if _, ok := m[k]; !ok {
		return d.wrong("%s %v does not exist, or not any more", what, k)
	}
	delete(m, k)
	return nil
}

// run does what is pending until stop says so.
func (d *Driver) run(s *stream, stop func() bool) error {
	for len(s.pending) > 0 && (stop == nil || !stop()) {
		next := s.pending[0]
		s.pending = s.pending[1:]
		if err := next.do(); err != nil {
			d.sticky = err
			return err
		}
	}
	return nil
}

// enqueue adds work to a stream, or to what is being captured from it.
func (d *Driver) enqueue(id cuda.Stream, do func() error, memory ...cuda.Extent) error {
	s := d.streams[id]
	if s == nil {
		return d.wrong("stream %d does not exist, or not any more", id)
	}
	if d.capture != nil && d.captured == id {
		*d.capture = append(*d.capture, work{do, memory})
		return nil
	}
	s.pending = append(s.pending, work{do, memory})
	return nil
}

// Synchronize implements [cuda.Context].
func (c *context) Synchronize() error {
	return c.with("Synchronize", func(d *Driver) error {
		if d.capture != nil {
			return d.wrong("Synchronize while a stream is captured")
		}
		for _, s := range d.streams {
			if err := d.run(s, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// MemInfo implements [cuda.Context].
func (c *context) MemInfo() (free int64, err error) {
	err = c.with("MemInfo", func(d *Driver) error { free = d.Bytes - d.used; return nil })
	return free, err
}

// Alloc implements [cuda.Context]. The memory is not zero.
func (c *context) Alloc(n int) (at cuda.Address, err error) {
	err = c.with("Alloc", func(d *Driver) error {
		if n < 1 {
			return d.wrong("Alloc of %d bytes", n)
		}
		if d.used+int64(n) > d.Bytes {
			return cuda.OutOfMemory
		}
		at = cuda.Address(d.machine.Alloc(n))
		memory, err := d.machine.Bytes(uint64(at), n)
		for i := range memory {
			memory[i] = 0xff
		}
		d.buffers[at] = n
		d.used += int64(n)
		return err
	})
	return at, err
}

// Free implements [cuda.Context].
func (c *context) Free(at cuda.Address) error {
	return c.with("Free", func(d *Driver) error {
		size := d.buffers[at]
		for _, s := range d.streams {
			for _, w := range s.pending {
				for _, m := range w.memory {
					if m.At < at+cuda.Address(size) && at < m.At+cuda.Address(m.Bytes) {
						return d.wrong("Free of memory that work uses which is not done")
					}
				}
			}
		}
		d.used -= int64(size)
		if err := take(d, "buffer", d.buffers, at); err != nil {
			return err
		}
		return d.machine.Free(uint64(at))
	})
}

// AllocHost implements [cuda.Context].
func (c *context) AllocHost(n int) (memory []byte, err error) {
	err = c.with("AllocHost", func(d *Driver) error {
		memory = make([]byte, n)
		d.host[&memory[0]] = n
		return nil
	})
	return memory, err
}

// FreeHost implements [cuda.Context].
func (c *context) FreeHost(memory []byte) error {
	return c.with("FreeHost", func(d *Driver) error { return take(d, "host memory", d.host, &memory[0]) })
}

// magic begins binaries: the architecture and the PTX follow.
const magic = "interpreted\n"

// parsed keeps modules that have been parsed, by their text, and ran the kernels of them that have
// run on any driver.
var parsed, ran sync.Map

// NotRun lists the kernels of a module that have not run in this process.
func NotRun(text string) ([]string, error) {
	m, err := parse(text)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range m.Names() {
		if _, ok := ran.Load(m.Kernels[name]); !ok {
			names = append(names, name)
		}
	}
	return names, nil
}

func parse(text string) (*ptx.Module, error) {
	if m, ok := parsed.Load(text); ok {
		return m.(*ptx.Module), nil
	}
	m, err := ptx.Parse(text)
	if err == nil {
		parsed.Store(text, m)
	}
	return m, err
}

// Compile implements [cuda.Context].
func (c *context) Compile(text string) (binary []byte, log string, err error) {
	err = c.with("Compile", func(d *Driver) error {
		d.compiled++
		if d.Change != nil {
			text = d.Change(text)
		}
		m, err := parse(text)
		if err != nil {
			log = err.Error()
			return cuda.InvalidPTX
		}
		var target int
		if _, err := fmt.Sscanf(m.Target, "sm_%d", &target); err != nil || target > d.Arch {
			log = "target " + m.Target
			return cuda.NoBinary
		}
		binary = fmt.Appendf(nil, "%s%d\n%s", magic, d.Arch, text)
		return nil
	})
	return binary, log, err
}

// Load implements [cuda.Context].
func (c *context) Load(binary []byte) (id cuda.Module, err error) {
	err = c.with("Load", func(d *Driver) error {
		rest, ok := bytes.CutPrefix(binary, []byte(magic))
		arch, text, ok1 := strings.Cut(string(rest), "\n")
		if !ok || !ok1 {
			return cuda.InvalidImage
		}
		if arch != fmt.Sprint(d.Arch) {
			return cuda.NoBinary
		}
		m, err := parse(text)
		if err != nil {
			return cuda.InvalidImage
		}
		id = cuda.Module(d.handle())
		d.modules[id] = m
		return nil
	})
	return id, err
}

// Unload implements [cuda.Context].
func (c *context) Unload(m cuda.Module) error {
	return c.with("Unload", func(d *Driver) error { return take(d, "module", d.modules, m) })
}

// Function implements [cuda.Context].
func (c *context) Function(m cuda.Module, name string) (f cuda.Function, err error) {
	err = c.with("Function", func(d *Driver) error {
		if d.modules[m] == nil {
			return d.wrong("module %d does not exist, or not any more", m)
		}
		k := d.modules[m].Kernels[name]
		if k == nil {
			return cuda.NotFound
		}
		f = cuda.Function(d.handle())
		d.kernels[f] = k
		return nil
	})
	return f, err
}

// OpenStream implements [cuda.Context].
func (c *context) OpenStream(urgent bool) (s cuda.Stream, err error) {
	err = c.with("OpenStream", func(d *Driver) error {
		s = cuda.Stream(d.handle())
		d.streams[s] = &stream{urgent: urgent}
		return nil
	})
	return s, err
}

// CloseStream implements [cuda.Context].
func (c *context) CloseStream(s cuda.Stream) error {
	return c.with("CloseStream", func(d *Driver) error { return take(d, "stream", d.streams, s) })
}

// Wait implements [cuda.Context].
func (c *context) Wait(s cuda.Stream) error {
	return c.with("Wait", func(d *Driver) error {
		if d.streams[s] == nil {
			return d.wrong("stream %d does not exist, or not any more", s)
		}
		return d.run(d.streams[s], nil)
	})
}

// memory is device memory, when it is used.
func (d *Driver) memory(at cuda.Address, n int) ([]byte, error) {
	b, err := d.machine.Bytes(uint64(at), n)
	if err != nil {
		return nil, &fault{cuda.IllegalAddress, err}
	}
	return b, nil
}

// Zero implements [cuda.Context].
func (c *context) Zero(s cuda.Stream, at cuda.Address, n int) error {
	return c.with("Zero", func(d *Driver) error {
		return d.enqueue(s, func() error {
			b, err := d.memory(at, n)
			clear(b)
			return err
		}, cuda.Extent{At: at, Bytes: n})
	})
}

// Upload implements [cuda.Context].
func (c *context) Upload(s cuda.Stream, dst cuda.Address, src []byte) error {
	return c.with("Upload", func(d *Driver) error {
		if !d.pinned(src) {
			return d.wrong("Upload of memory that is not the driver's")
		}
		return d.enqueue(s, func() error {
			b, err := d.memory(dst, len(src))
			copy(b, src)
			return err
		}, cuda.Extent{At: dst, Bytes: len(src)})
	})
}

// Download implements [cuda.Context].
func (c *context) Download(s cuda.Stream, dst []byte, src cuda.Address) error {
	return c.with("Download", func(d *Driver) error {
		if !d.pinned(dst) {
			return d.wrong("Download to memory that is not the driver's")
		}
		return d.enqueue(s, func() error {
			b, err := d.memory(src, len(dst))
			copy(dst, b)
			return err
		}, cuda.Extent{At: src, Bytes: len(dst)})
	})
}

// Copy implements [cuda.Context].
func (c *context) Copy(s cuda.Stream, dst, src cuda.Address, n int) error {
	return c.with("Copy", func(d *Driver) error {
		return d.enqueue(s, func() error {
			to, err := d.memory(dst, n)
			if err != nil {
				return err
			}
			from, err := d.memory(src, n)
			copy(to, from)
			return err
		}, cuda.Extent{At: dst, Bytes: n}, cuda.Extent{At: src, Bytes: n})
	})
}

// Launch implements [cuda.Context].
func (c *context) Launch(s cuda.Stream, l *cuda.Call) error {
	return c.with("Launch", func(d *Driver) error {
		k := d.kernels[l.Function]
		if k == nil {
			return d.wrong("function %d does not exist", l.Function)
		}
		ranges := make([]ptx.Range, len(l.Memory))
		for i, m := range l.Memory {
			ranges[i] = ptx.Range{At: uint64(m.At), Bytes: m.Bytes}
		}
		launch := ptx.Launch{Kernel: k, Groups: l.Groups, Threads: l.Threads, Params: slices.Clone(l.Params), Ranges: ranges}
		return d.enqueue(s, func() error { return d.launch(launch) }, slices.Clone(l.Memory)...)
	})
}

func (d *Driver) launch(l ptx.Launch) error {
	ran.Store(l.Kernel, true)
	err := d.machine.Run(l)
	var f *ptx.Fault
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &f):
		return &fault{cuda.InvalidValue, err}
	case strings.HasPrefix(f.Problem, "out of bounds"):
		return &fault{cuda.IllegalAddress, err}
	case strings.HasPrefix(f.Problem, "misaligned"):
		return &fault{cuda.Misaligned, err}
	}
	return &fault{cuda.LaunchFailed, err}
}

// NewEvent implements [cuda.Context].
func (c *context) NewEvent(timing bool) (e cuda.Event, err error) {
	err = c.with("NewEvent", func(d *Driver) error {
		e = cuda.Event(d.handle())
		d.events[e] = &event{timing: timing}
		return nil
	})
	return e, err
}

// FreeEvent implements [cuda.Context].
func (c *context) FreeEvent(e cuda.Event) error {
	return c.with("FreeEvent", func(d *Driver) error { return take(d, "event", d.events, e) })
}

// Record implements [cuda.Context].
func (c *context) Record(s cuda.Stream, id cuda.Event) error {
	return c.with("Record", func(d *Driver) error {
		e := d.events[id]
		if e == nil {
			return d.wrong("event %d does not exist, or not any more", id)
		}
		e.stream, e.done = d.streams[s], false
		return d.enqueue(s, func() error {
			e.done, e.at = true, time.Now()
			return nil
		})
	})
}

// WaitEvent implements [cuda.Context].
func (c *context) WaitEvent(id cuda.Event) error {
	return c.with("WaitEvent", func(d *Driver) error {
		e := d.events[id]
		if e == nil || e.stream == nil {
			return d.wrong("event %d does not exist, or has not been recorded", id)
		}
		return d.run(e.stream, func() bool { return e.done })
	})
}

// Elapsed implements [cuda.Context].
func (c *context) Elapsed(from, to cuda.Event) (took time.Duration, err error) {
	err = c.with("Elapsed", func(d *Driver) error {
		a, b := d.events[from], d.events[to]
		if a == nil || b == nil || !a.timing || !b.timing || !a.done || !b.done {
			return d.wrong("Elapsed between events that are not done, or do not measure time")
		}
		took = b.at.Sub(a.at)
		return nil
	})
	return took, err
}

// Capture implements [cuda.Context].
func (c *context) Capture(s cuda.Stream, enqueue func() error) (g cuda.Graph, err error) {
	var recorded []work
	err = c.with("Capture", func(d *Driver) error {
		if d.capture != nil {
			return d.wrong("Capture while a stream is captured")
		}
		d.capture, d.captured = &recorded, s
		return nil
	})
	if err != nil {
		return 0, err
	}
	enqueued := enqueue()
	ended := c.with("EndCapture", func(d *Driver) error {
		if enqueued == nil {
			g = cuda.Graph(d.handle())
			d.graphs[g] = recorded
		}
		return nil
	})
	d := (*Driver)(c)
	d.mu.Lock()
	d.capture = nil
	d.mu.Unlock()
	return g, errors.Join(enqueued, ended)
}

// LaunchGraph implements [cuda.Context].
func (c *context) LaunchGraph(s cuda.Stream, g cuda.Graph) error {
	return c.with("LaunchGraph", func(d *Driver) error {
		recorded, ok := d.graphs[g]
		if !ok {
			return d.wrong("graph %d does not exist, or not any more", g)
		}
		d.graphRun++
		for _, w := range recorded {
			if err := d.enqueue(s, w.do, w.memory...); err != nil {
				return err
			}
		}
		return nil
	})
}

// FreeGraph implements [cuda.Context].
func (c *context) FreeGraph(g cuda.Graph) error {
	return c.with("FreeGraph", func(d *Driver) error { return take(d, "graph", d.graphs, g) })
}
