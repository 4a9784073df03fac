// Package cltest opens OpenCL for tests.
package cltest

import (
	"os"
	"sync"
	"testing"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/cl"
	"hfcui/engine/gpu/hal"
)

var open = sync.OnceValues(func() (hal.Device, error) { return cl.Open(0, cl.Options{Cache: cache.User()}) })

// Open returns the process's OpenCL device, so that a program is compiled once for all of its
// tests; compiled programs are kept in the user's cache. Without OpenCL the test is skipped, or
// fails in CI. The device is not to be closed.
func Open(t testing.TB) hal.Device {
	t.Helper()
	d, err := open()
	if err != nil {
		Missing(t, err)
	}
	return d
}

// Missing ends a test that needs OpenCL.
func Missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	t.Skip(err)
}
