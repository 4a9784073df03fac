package plan

import "context"

// Yield is where work lets other work go first. Programs call it between two instructions,
// other work where it can stand still. It may block, and its error, usually that of ctx,
// ends the work. nil never blocks.
type Yield func(ctx context.Context) error

// Wait calls y. A nil y gives ctx's error.
func (y Yield) Wait(ctx context.Context) error {
	if y == nil {
		return ctx.Err()
	}
	return y(ctx)
}

// Yielding is the same device for work that yields: the programs compiled on it call y between
// two instructions, whatever context they run under.
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
	both := d.yield
	if y != nil {
		both = func(ctx context.Context) error {
			if err := y(ctx); err != nil {
				return err
			}
			return d.yield(ctx)
		}
	}
	return d.Device.Compile(p, both)
}
