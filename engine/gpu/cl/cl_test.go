package cl_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/cl"
	"hfcui/engine/gpu/cl/cltest"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
)

// scale is a kernel with every type of argument.
var scale = source.Module{Name: "scale", Code: `
KERNEL scale(GLOBAL const float *x, GLOBAL float *y, float factor, int n) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i < n) y[i] = factor * x[i];
}
KERNEL_OF(64) reverse(GLOBAL const float *x, GLOBAL float *y) {
	SHARED float line[64];
	line[THREAD] = x[GROUP(0) * 64 + THREAD];
	SYNC();
	y[GROUP(0) * 64 + THREAD] = line[63 - THREAD];
}
`}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func alloc(t testing.TB, d hal.Device, bytes int) hal.Buffer {
	t.Helper()
	b, err := d.Alloc(bytes)
	must(t, err)
	t.Cleanup(b.Free)
	return b
}

func stream(t testing.TB, d hal.Device, urgent bool) hal.Stream {
	t.Helper()
	s, err := d.Stream(urgent)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func load(t testing.TB, d hal.Device, m source.Module, name string) hal.Kernel {
	t.Helper()
	p, err := d.Load(m)
	must(t, err)
	k, err := p.Kernel(name)
	must(t, err)
	return k
}

func bytesOf(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x))
}

func ramp(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i + 1)
	}
	return x
}

func TestInfo(t *testing.T) {
	info := cltest.Open(t).Info()
	infos, err := cl.List()
	must(t, err)
	if infos[0] != info {
		t.Errorf("listed as %+v, opened as %+v", infos[0], info)
	}
	if info.ID != "opencl:0" || info.Name == "" || !strings.HasPrefix(info.Runtime, "OpenCL ") || info.Memory <= 0 ||
		info.Units < 1 || info.Shared < 16<<10 || info.Threads < 256 || info.Private {
		t.Errorf("%+v", info)
	}
	t.Logf("%+v", info)
	for _, number := range []int{-1, len(infos)} {
		if _, err := cl.Open(number, cl.Options{}); err == nil || !strings.Contains(err.Error(), "no device opencl:") {
			t.Errorf("number %d: %v", number, err)
		}
	}
}

func TestMemory(t *testing.T) {
	d := cltest.Open(t)
	s := stream(t, d, true)
	for _, n := range []int{0, 1, 15, 17, 1000, 1 << 20} {
		b := alloc(t, d, n)
		got := bytes.Repeat([]byte{1}, n)
		must(t, s.Download(got, hal.All(b)))
		if b.Bytes() != n || !bytes.Equal(got, make([]byte, n)) {
			t.Errorf("%d bytes of memory: %d, not all zero", n, b.Bytes())
		}
	}
	// Parts, and bounds.
	b, c := alloc(t, d, 1000), alloc(t, d, 1000)
	must(t, s.Upload(hal.Span{Buffer: b, Offset: 3, Bytes: 5}, []byte("hello")))
	must(t, s.Copy(hal.Span{Buffer: c, Offset: 990, Bytes: 5}, hal.Span{Buffer: b, Offset: 3, Bytes: 5}))
	got := make([]byte, 7)
	must(t, s.Download(got, hal.Span{Buffer: c, Offset: 989, Bytes: 7}))
	if string(got) != "\x00hello\x00" {
		t.Errorf("copied %q", got)
	}
	other := hal.Span{Buffer: foreign{}, Bytes: 5}
	spans := []hal.Span{{Bytes: 5}, other, {Buffer: b, Bytes: 4}}
	for _, offset := range []int{-1, 996, 1 << 62} {
		spans = append(spans, hal.Span{Buffer: b, Offset: offset, Bytes: 5})
	}
	for _, span := range spans {
		if s.Upload(span, make([]byte, 5)) == nil || s.Download(make([]byte, 5), span) == nil {
			t.Errorf("%+v is a span of 5 bytes", span)
		}
	}
	b.Free()
	b.Free()
	if err := s.Download(got, hal.Span{Buffer: b, Bytes: 7}); err == nil || !strings.Contains(err.Error(), "freed") {
		t.Errorf("freed memory: %v", err)
	}
}

type foreign struct{}

func (foreign) Bytes() int { return 5 }
func (foreign) Free()      {}

