package plan

import "context"

// Yield blocks while work of higher priority runs. Programs call it at least once a run and between
// instructions where the device can, other background work between its steps. An error, usually ctx's, ends the work. nil never blocks.
type Yield func(ctx context.Context) error

// Wait calls y; a nil y returns ctx's error.
func (y Yield) Wait(ctx context.Context) error {
	if y == nil {
		return ctx.Err()
	}
	return y(ctx)
}

// Yielding returns d for background work: programs compiled on it call y during every run,
// whatever context they run under.
func Yielding(d Device, y Yield) Device {
	if y == nil {
		return d
	}
	return yielding{d, y}
}

type yielding struct {
	Device
	yield Yield
}

func (d yielding) Compile(p *Program, y Yield) (Executable, error) {
	return d.Device.Compile(p, d.both(y))
}

// Learn is Learn of the device.
func (d yielding) Learn(t *Training, y Yield) (Learner, error) { return learn(d.Device, t, d.both(y)) }

// both yields to y, which may be nil, then to d's.
func (d yielding) both(y Yield) Yield {
	if y == nil {
		return d.yield
	}
	return func(ctx context.Context) error {
		if err := y(ctx); err != nil {
			return err
		}
		return d.yield(ctx)
	}
}
