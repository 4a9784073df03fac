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

// Loss is why the CPU has taken over from the device that was chosen; "" if it has not.
func (l *Lab) Loss() string {
	c := l.compute.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loss
}