// Upload may return before the copy is made: what callers do with data then has no effect. Pieces
// of large uploads arrive in order.
func TestUploads(t *testing.T) {
	d := cltest.Open(t)
	s := stream(t, d, false)
	const n = 9<<20 + 12345
	b := alloc(t, d, n)
	data, got := make([]byte, n), make([]byte, n)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	want := bytes.Clone(data)
	must(t, s.Upload(hal.All(b), data))
	clear(data)
	must(t, s.Download(got, hal.All(b)))
	if !bytes.Equal(got, want) {
		t.Error("a large upload")
	}
	small := make([]byte, 4)
	for i := range uint32(200) {
		binary.LittleEndian.PutUint32(small, i)
		must(t, s.Upload(hal.Span{Buffer: b, Offset: int(4 * i), Bytes: 4}, small))
	}
	must(t, s.Download(got[:800], hal.Span{Buffer: b, Bytes: 800}))
	for i := range uint32(200) {
		if v := binary.LittleEndian.Uint32(got[4*i:]); v != i {
			t.Fatalf("upload %d is %d", i, v)
		}
	}
}

func TestSequence(t *testing.T) {
	d := cltest.Open(t)
	s := stream(t, d, false)
	const n = 1000
	b := alloc(t, d, 3*4096)
	part := func(i int) hal.Span { return hal.Span{Buffer: b, Offset: 4096 * i, Bytes: 4 * n} }
	k := load(t, d, scale, "scale")
	if k.Name() != "scale" {
		t.Error(k.Name())
	}
	var launches []hal.Launch
	for i, factor := range []float32{2, 3} {
		launches = append(launches, hal.Launch{Kernel: k, Groups: [3]int{4, 1, 1}, Threads: 256, Args: []any{part(i), part(i + 1), factor, int32(n)}})
	}
	launches = append(launches, hal.Launch{Kernel: load(t, d, scale, "reverse"), Groups: [3]int{2, 1, 1}, Threads: 64, Args: []any{part(2), part(0)}})
	q, err := s.Prepare(launches)
	must(t, err)
	x := ramp(n)
	must(t, s.Upload(part(0), bytesOf(x)))
	must(t, q.Enqueue(0, q.Len()))
	must(t, s.Flush())
	y := make([]float32, n)
	must(t, s.Download(bytesOf(y), part(0)))
	for i := range y {
		want := x[i]
		if i < 128 {
			want = 6 * x[i/64*64+63-i%64]
		}
		if y[i] != want {
			t.Fatalf("element %d is %g, not %g", i, y[i], want)
		}
	}
	// A part of the sequence, again.
	must(t, q.Enqueue(1, 2))
	must(t, s.Download(bytesOf(y), part(2)))
	if y[n-1] != 6*n {
		t.Errorf("the second launch alone gives %g", y[n-1])
	}
	took, err := s.Time(func() error { return q.Enqueue(0, 2) })
	if err != nil || took <= 0 || took > time.Minute {
		t.Errorf("took %v: %v", took, err)
	}
	must(t, q.Close())
	failed := errors.New("failed")
	if _, err := s.Time(func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("Time of what fails: %v", err)
	}
}

func TestWrongLaunches(t *testing.T) {
	d := cltest.Open(t)
	s := stream(t, d, false)
	b := alloc(t, d, 4096)
	k := load(t, d, scale, "scale")
	one := [3]int{1, 1, 1}
	args := []any{hal.All(b), hal.All(b), float32(1), int32(1)}
	for want, l := range map[string]hal.Launch{
		"argument 2 of kernel scale: opencl:0: a int":             {Kernel: k, Groups: one, Threads: 1, Args: []any{hal.All(b), hal.All(b), 1}},
		"argument 4 of kernel scale":                              {Kernel: k, Groups: one, Threads: 1, Args: append(args[:4:4], int32(1))},
		"argument 0 of kernel scale: opencl:0: memory of another": {Kernel: k, Groups: one, Threads: 1, Args: []any{hal.Span{Buffer: foreign{}, Bytes: 5}}},
		"a kernel of another device":                              {Kernel: nil, Groups: one, Threads: 1, Args: args},
		"kernel scale in [1 0 1] groups of 1":                     {Kernel: k, Groups: [3]int{1, 0, 1}, Threads: 1, Args: args},
		"groups of 1000000 threads":                               {Kernel: k, Groups: one, Threads: 1e6, Args: args},
	} {
		if _, err := s.Prepare([]hal.Launch{l}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %s", err, want)
		}
	}
	q, err := s.Prepare([]hal.Launch{{Kernel: k, Groups: one, Threads: 1, Args: args[:3]}})
	must(t, err)
	if err := q.Enqueue(0, 1); err == nil || !strings.Contains(err.Error(), "opencl:0: launching scale: OpenCL: invalid kernel arguments (-52)") {
		t.Errorf("an argument that is missing: %v", err)
	}
	must(t, q.Close())
}

