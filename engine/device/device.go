// Package device registers and opens the devices that networks run on. It is the only package
// that imports them; all others open a [plan.Device] by name.
//
// To add a kind of device, write a package with a [plan.Driver] and add a line to drivers.
package device

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"hfcui/engine/cpu"
	"hfcui/engine/gpu"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/plan"
)

// drivers is the registry, in the order in which names are listed and auto prefers GPUs.
var drivers = list{
	cpu.Driver(),
	gpu.CUDA(),
	gpu.OpenCL(),
}

// Auto is the name of the first GPU, or else the CPU; "" is, too.
const Auto = "auto"

// CPU is the name of the device that every machine has.
const CPU = "cpu"

// Open opens a device by name: one of [Names], with ":N" for one of several of a kind. The error
// lists the names, or says why the device is unavailable on this machine.
func Open(name string, o plan.DeviceOptions) (plan.Device, error) {
	return drivers.open(name, o, mayHaveGPU)
}

// Check returns an error that lists the names unless name is valid. The device may still be
// unavailable on this machine.
func Check(name string) error {
	_, _, err := drivers.find(name)
	return err
}

// Names lists auto and the kinds of devices.
func Names() []string { return drivers.names() }

// Forms lists auto and the kinds of devices, with ":N" of those that are numbered.
func Forms() []string { return drivers.forms() }

// Kernels lists the names of the kernel sets of a kind of device that this machine can run,
// fastest first.
func Kernels(name string) []string {
	d, _, err := drivers.find(name)
	if err != nil || d == nil || d.Kernels == nil {
		return nil
	}
	return d.Kernels()
}

// Lost returns the ID of the device that has stopped working if that is what an error says, e.g.
// because its driver was restarted. What ran on it has to be opened on another device.
func Lost(err error) (id string, lost bool) {
	var l *hal.Lost
	if !errors.As(err, &l) {
		return "", false
	}
	return l.Device, true
}

// list is a registry.
type list []plan.Driver

func (l list) names() []string {
	names := []string{Auto}
	for _, d := range l {
		names = append(names, d.Name)
	}
	return names
}

// find resolves a name to a driver and device number; the driver is nil for auto.
func (l list) find(name string) (*plan.Driver, int, error) {
	if name == "" || name == Auto {
		return nil, 0, nil
	}
	kind, digits, numbered := strings.Cut(name, ":")
	for i := range l {
		d := &l[i]
		if d.Name != kind || numbered && !d.Numbered {
			continue
		}
		if !numbered {
			return d, 0, nil
		}
		if number, err := strconv.ParseUint(digits, 10, 16); err == nil {
			return d, int(number), nil
		}
	}
	return nil, 0, fmt.Errorf("unknown device %q: use %s", name, strings.Join(l.forms(), ", "))
}

// forms are the names with the syntax of device numbers.
func (l list) forms() []string {
	forms := l.names()
	for i, d := range l {
		if d.Numbered {
			forms[1+i] += "[:N]"
		}
	}
	return forms
}

// open opens a device by name. GPUs are looked for only if mayHaveGPU says that there may be one:
// libraries take longer to load than the rest of the program.
func (l list) open(name string, o plan.DeviceOptions, mayHaveGPU func() bool) (plan.Device, error) {
	driver, number, err := l.find(name)
	if err != nil {
		return nil, err
	}
	if driver != nil {
		return driver.Open(number, o)
	}
	var failed []error
	if mayHaveGPU() {
		for _, d := range l.gpus() {
			opened, err := d.driver.Open(d.number, o)
			if err == nil {
				return opened, nil
			}
			failed = append(failed, err)
		}
	}
	for _, d := range l {
		if d.List != nil {
			continue
		}
		opened, err := d.Open(0, o)
		if err == nil {
			return opened, nil
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

// numbered is a device of a driver.
type numbered struct {
	driver *plan.Driver
	number int
}

// gpus lists the GPUs that can be opened, in the order of auto's preference.
func (l list) gpus() []numbered {
	var all []numbered
	for i := range l {
		if l[i].List == nil {
			continue
		}
		found, _ := l[i].List()
		for number, f := range found {
			if !f.CPU && f.Unavailable == "" {
				all = append(all, numbered{&l[i], number})
			}
		}
	}
	return all
}
