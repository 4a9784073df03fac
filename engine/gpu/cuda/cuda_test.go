package cuda_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/cuda"
	"hfcui/engine/gpu/cuda/cudatest"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// opened is a device and what tests need of it, all of which is closed in the end.
type opened struct {
	hal.Device
	driver *cudatest.Driver
	stream hal.Stream
}

func open(t *testing.T) *opened {
	t.Helper()
	return openWith(t, cudatest.New(80), "")
}

func openWith(t *testing.T, driver *cudatest.Driver, folder cache.Folder) *opened {
	t.Helper()
	d, err := cuda.Open(0, cuda.Options{Driver: driver, Cache: folder})
	must(t, err)
	s, err := d.Stream(true)
	must(t, err)
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), d.Close(), driver.Misuse()); err != nil && !errors.As(err, new(*hal.Lost)) {
			t.Error(err)
		}
	})
	return &opened{d, driver, s}
}

func (o *opened) alloc(t *testing.T, n int) hal.Buffer {
	t.Helper()
	b, err := o.Alloc(n)
	must(t, err)
	t.Cleanup(b.Free)
	return b
}

func (o *opened) kernel(t *testing.T, name string) hal.Kernel {
	t.Helper()
	p, err := o.Load(source.Update())
	must(t, err)
	k, err := p.Kernel(name)
	must(t, err)
	return k
}

// copied is a launch that copies n numbers.
func (o *opened) copied(t *testing.T, to, from hal.Span, n int) hal.Launch {
	return hal.Launch{Kernel: o.kernel(t, "copied"), Groups: [3]int{(n + 255) / 256, 1, 1}, Threads: 256, Args: []any{from, to, int32(n)}}
}

func pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7) + seed + byte(i>>8)
	}
	return b
}