func TestBuildErrors(t *testing.T) {
	d := cltest.Open(t)
	wrong := source.Module{Name: "wrong", Code: "KERNEL f(GLOBAL float *x) { x[0] = nothing; }\n"}
	for range 2 {
		if _, err := d.Load(wrong); err == nil || !strings.Contains(err.Error(), "compiling wrong") || !strings.Contains(err.Error(), "nothing") {
			t.Errorf("a mistake in a kernel: %v", err)
		}
	}
	p, err := d.Load(scale)
	must(t, err)
	if _, err := p.Kernel("gone"); err == nil || !strings.Contains(err.Error(), "kernel gone of scale: OpenCL: invalid kernel name (-46)") {
		t.Errorf("a kernel that is missing: %v", err)
	}
}

func TestOutOfMemory(t *testing.T) {
	d := cltest.Open(t)
	_, err := d.Alloc(1 << 50)
	var out *hal.OutOfMemory
	if !errors.As(err, &out) || out.Need != 1<<50 || out.Device != "opencl:0" || out.Free <= 0 {
		t.Errorf("2^50 bytes: %v", err)
	}
}

// The device stays as it is when several goroutines use it, while the collector runs.
func TestConcurrency(t *testing.T) {
	d := cltest.Open(t)
	stop := make(chan bool)
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			if err := turns(d, rand.New(rand.NewPCG(uint64(i), 2))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(stop)
}

// turns scales arrays of random sizes.
func turns(d hal.Device, rng *rand.Rand) error {
	s, err := d.Stream(rng.IntN(2) == 0)
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := d.Load(scale)
	if err != nil {
		return err
	}
	k, err := p.Kernel("scale")
	if err != nil {
		return err
	}
	for range 30 {
		n := 1 + rng.IntN(5000)
		b, err := d.Alloc(4 * n)
		if err != nil {
			return err
		}
		q, err := s.Prepare([]hal.Launch{{Kernel: k, Groups: [3]int{(n + 63) / 64, 1, 1}, Threads: 64, Args: []any{hal.All(b), hal.All(b), float32(3), int32(n)}}})
		if err != nil {
			return err
		}
		x, y := ramp(n), make([]float32, n)
		if err := errors.Join(s.Upload(hal.All(b), bytesOf(x)), q.Enqueue(0, 1), s.Download(bytesOf(y), hal.All(b)), q.Close()); err != nil {
			return err
		}
		b.Free()
		for i := range y {
			if y[i] != 3*x[i] {
				return errors.New("wrong result")
			}
		}
	}
	return nil
}

// Processes share a device and the cache of programs.
func TestProcesses(t *testing.T) {
	cltest.Open(t)
	var wg sync.WaitGroup
	cacheDir := t.TempDir()
	for range 2 {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestConcurrency$", "-test.count=1")
			cmd.Env = append(os.Environ(), "HFCUI_CACHE="+cacheDir, "GOCOVERDIR="+cacheDir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
}

// Programs come from the cache; an entry that is damaged or that the driver refuses is compiled
// anew and replaced.
func TestCache(t *testing.T) {
	cltest.Open(t)
	folder := cache.Folder(t.TempDir())
	run := func() {
		t.Helper()
		d, err := cl.Open(0, cl.Options{Cache: folder, Always: true})
		must(t, err)
		defer d.Close()
		if err := turns(d, rand.New(rand.NewPCG(1, 2))); err != nil {
			t.Error(err)
		}
	}
	entry := func() (string, []byte) {
		t.Helper()
		files, err := os.ReadDir(string(folder))
		if err != nil || len(files) != 1 {
			t.Fatalf("%d entries: %v", len(files), err)
		}
		return files[0].Name(), folder.Get(files[0].Name())
	}
	run()
	name, first := entry()
	run()
	if _, again := entry(); !bytes.Equal(first, again) {
		t.Errorf("an entry of %d bytes was replaced by one of %d", len(first), len(again))
	}
	for _, damage := range []func(){
		func() { must(t, os.WriteFile(filepath.Join(string(folder), name), []byte("not an entry"), 0o644)) },
		func() { folder.Put(name, []byte("not a program")) },
	} {
		damage()
		run()
		if _, again := entry(); len(again) < 1000 {
			t.Errorf("a damaged entry stays: %d bytes", len(again))
		}
	}
}
