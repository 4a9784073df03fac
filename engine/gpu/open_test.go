package gpu

import (
	flags "flag"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/cl"
	"hfcui/engine/gpu/cl/cltest"
	"hfcui/engine/gpu/cuda"
	"hfcui/engine/gpu/hal"
)

var deviceName = flags.String("device", "", "device to test, cuda[:N] or opencl[:N]; the tests' OpenCL device if empty")

var named = sync.OnceValues(func() (hal.Device, error) {
	kind, number, _ := strings.Cut(*deviceName, ":")
	n, err := strconv.Atoi(number)
	if number != "" && err != nil {
		return nil, fmt.Errorf("-device %s: %w", *deviceName, err)
	}
	switch kind {
	case "cuda":
		return cuda.Open(n, cuda.Options{Cache: cache.User()})
	case "opencl":
		return cl.Open(n, cl.Options{Cache: cache.User()})
	}
	return nil, fmt.Errorf("-device %s: use cuda[:N] or opencl[:N]", *deviceName)
})

// open returns the device that is tested. It is opened once, and not closed.
func open(t testing.TB) hal.Device {
	t.Helper()
	if *deviceName == "" {
		return cltest.Open(t)
	}
	d, err := named()
	if err != nil {
		t.Fatal(err)
	}
	return d
}
