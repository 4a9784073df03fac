package plan

import (
	"context"
	"fmt"
)

// Ascent is projected gradient ascent: the steps of an attack on images with pixels in [0,1].
//
// An image takes a step of StepSize along the signs of its gradient or, in L2, along the gradient
// itself; it is then projected onto the ball of radius Epsilon around its original, and onto [0,1].
// Images whose gradient is zero everywhere, or overflows, do not move.
type Ascent struct {
	Input    string    // input: images [N,C,H,W]
	Grad     string    // output: the objective's gradient with respect to them
	Original []float32 // [N,C,H,W]
	Images   []float32 // [N,C,H,W]: where the steps start, and on return where they end
	Stuck    []bool    // [N]: set to whether the image did not move in some step
	L2       bool      // the norm of the ball; else L∞
	Epsilon  float64
	StepSize float64
	Steps    int
}

// Ascending is an Executable that takes an ascent's steps in its own memory. Other inputs have been
// set. If ctx ends first, Images is unchanged.
type Ascending interface {
	Executable
	Ascend(ctx context.Context, a *Ascent) error
}

// Check returns an error unless the names are those of p and the arrays have their sizes.
func (a *Ascent) Check(p *Program) error {
	x, err := p.Find(Input, a.Input)
	if err != nil {
		return err
	}
	dx, err := p.Output(a.Grad)
	if err != nil {
		return err
	}
	if size := x.Size(); len(x.Shape) != 4 || dx.Size() != size || len(a.Original) != size || len(a.Images) != size || len(a.Stuck) != x.Shape[0] {
		return fmt.Errorf("%d images of %d and %d values for %s and its gradient %s", len(a.Stuck), len(a.Original), len(a.Images), x, dx)
	}
	return nil
}
