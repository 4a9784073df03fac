package plan

import (
	"context"
	"errors"
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

// KeptAscending is an Ascending that ascends from images that a learner of its device keeps.
type KeptAscending interface {
	Ascending
	// AscendKept is Ascend from the originals that p picks of l's kept images, N of them, or as far
	// away as start says, [N,C,H,W] in units of Epsilon; nil: at them. It is in L∞. The images stay in
	// the executable's memory, for Batch.Ascended of l's next step; a's are nil, and Stuck is, too. It
	// returns false, and does nothing, if l is of another device or keeps no images, or memory does not
	// suffice.
	AscendKept(ctx context.Context, a *Ascent, l Learner, p *Picks, start []float32) (bool, error)
}

// CheckKept is Check for AscendKept, where so many images are kept.
func (a *Ascent) CheckKept(p *Program, picks *Picks, start []float32, kept int) error {
	x, dx, err := a.in(p)
	if err != nil {
		return err
	}
	if a.L2 || a.Images != nil || a.Original != nil || a.Stuck != nil {
		return errors.New("an ascent from kept images is in L∞ and has none of its own")
	}
	if len(x.Shape) != 4 || dx.Size() != x.Size() || start != nil && len(start) != x.Size() {
		return fmt.Errorf("a start of %d values for %s and its gradient %s", len(start), x, dx)
	}
	return picks.check(x.Shape[0], kept)
}

// Check returns an error unless the names are those of p and the arrays have their sizes.
func (a *Ascent) Check(p *Program) error {
	x, dx, err := a.in(p)
	if err != nil {
		return err
	}
	if size := x.Size(); len(x.Shape) != 4 || dx.Size() != size || len(a.Original) != size || len(a.Images) != size || len(a.Stuck) != x.Shape[0] {
		return fmt.Errorf("%d images of %d and %d values for %s and its gradient %s", len(a.Stuck), len(a.Original), len(a.Images), x, dx)
	}
	return nil
}

// in returns the input and its gradient in p.
func (a *Ascent) in(p *Program) (x, dx *Value, err error) {
	if x, err = p.Find(Input, a.Input); err != nil {
		return nil, nil, err
	}
	dx, err = p.Output(a.Grad)
	return x, dx, err
}
