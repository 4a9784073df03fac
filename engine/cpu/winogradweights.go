package cpu

import "hfcui/engine/cpu/kernel"

// winogradWeights are a convolution's weights as Winograd's products read them: for every
// group of output channels, point and input channel, the group's output channels. Input
// channels that only fill up the last block have zeros.
type winogradWeights struct {
	*weights
	kernels *kernel.Set
	shapes  []kernel.WinogradWeightShape // of a group's first and second block
	scales  []float32                    // sixteen of each, where they are of input channels
	kept    *[]float32
}

// oneScale is the scale of output channels that have none.
var oneScale = ones(kernel.Block)

func newWinogradWeights(w *weights, kernels *kernel.Set) *winogradWeights {
	u := &winogradWeights{weights: w, kernels: kernels}
	taps := w.windows[0].taps
	for k := 0; k < w.outputs; k += kernel.Block {
		wide := width(k/(2*kernel.Block)*2*kernel.Block, w.outputs)
		s := kernel.WinogradWeightShape{
			Lanes: min(kernel.Block, w.outputs-k), Lane: 4 * w.outStep,
			Tap: 4 * (taps[1] - taps[0]), Input: 4 * w.inStep, Channel: 4 * wide, Point: u.point(wide),
		}
		if w.scaleOf == scaledInputs {
			s.Scale = kernel.PixelBytes
		}
		u.shapes = append(u.shapes, s)
	}
	if w.scaleOf == scaledInputs {
		u.scales = aligned(w.inputs * kernel.Block)
	}
	return u
}

// point is bytes from a point to the next in a group of so many output channels. A block
// more keeps points from competing for places in the cache.
func (u *winogradWeights) point(wide int) int {
	return 4 * (roundUp(u.inputs, kernel.Block)*wide + kernel.Block)
}

// groupSize is the number of elements of a group.
func (u *winogradWeights) groupSize() int {
	return kernel.WinogradPoints * u.point(min(2*kernel.Block, roundUp(u.outputs, kernel.Block))) / 4
}

// size is the number of elements of all groups.
func (u *winogradWeights) size() int { return u.groups() * u.groupSize() }

// keep gives the transformed weights memory: shared, where they change in every run.
func (u *winogradWeights) keep(c *compiler) {
	if c.trains {
		u.kept = c.packing.take(u.size())
		return
	}
	kept := aligned(u.size())
	u.kept = &kept
}

// at is where a group begins.
func (u *winogradWeights) at(group int) []float32 { return (*u.kept)[group*u.groupSize():] }

// begin takes up the scales, which have changed.
func (u *winogradWeights) begin() {
	for i := range u.scales {
		u.scales[i] = u.scale[i/kernel.Block]
	}
}

// pack transforms a group to where it is kept.
func (u *winogradWeights) pack(group int) { u.transform(u.at(group), group) }

// transform transforms a group.
func (u *winogradWeights) transform(dst []float32, group int) {
	k := group * 2 * kernel.Block
	wide := width(k, u.outputs)
	first := u.windows[0].taps[0]
	for lane := 0; lane < wide; lane += kernel.Block {
		scale := oneScale
		switch u.scaleOf {
		case scaledOutputs:
			scale = u.scale[k+lane:]
		case scaledInputs:
			scale = u.scales
		}
		src := &u.src.data[(k+lane)*u.outStep+first]
		u.kernels.Winograd.Weights(src, &dst[lane], &scale[0], u.inputs, &u.shapes[(k+lane)/kernel.Block])
	}
	if missing := roundUp(u.inputs, kernel.Block) - u.inputs; missing > 0 {
		point := u.point(wide) / 4
		for p := range kernel.WinogradPoints {
			clear(dst[p*point+u.inputs*wide:][:missing*wide])
		}
	}
}
