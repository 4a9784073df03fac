package cpu

import (
	"hfcui/engine/cpu/kernel"
	"hfcui/engine/plan"
)

// Driver opens the CPU.
func Driver() plan.Driver {
	return plan.Driver{Name: driverName, Open: open, Kernels: kernels}
}

const driverName = "cpu"

func open(_ int, o plan.DeviceOptions) (plan.Device, error) {
	d, err := New(Options{Threads: o.Threads, DType: o.DType})
	if err != nil {
		return nil, err // not a nil *Device, which is a plan.Device that is not nil
	}
	return d, nil
}

func kernels() []string {
	var names []string
	for _, set := range kernel.Sets() {
		names = append(names, set.Name)
	}
	return names
}
