// Package device lists and opens the devices that networks are computed on. It is the only
// package that knows which there are: whoever computes names one and gets a [plan.Device].
//
// A new kind of device is a package with a [plan.Driver] and a line in drivers.
package device

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"hfcui/engine/cpu"
	"hfcui/engine/plan"
)

// drivers are the kinds of devices, those that auto prefers first.
var drivers = list{
	cpu.Driver(),
}

// Auto is the name of the fastest device there is; so is "".
const Auto = "auto"

// Open opens a device by its name: "auto", or one of a kind of [Names], with its number
// where the kind has several: "cpu". An error says which names there are, or why the device
// is unavailable on this machine.
func Open(name string, o plan.DeviceOptions) (plan.Device, error) { return drivers.open(name, o) }

// Check returns an error that says which names there are unless name is one. The device may
// still be unavailable.
func Check(name string) error {
	_, _, err := drivers.find(name)
	return err
}

// Names lists what Open takes: auto, then the kinds of devices.
func Names() []string { return drivers.names() }

// Kernels names the sets of kernels that devices of a kind can run on this machine, the
// fastest first.
func Kernels(name string) []string {
	d, _, err := drivers.find(name)
	if err != nil || d == nil {
		return nil
	}
	return d.Kernels()
}

// list is the drivers there are.
type list []plan.Driver

func (l list) names() []string {
	names := []string{Auto}
	for _, d := range l {
		names = append(names, d.Name)
	}
	return names
}

// find returns the driver and number that a name says; the driver is nil for auto.
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

// forms are the names with how numbers follow them.
func (l list) forms() []string {
	forms := l.names()
	for i, d := range l {
		if d.Numbered {
			forms[1+i] += "[:N]"
		}
	}
	return forms
}

func (l list) open(name string, o plan.DeviceOptions) (plan.Device, error) {
	driver, number, err := l.find(name)
	if err != nil {
		return nil, err
	}
	if driver != nil {
		return driver.Open(number, o)
	}
	var failed []error
	for _, d := range l {
		opened, err := d.Open(0, o)
		if err == nil {
			return opened, nil
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}
