package attack

import (
	"context"
	"math"
)

// Gradient is a model under attack, such as a model.Differentiator with running statistics.
type Gradient interface {
	// Gradient computes dx, the gradient of the loss for the classes labels with respect to
	// images x. Its size does not matter to attacks here, only its signs.
	Gradient(ctx context.Context, dx, x []float32, labels []int) error
}

// PGD is projected gradient descent (Madry et al. 2018): steps along the gradient's signs,
// each followed by a projection to the ball of radius ε and to [0,1]. One step of ε is FGSM.
// It keeps memory from run to run and is not for concurrent use.
type PGD struct {
	Epsilon, StepSize float64
	Steps             int

	dx []float32
}

// Run writes the adversarial images of x, whose true classes are labels, to dst; no two
// slices may overlap. start is where in the ball to start, for every pixel in units of ε, −1
// to 1; nil starts from x itself.
//
// Arithmetic is float32: a pixel of dst is off by ε and one rounding at most.
func (p *PGD) Run(ctx context.Context, g Gradient, dst, x []float32, labels []int, start []float32) error {
	epsilon, step := float32(p.Epsilon), float32(p.StepSize)
	copy(dst, x)
	for i, s := range start {
		dst[i] = project(x[i]+s*epsilon, x[i], epsilon)
	}
	if cap(p.dx) < len(x) {
		p.dx = make([]float32, len(x))
	}
	dx := p.dx[:len(x)]
	for range p.Steps {
		if err := g.Gradient(ctx, dx, dst, labels); err != nil {
			return err
		}
		for i, d := range dx {
			if d > 0 || d < 0 {
				dst[i] = project(dst[i]+withSign(step, d), x[i], epsilon)
			}
		}
	}
	return nil
}

// withSign is v, which is positive, with the sign of d. Signs of gradients are as good as
// random: a branch would cost more than all the rest.
func withSign(v, d float32) float32 {
	return math.Float32frombits(math.Float32bits(v) | math.Float32bits(d)&(1<<31))
}

// project moves v into the ball around x and into [0,1]: it is
//
//	min(max(v, x-epsilon, 0), x+epsilon, 1)
//
// several times as fast. Numbers from 0 on are in the order of their bits taken for integers,
// and those below 0 are before all of them.
func project(v, x, epsilon float32) float32 {
	const one = 0x3f800000
	return math.Float32frombits(uint32(min(max(order(v), order(x-epsilon), 0), order(x+epsilon), one)))
}

func order(v float32) int32 { return int32(math.Float32bits(v)) }
