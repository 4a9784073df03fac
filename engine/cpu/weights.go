package cpu

import (
	"hfcui/engine/cpu/kernel"
	"hfcui/engine/plan"
)

// weights are a convolution's weights as the kernels read them: for every group of output
// channels, every window, block of input channels, tap and input channel, the group's
// output channels.
type weights struct {
	src             *tensor // flat, OIHW
	outputs, inputs int     // channels of the kernels' output and input
	taps            int     // elements of a kernel
	outStep, inStep int     // from one such channel's kernel to the next in src
	windows         []window
	packed          *[]float32
	starts          []int // of each window in a group's weights, in units of its width
	total           int   // of all windows, in the same units
	scale           []float32
	scaleOf         int
	padded          int // units of a tap: input channels, or pairs of them
	pairs           bool
	block           int                 // channels of an input's pixel
	lanes           [kernel.Block]int32 // bytes from the first of sixteen output channels in src
	kernels         *kernel.Set
}

// Which channels weights.scale belongs to.
const (
	unscaled = iota
	scaledOutputs
	scaledInputs
)

// forwardWeights are the weights src [O,I,R,S] of a convolution.
func forwardWeights(src *tensor, outputs, inputs, taps int, windows []window) *weights {
	return &weights{src: src, outputs: outputs, inputs: inputs, taps: taps, outStep: inputs * taps, inStep: taps, windows: windows}
}

// backwardWeights are the same weights as the input gradient uses them: its input channels
// are the convolution's outputs.
func backwardWeights(src *tensor, outputs, inputs, taps int, windows []window) *weights {
	return &weights{src: src, outputs: inputs, inputs: outputs, taps: taps, outStep: taps, inStep: inputs * taps, windows: windows}
}

// place decides where all weights lie, for an input laid out like x.
func (w *weights) place(x *layout) {
	w.padded = roundUp(w.inputs, 4)
	if w.pairs = x.dtype == plan.BFloat16; w.pairs {
		w.placePairs(x)
	}
	for i := range w.windows {
		w.starts = append(w.starts, w.total)
		w.total += len(w.windows[i].taps) * w.padded
	}
}

// size is the number of elements of all groups, and one block more: kernels may be pointed
// at the end of an empty window's weights.
func (w *weights) size() int { return w.total*roundUp(w.outputs, kernel.Block) + kernel.Block }

// keep gives the packed weights memory of their own.
func (w *weights) keep() {
	packed := aligned(w.size())
	w.packed = &packed
}

// at is where the weights begin of the group of output channels from k on, of a window, and
// of the input channels from c on.
func (w *weights) at(k, win, c int) *float32 {
	units := w.starts[win] + c*len(w.windows[win].taps)
	return &(*w.packed)[w.total*k+units*width(k, w.outputs)]
}

// groups is the number of groups of output channels.
func (w *weights) groups() int { return (w.outputs + 2*kernel.Block - 1) / (2 * kernel.Block) }

// bytes of weights of one group.
func (w *weights) bytes() int { return 4 * w.total * 2 * kernel.Block }

// pack packs the weights of one group.
func (w *weights) pack(group int) {
	k := group * 2 * kernel.Block
	n := width(k, w.outputs)
	dst := (*w.packed)[w.total*k:]
	if w.pairs {
		w.packPairs(dst, k, n)
		return
	}
	for i := range w.windows {
		for block := 0; block < w.padded; block += kernel.Block {
			for _, tap := range w.windows[i].taps {
				for c := block; c < min(block+kernel.Block, w.padded); c++ {
					w.packChannels(dst[:n:n], k, c, tap)
					dst = dst[n:]
				}
			}
		}
	}
}

// packChannels packs one input channel's weights for the output channels from k on.
func (w *weights) packChannels(dst []float32, k, c, tap int) {
	real := 0
	if c < w.inputs {
		real = min(len(dst), w.outputs-k)
		src := w.src.data[k*w.outStep+c*w.inStep+tap:]
		for j := range dst[:real] {
			dst[j] = src[j*w.outStep]
		}
	}
	clear(dst[real:])
	switch w.scaleOf {
	case scaledOutputs:
		for j := range dst[:real] {
			dst[j] *= w.scale[k+j]
		}
	case scaledInputs:
		for j := range dst[:real] {
			dst[j] *= w.scale[c]
		}
	}
}