func TestInfo(t *testing.T) {
	o := open(t)
	want := hal.Info{ID: "cuda:0", Name: "PTX interpreter", Runtime: "CUDA 12.4", Memory: 4 << 30, Units: 1, Shared: 48 << 10, Threads: 1024, Arch: 80, Private: true}
	if got := o.Info(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, number := range []int{-1, 1} {
		if _, err := cuda.Open(number, cuda.Options{Driver: cudatest.New(80)}); err == nil || !strings.Contains(err.Error(), "no device cuda:") {
			t.Errorf("device %d: %v", number, err)
		}
	}
	if _, err := cuda.Open(0, cuda.Options{Driver: cudatest.New(61)}); err == nil || !strings.Contains(err.Error(), "compute capability is 6.1") {
		t.Errorf("an old GPU: %v", err)
	}
	// Without a driver, as here, the error says so.
	if _, err := cuda.List(); err != nil && !errors.Is(err, cuda.ErrNoLibrary) && !errors.Is(err, cuda.ErrNoDevice) {
		t.Error(err)
	}
}

func TestMemory(t *testing.T) {
	o := open(t)
	for _, n := range []int{0, 1, 1000, 1 << 20} {
		b := o.alloc(t, n)
		got := bytes.Repeat([]byte{1}, n)
		must(t, o.stream.Download(got, hal.All(b)))
		if b.Bytes() != n || !bytes.Equal(got, make([]byte, n)) {
			t.Errorf("%d bytes of memory: %d, not all zero", n, b.Bytes())
		}
	}
	// Large copies go in pieces through two areas; data may change meanwhile.
	const large = 9<<20 + 12345
	a, b := o.alloc(t, large), o.alloc(t, large)
	data := pattern(large, 1)
	must(t, o.stream.Upload(hal.All(a), data))
	clear(data)
	must(t, o.stream.Copy(hal.All(b), hal.All(a)))
	for i := range 5 {
		must(t, o.stream.Upload(hal.Span{Buffer: a, Offset: 10 * i, Bytes: 5}, bytes.Repeat([]byte{byte(i)}, 5)))
	}
	got := make([]byte, large)
	must(t, o.stream.Download(got, hal.All(b)))
	if !bytes.Equal(got, pattern(large, 1)) {
		t.Error("a large copy is not what was uploaded")
	}
	must(t, o.stream.Download(got[:50], hal.Span{Buffer: a, Bytes: 50}))
	for i := range 5 {
		if !bytes.Equal(got[10*i:10*i+5], bytes.Repeat([]byte{byte(i)}, 5)) {
			t.Errorf("upload %d arrived as %v", i, got[10*i:10*i+5])
		}
	}
	other := open(t).alloc(t, 64)
	for _, s := range []hal.Span{{Buffer: a, Offset: -1, Bytes: 4}, {Buffer: a, Offset: large - 2, Bytes: 4}, {Buffer: other, Bytes: 4}, {Buffer: nil, Bytes: 4}, {Buffer: a, Bytes: 5}} {
		if errors.Join(o.stream.Upload(s, data[:4])) == nil || o.stream.Download(data[:4], s) == nil {
			t.Errorf("span %+v is accepted for 4 bytes", s)
		}
	}
	c := o.alloc(t, 64)
	c.Free()
	c.Free()
	if err := o.stream.Upload(hal.All(c), data[:64]); err == nil || !strings.Contains(err.Error(), "freed") {
		t.Errorf("memory that was freed: %v", err)
	}
}

// A sequence's range that is enqueued again becomes a graph; results are the same.
func TestSequence(t *testing.T) {
	o := open(t)
	const n, steps = 300, 5
	b := o.alloc(t, (steps+1)*2048)
	at := func(i int) hal.Span { return hal.Span{Buffer: b, Offset: 2048 * i, Bytes: 4 * n} }
	var launches []hal.Launch
	for i := range steps {
		launches = append(launches, o.copied(t, at(i+1), at(i), n))
	}
	q, err := o.stream.Prepare(launches)
	must(t, err)
	if q.Len() != steps {
		t.Errorf("%d launches", q.Len())
	}
	for round := range 4 {
		want := pattern(4*n, byte(round))
		must(t, o.stream.Upload(at(0), want))
		must(t, q.Enqueue(0, steps))
		must(t, o.stream.Flush())
		got := make([]byte, 4*n)
		must(t, o.stream.Download(got, at(steps)))
		if !bytes.Equal(got, want) {
			t.Fatalf("round %d: wrong data", round)
		}
	}
	if _, graphs := o.driver.Compiled(); graphs != 3 {
		t.Errorf("a graph was launched %d times, want 3", graphs)
	}
	must(t, q.Enqueue(2, 3))
	must(t, q.Enqueue(2, 2))
	for _, wrong := range [][2]int{{-1, 2}, {0, steps + 1}, {3, 2}} {
		if q.Enqueue(wrong[0], wrong[1]) == nil {
			t.Errorf("launches %v of %d are enqueued", wrong, steps)
		}
	}
	took, err := o.stream.Time(func() error { return q.Enqueue(0, steps) })
	if err != nil || took <= 0 || took > time.Minute {
		t.Errorf("took %v: %v", took, err)
	}
	must(t, q.Close())
}

// A mark is behind what was enqueued before it, and does not wait for more.
func TestMark(t *testing.T) {
	o := open(t)
	b := o.alloc(t, 4096)
	var marks []hal.Mark
	for i := range 4 {
		must(t, o.stream.Upload(hal.Span{Buffer: b, Offset: 512 * i, Bytes: 4}, []byte{1, 2, 3, byte(i)}))
		m, err := o.stream.Mark()
		must(t, err)
		marks = append(marks, m)
	}
	must(t, marks[2].Wait())
	must(t, marks[0].Wait())
	m, err := o.stream.Mark()
	must(t, err)
	must(t, m.Wait())
	_, err = o.stream.Mark() // not waited for
	must(t, err)
}

func TestArguments(t *testing.T) {
	o := open(t)
	b := o.alloc(t, 4096)
	good := o.copied(t, hal.Span{Buffer: b, Offset: 2048, Bytes: 400}, hal.Span{Buffer: b, Bytes: 400}, 100)
	for what, change := range map[string]func(*hal.Launch){
		"no groups":                func(l *hal.Launch) { l.Groups[1] = 0 },
		"too many groups":          func(l *hal.Launch) { l.Groups[2] = 1 << 16 },
		"too many threads":         func(l *hal.Launch) { l.Threads = 2048 },
		"an argument of type int":  func(l *hal.Launch) { l.Args[2] = 100 },
		"an offset not aligned":    func(l *hal.Launch) { l.Args[0] = hal.Span{Buffer: b, Offset: 4, Bytes: 400} },
		"a span beyond its buffer": func(l *hal.Launch) { l.Args[0] = hal.Span{Buffer: b, Offset: 4096, Bytes: 400} },
		"a kernel of another":      func(l *hal.Launch) { l.Kernel = open(t).kernel(t, "copied") },
		"no kernel":                func(l *hal.Launch) { l.Kernel = nil },
	} {
		l := good
		l.Args = append([]any(nil), good.Args...)
		change(&l)
		if _, err := o.stream.Prepare([]hal.Launch{l}); err == nil {
			t.Errorf("accepted: %s", what)
		}
	}
	p, err := o.Load(source.Update())
	must(t, err)
	if _, err := p.Kernel("nothing"); !errors.Is(err, cuda.NotFound) {
		t.Errorf("an unknown kernel: %v", err)
	}
	// sign_step has numbers of 4 bytes between addresses of 8: what it is given arrives.
	const n = 256
	x := make([]byte, 4*n)
	for i := range n {
		binary.LittleEndian.PutUint32(x[4*i:], math.Float32bits(float32(i)))
	}
	must(t, o.stream.Upload(hal.Span{Buffer: b, Bytes: 4 * n}, x))
	q, err := o.stream.Prepare([]hal.Launch{{Kernel: o.kernel(t, "running"), Groups: [3]int{1, 1, 1}, Threads: 256, Args: []any{
		hal.Span{Buffer: b, Offset: 1024, Bytes: 1024}, hal.Span{Buffer: b, Bytes: 1024}, hal.Span{Buffer: b, Bytes: 1024}, int32(n), float32(0.5)}}})
	must(t, err)
	must(t, q.Enqueue(0, 1))
	must(t, o.stream.Wait())
	must(t, q.Close())
}

func TestOutOfMemory(t *testing.T) {
	driver := cudatest.New(80)
	driver.Bytes = 10000
	o := openWith(t, driver, "")
	b, err := o.Alloc(6000)
	must(t, err)
	var full *hal.OutOfMemory
	if _, err := o.Alloc(5000); !errors.As(err, &full) || full.Need != 5000 || full.Free != 4000 || full.Device != "cuda:0" {
		t.Errorf("%v", err)
	}
	b.Free()
	c, err := o.Alloc(9000)
	must(t, err)
	c.Free()
}

// A kernel that leaves its memory makes the device lost: all that follows says so, and nothing
// hangs or panics.
func TestLost(t *testing.T) {
	o := open(t)
	b := o.alloc(t, 4096)
	// 200 numbers are copied where 100 are.
	q, err := o.stream.Prepare([]hal.Launch{o.copied(t, hal.Span{Buffer: b, Offset: 2048, Bytes: 400}, hal.Span{Buffer: b, Bytes: 800}, 200)})
	must(t, err)
	must(t, q.Enqueue(0, 1))
	var lost *hal.Lost
	if err := o.stream.Wait(); !errors.As(err, &lost) || lost.Device != "cuda:0" || !errors.Is(err, cuda.IllegalAddress) || !strings.Contains(err.Error(), "thread 100") {
		t.Fatalf("%v", err)
	}
	if !o.Device.(interface{ Lost() bool }).Lost() {
		t.Error("a lost device does not say so")
	}
	_, alloc := o.Alloc(100)
	_, open := o.Stream(false)
	for what, err := range map[string]error{
		"enqueue": q.Enqueue(0, 1), "upload": o.stream.Upload(hal.Span{Buffer: b, Bytes: 4}, make([]byte, 4)), "alloc": alloc, "stream": open,
		"download": o.stream.Download(make([]byte, 4), hal.Span{Buffer: b, Bytes: 4}), "flush": o.stream.Flush(), "close": q.Close(),
	} {
		if !errors.As(err, &lost) {
			t.Errorf("%s after the device is lost: %v", what, err)
		}
	}
}

// Every call's failure is an error, and nothing is left allocated.
func TestFailures(t *testing.T) {
	for call := range 60 {
		driver := cudatest.New(80)
		left, failed := call, ""
		driver.Failed = func(name string) error {
			// What frees things does not fail here: it would leave them.
			if strings.HasPrefix(name, "Free") || strings.HasPrefix(name, "Close") || name == "Unload" || name == "MemInfo" || name == "Synchronize" {
				return nil
			}
			if left--; left == -1 {
				failed = name
				return cuda.NotInitialized
			}
			return nil
		}
		err := session(driver)
		if failed == "" {
			must(t, err)
			return
		}
		if !errors.Is(err, cuda.NotInitialized) {
			t.Errorf("call %d, %s, fails: %v", call, failed, err)
		}
		if err := driver.Misuse(); err != nil {
			t.Errorf("after call %d, %s: %v", call, failed, err)
		}
	}
	t.Error("more than 60 calls")
}

// session does a little of everything.
func session(driver *cudatest.Driver) (err error) {
	d, err := cuda.Open(0, cuda.Options{Driver: driver})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	b, err := d.Alloc(4096)
	if err != nil {
		return err
	}
	defer b.Free()
	s, err := d.Stream(false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p, err := d.Load(source.Update())
	if err != nil {
		return err
	}
	k, err := p.Kernel("copied")
	if err != nil {
		return err
	}
	half := hal.Span{Buffer: b, Bytes: 2048}
	one := hal.Launch{Kernel: k, Groups: [3]int{2, 1, 1}, Threads: 256, Args: []any{half, hal.Span{Buffer: b, Offset: 2048, Bytes: 2048}, int32(512)}}
	q, err := s.Prepare([]hal.Launch{one, one, one})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	if err := s.Upload(half, make([]byte, 2048)); err != nil {
		return err
	}
	for range 3 {
		if err := q.Enqueue(0, 3); err != nil {
			return err
		}
	}
	if err := s.Copy(half, half); err != nil {
		return err
	}
	for range 2 {
		m, err := s.Mark()
		if err != nil {
			return err
		}
		if err := m.Wait(); err != nil {
			return err
		}
	}
	if _, err := s.Time(func() error { return q.Enqueue(0, 1) }); err != nil {
		return err
	}
	return errors.Join(s.Download(make([]byte, 2048), half))
}

// Compiled modules are kept, by what they are made of and for; what is damaged is made anew.
func TestCache(t *testing.T) {
	folder := cache.Folder(t.TempDir())
	compiled := func(arch, version int) int {
		driver := cudatest.New(arch)
		driver.CUDA = version
		o := openWith(t, driver, folder)
		for range 2 {
			o.kernel(t, "copied")
		}
		n, _ := driver.Compiled()
		return n
	}
	for _, c := range []struct{ arch, version, compiled int }{{80, 12040, 1}, {80, 12040, 0}, {90, 12040, 1}, {80, 12060, 1}, {90, 12040, 0}} {
		if n := compiled(c.arch, c.version); n != c.compiled {
			t.Errorf("arch %d, version %d: %d modules compiled, want %d", c.arch, c.version, n, c.compiled)
		}
	}
	// A driver that refuses what is in the cache.
	driver := cudatest.New(80)
	loads := 0
	driver.Failed = func(name string) error {
		if name == "Load" {
			if loads++; loads == 1 {
				return cuda.NoBinary
			}
		}
		return nil
	}
	openWith(t, driver, folder).kernel(t, "copied")
	if n, _ := driver.Compiled(); n != 1 || loads != 2 {
		t.Errorf("%d modules compiled after a refusal, %d loads", n, loads)
	}
}

func TestConcurrent(t *testing.T) {
	o := open(t)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			errs[i] = func() error {
				b, err := o.Alloc(8192)
				if err != nil {
					return err
				}
				defer b.Free()
				s, err := o.Stream(i%2 == 0)
				if err != nil {
					return err
				}
				p, err := o.Load(source.Update())
				if err != nil {
					return err
				}
				k, err := p.Kernel("copied")
				if err != nil {
					return err
				}
				var launches []hal.Launch
				for j := range 3 {
					launches = append(launches, hal.Launch{Kernel: k, Groups: [3]int{2, 1, 1}, Threads: 256,
						Args: []any{hal.Span{Buffer: b, Offset: 2048 * j, Bytes: 2048}, hal.Span{Buffer: b, Offset: 2048 * (j + 1), Bytes: 2048}, int32(512)}})
				}
				q, err := s.Prepare(launches)
				if err != nil {
					return err
				}
				for round := range 5 {
					want, got := pattern(2048, byte(i*16+round)), make([]byte, 2048)
					err := errors.Join(s.Upload(hal.Span{Buffer: b, Bytes: 2048}, want), q.Enqueue(0, 3), s.Download(got, hal.Span{Buffer: b, Offset: 6144, Bytes: 2048}))
					if err == nil && !bytes.Equal(got, want) {
						err = fmt.Errorf("round %d: wrong data", round)
					}
					if err != nil {
						return err
					}
				}
				return errors.Join(q.Close(), s.Close())
			}()
		})
	}
	wg.Wait()
	must(t, errors.Join(errs...))
}
