package gpu

import (
	"sync"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/cl"
	"hfcui/engine/gpu/cuda"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/plan"
)

// CUDA opens NVIDIA's GPUs through their driver.
func CUDA() plan.Driver {
	return driver("cuda", cuda.List, func(number int) (hal.Device, error) {
		return cuda.Open(number, cuda.Options{Cache: cache.User()})
	})
}

// OpenCL opens devices through OpenCL.
func OpenCL() plan.Driver {
	return driver("opencl", cl.List, func(number int) (hal.Device, error) {
		return cl.Open(number, cl.Options{Cache: cache.User()})
	})
}

// CuDNN returns version and path of the cuDNN that is used for convolutions which it does faster than our
// kernels. The error says why none is. It loads libraries.
func CuDNN() (version, path string, err error) { return cuda.CuDNN() }

// driver makes a driver of a runtime. A device is opened once in a process, so that programs are
// compiled once, and again only if it has been lost.
func driver(name string, list func() ([]hal.Info, error), open func(number int) (hal.Device, error)) plan.Driver {
	var mu sync.Mutex
	opened := map[int]hal.Device{}
	return plan.Driver{
		Name: name, Numbered: true,
		List: func() ([]plan.Found, error) {
			infos, err := list()
			found := make([]plan.Found, len(infos))
			for i, d := range infos {
				found[i] = plan.Found{ID: d.ID, Name: d.Name, Runtime: d.Runtime, Memory: d.Memory, CPU: d.CPU, Unavailable: d.Unavailable}
			}
			return found, err
		},
		Open: func(number int, o plan.DeviceOptions) (plan.Device, error) {
			mu.Lock()
			defer mu.Unlock()
			d := opened[number]
			if d == nil || lost(d) {
				var err error
				if d, err = open(number); err != nil {
					return nil, err
				}
				opened[number] = d
			}
			return New(d, o), nil
		},
	}
}

// lost reports whether a device that can tell has been lost.
func lost(d hal.Device) bool {
	can, ok := d.(interface{ Lost() bool })
	return ok && can.Lost()
}
