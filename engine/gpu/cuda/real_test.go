//go:build linux && !nogpu && (amd64 || arm64)

package cuda

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/library"
	"hfcui/engine/gpu/source"
)

// stub compiles a library that checks the arguments of its calls, and starts it.
func stub(t *testing.T, options ...string) (Driver, string, error) {
	t.Helper()
	path := compile(t, "libcuda.so.1", "testdata/stub.c", options...)
	d, err := openLibrary("libnone-of-this-name.so", path)
	return d, path, err
}

// compile compiles a library, and returns its path.
func compile(t *testing.T, name, source string, options ...string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), name)
	out, err := exec.Command("gcc", append(options, "-shared", "-fPIC", "-O1", "-o", path, source)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// counter calls a function of the stub that returns a number.
func counter(t *testing.T, path, name string) int {
	t.Helper()
	lib, err := library.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := lib.Symbol(name)
	if err != nil {
		t.Fatal(err)
	}
	return int(int32(library.Call(f)))
}

func TestLibrary(t *testing.T) {
	driver, path, err := stub(t)
	if err != nil {
		t.Fatal(err)
	}
	infos, err := list(driver)
	if err != nil {
		t.Fatal(err)
	}
	want := hal.Info{ID: "cuda:1", Name: "NVIDIA Stub 2", Runtime: "CUDA 12.8", Memory: 141 << 30, Units: 132, Shared: 48 << 10, Threads: 1024, Arch: 90}
	if len(infos) != 2 || infos[1] != want || infos[0].Name != "NVIDIA Stub" {
		t.Errorf("%+v, want %+v as the second", infos, want)
	}
	d, err := Open(1, Options{Driver: driver, Cache: cache.Folder(t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	// Calls come from many threads, each of which needs the context.
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { errs[i] = work(d, byte(i)) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	failures(t, d)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if n := counter(t, path, "stub_live"); n != 0 {
		t.Errorf("%d things are left in the library", n)
	}
	// One stream fills memory; half of the others are urgent.
	if n := counter(t, path, "stub_priorities"); n != 405 {
		t.Errorf("streams by priority: %d urgent, %d others, want 4, 5", n/100, n%100)
	}
}

// work copies data through all of a stream's operations.
func work(d hal.Device, seed byte) (err error) {
	s, err := d.Stream(seed%2 == 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	const part, parts = 2048, 5
	b, err := d.Alloc(part * parts)
	if err != nil {
		return err
	}
	defer b.Free()
	at := func(i int) hal.Span { return hal.Span{Buffer: b, Offset: part * i, Bytes: part} }
	p, err := d.Load(source.Update())
	if err != nil {
		return err
	}
	k, err := p.Kernel("copied")
	if err != nil {
		return err
	}
	var launches []hal.Launch
	for i := range parts - 2 {
		launches = append(launches, hal.Launch{Kernel: k, Groups: [3]int{2, 1, 1}, Threads: 256, Args: []any{at(i), at(i + 1), int32(part / 4)}})
	}
	q, err := s.Prepare(launches)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	for round := range 4 {
		want, got := bytes.Repeat([]byte{seed, byte(round)}, part/2), make([]byte, part)
		err := errors.Join(s.Upload(at(0), want), q.Enqueue(0, len(launches)), s.Copy(at(parts-1), at(parts-2)), s.Download(got, at(parts-1)))
		if err == nil && !bytes.Equal(got, want) {
			err = fmt.Errorf("worker %d, round %d: wrong data", seed, round)
		}
		if err != nil {
			return err
		}
	}
	m, err := s.Mark()
	if err != nil {
		return err
	}
	took, err := s.Time(func() error { return q.Enqueue(0, 1) })
	if took != 1500*time.Microsecond {
		err = errors.Join(err, fmt.Errorf("took %v", took))
	}
	return errors.Join(err, m.Wait(), s.Flush(), s.Wait())
}

// failures checks what the library's errors become.
func failures(t *testing.T, h hal.Device) {
	var full *hal.OutOfMemory
	if _, err := h.Alloc(2 << 30); !errors.As(err, &full) || full.Need != 2<<30 || full.Free != 1<<20 {
		t.Errorf("too much memory: %v", err)
	}
	if _, err := h.Alloc(77777); !errors.Is(err, Code(12345)) || !strings.Contains(err.Error(), "FROM_THE_FUTURE") {
		t.Errorf("a code that only the library knows: %v", err)
	}
	d := h.(*device)
	if _, err := d.load("bad", "nonsense"); !errors.Is(err, InvalidPTX) || !strings.Contains(err.Error(), "ptxas: line 1: nonsense") {
		t.Errorf("wrong PTX: %v", err)
	}
	p, err := d.Load(source.Update())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Kernel("other"); !errors.Is(err, NotFound) {
		t.Errorf("an unknown kernel: %v", err)
	}
	if _, err := d.context.Load([]byte("junk..")); !errors.Is(err, InvalidImage) {
		t.Errorf("a wrong binary: %v", err)
	}
}

// A library that lacks a function is too old; one that is not there is no driver.
func TestOldLibrary(t *testing.T) {
	if _, _, err := stub(t, "-DcuGraphInstantiateWithFlags=cuGraphInstantiateOfOld"); !errors.Is(err, ErrNoLibrary) || !strings.Contains(err.Error(), "cuGraphInstantiateWithFlags") {
		t.Errorf("an old library: %v", err)
	}
	if _, err := openLibrary("libnone-of-this-name.so"); !errors.Is(err, ErrNoLibrary) {
		t.Errorf("no library: %v", err)
	}
}
