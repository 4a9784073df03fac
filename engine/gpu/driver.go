package gpu

import (
	"sync"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/cl"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/plan"
)

// OpenCL opens the devices of OpenCL.
func OpenCL() plan.Driver {
	return driver("opencl", func(number int) (hal.Device, error) {
		return cl.Open(number, cl.Options{Cache: cache.User()})
	})
}

// driver opens a runtime's devices, each once: what is compiled for one is there for all that open
// it, and it stays open until the process ends.
func driver(name string, open func(number int) (hal.Device, error)) plan.Driver {
	var mu sync.Mutex
	opened := make(map[int]hal.Device)
	return plan.Driver{
		Name: name, Numbered: true,
		Open: func(number int, o plan.DeviceOptions) (plan.Device, error) {
			mu.Lock()
			defer mu.Unlock()
			d := opened[number]
			if d == nil {
				var err error
				if d, err = open(number); err != nil {
					return nil, err
				}
				opened[number] = d
			}
			return New(d, o), nil
		},
		Kernels: func() []string { return nil },
	}
}
