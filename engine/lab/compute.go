package lab

import (
	"fmt"
	"strings"
	"sync"

	"hfcui/engine/device"
	"hfcui/engine/plan"
)

// compute is the device of a lab's programs as a [plan.Device]: the one that was chosen until it is
// lost, and the CPU from then on.
type compute struct {
	name    string // that was chosen, as of device.Open
	options plan.DeviceOptions

	mu   sync.Mutex
	now  plan.Device
	loss string // why the CPU has taken over; "" if it has not
}

func openCompute(name string, o plan.DeviceOptions) (*compute, error) {
	d, err := device.Open(name, o)
	if err != nil {
		return nil, err
	}
	return &compute{name: name, options: o, now: d}, nil
}

func (c *compute) device() plan.Device {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// lose replaces the device by the CPU if err says that it has been lost, and reports whether err
// is of a device that has been replaced: what failed can be done again then.
func (c *compute) lose(err error) bool {
	id, lost := device.Lost(err)
	if !lost {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.ID() != id {
		return true
	}
	cpu, failed := device.Open(device.CPU, c.options)
	if failed != nil {
		return false
	}
	c.now, c.loss = cpu, fmt.Sprintf("%v; the CPU has taken over", err)
	return true
}

// chosen is the device for new runs.
func (c *compute) chosen() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loss != "" {
		return device.CPU
	}
	return c.name
}

// ID implements [plan.Device].
func (c *compute) ID() string { return c.device().ID() }

// Name implements [plan.Device].
func (c *compute) Name() string { return c.device().Name() }

// Note implements [plan.Device].
func (c *compute) Note() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var notes []string
	for _, note := range []string{c.loss, c.now.Note()} {
		if note != "" {
			notes = append(notes, note)
		}
	}
	return strings.Join(notes, "; ")
}

// Threads implements [plan.Device].
func (c *compute) Threads() int { return c.device().Threads() }

// CacheSize implements [plan.Device].
func (c *compute) CacheSize() int { return c.device().CacheSize() }

// Compile implements [plan.Device].
func (c *compute) Compile(p *plan.Program, yield plan.Yield) (plan.Executable, error) {
	e, err := c.device().Compile(p, yield)
	if c.lose(err) {
		return c.device().Compile(p, yield)
	}
	return e, err
}

// Device is a device that Reopen can choose, or a kind of which there is none.
type Device struct {
	Name  string // as in --device
	About string // the hardware; or why the device is unavailable, and what to install
	InUse bool
	Found bool // it can be chosen
}

// Devices lists all devices. It may take a moment: drivers are loaded.
func (l *Lab) Devices() []Device {
	now := l.compute.Load().ID()
	all := []Device{{Name: device.CPU, About: "the processor", InUse: now == device.CPU, Found: true}}
	report := device.List()
	for _, f := range report.Found {
		d := Device{Name: f.ID, About: fmt.Sprintf("%s, %s, %.1f GB of memory", f.Name, f.Runtime, float64(f.Memory)/1e9), InUse: now == f.ID, Found: f.Unavailable == ""}
		switch {
		case !d.Found:
			d.About += "; unavailable: " + f.Unavailable
		case f.CPU:
			d.About += "; it is the processor, on which " + device.CPU + " is faster"
		}
		all = append(all, d)
	}
	for _, m := range report.Missing {
		all = append(all, Device{Name: m.Kind, About: m.Why})
	}
	return all
}

// Loss is why the CPU has taken over from the device that was chosen; "" if it has not.
func (l *Lab) Loss() string {
	c := l.compute.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loss
}
