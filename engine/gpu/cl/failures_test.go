//go:build !nogpu && linux && (amd64 || arm64)

package cl

import (
	"errors"
	"strings"
	"testing"

	"github.com/ebitengine/purego"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/library"
)

// failing opens a device some of whose functions return an error.
func failing(t *testing.T) (d *device, fail func(function *uintptr, c code)) {
	t.Helper()
	opened, err := Open(0, Options{})
	if err != nil {
		t.Skip(err) // TestInfo fails in CI
	}
	d = opened.(*device)
	whole := *d.api
	changed := whole
	d.api = &changed
	t.Cleanup(func() {
		d.api = &whole
		d.Life = hal.Life{}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, func(function *uintptr, c code) {
		*function = purego.NewCallback(func(_, _, _, _, _, _, _, _, _ uintptr) uintptr { return uintptr(uint32(c)) })
	}
}

// A device that has stopped working is Lost, in all that is done with it from then on.
func TestLost(t *testing.T) {
	for _, c := range []code{notAvailable, invalidQueue, illegalAccess, outOfResources, eventFailed} {
		d, fail := failing(t)
		b, err := d.Alloc(16)
		if err != nil {
			t.Fatal(err)
		}
		s, err := d.Stream(false)
		if err != nil {
			t.Fatal(err)
		}
		finish := d.finish
		fail(&d.finish, c)
		var lost *hal.Lost
		if err := s.Wait(); !errors.As(err, &lost) || lost.Device != "opencl:0" || !errors.Is(err, c) {
			t.Errorf("%v is reported as %v", c, err)
		}
		d.finish = finish
		_, alloc := d.Alloc(16)
		_, open := d.Stream(true)
		_, prepare := s.Prepare(nil)
		for what, err := range map[string]error{"wait": s.Wait(), "flush": s.Flush(), "alloc": alloc, "stream": open,
			"upload": s.Upload(hal.All(b), make([]byte, 16)), "download": s.Download(make([]byte, 16), hal.All(b)), "prepare": prepare} {
			if what != "prepare" && !errors.As(err, &lost) {
				t.Errorf("%s of a lost device: %v", what, err)
			}
		}
		b.Free()
		d.Life = hal.Life{}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What does not fit is OutOfMemory, whether the driver notices at once or when the memory is used.
func TestAllocationFails(t *testing.T) {
	for _, c := range []code{allocationFailure, outOfResources, outOfHostMemory, invalidBufferSize} {
		for _, late := range []bool{false, true} {
			d, fail := failing(t)
			if late {
				fail(&d.enqueueFill, c)
			} else {
				d.createBuffer = purego.NewCallback(func(_, _, _, _ uintptr, status *int32) uintptr {
					*status = int32(c)
					return 0
				})
			}
			_, err := d.Alloc(1000)
			var out *hal.OutOfMemory
			if !errors.As(err, &out) || out.Need != 1000 {
				t.Errorf("%v, late %v: %v", c, late, err)
			}
			if d.Lost() {
				t.Errorf("%v: the device is lost", c)
			}
		}
	}
}

// All buffers together fit the device; what is freed can be allocated again.
func TestMemoryIsCounted(t *testing.T) {
	d, _ := failing(t)
	d.info.Memory = 1 << 20
	for range 3 {
		b, err := d.Alloc(600_000)
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Alloc(600_000)
		var out *hal.OutOfMemory
		if !errors.As(err, &out) || out.Need != 600_000 || out.Free != 1<<20-600_000 {
			t.Errorf("more than there is: %v", err)
		}
		small, err := d.Alloc(400_000)
		if err != nil {
			t.Error(err)
		}
		small.Free()
		b.Free()
		b.Free()
	}
	if d.used.Load() != 0 {
		t.Errorf("%d bytes are in use in the end", d.used.Load())
	}
}

// Machines without the library, and without a driver, are told apart.
func TestNothingFound(t *testing.T) {
	if _, err := library.Open("libnothing.so.1", "libnothing.so"); err == nil || !strings.Contains(err.Error(), "libnothing.so.1") {
		t.Errorf("a library that is missing: %v", err)
	}
	for _, c := range []code{noPlatform, 0} {
		a := &api{getPlatformIDs: purego.NewCallback(func(_, _ uintptr, n *uint32) uintptr { *n = 0; return uintptr(uint32(c)) })}
		if _, err := a.list(); !errors.Is(err, ErrNoDevice) {
			t.Errorf("%v: %v", c, err)
		}
	}
}
