package cpu

import "hfcui/engine/cpu/kernel"

// Weights of convolutions in bf16 are pairs of input channels: for every group of output channels,
// window, block of input channels, tap and pair, the two weights of each of the group's output
// channels. A pair takes a word, so that the layout is that of as many float32.

// placePairs is place for pairs: all blocks of x are complete.
func (w *weights) placePairs(x *layout) {
	w.block = x.block
	w.padded = roundUp(w.inputs, w.block) / 2
	for k := range w.lanes {
		w.lanes[k] = int32(4 * k * w.outStep)
	}
}

// packPairs packs the weights of n output channels from k.
func (w *weights) packPairs(dst []float32, k, n int) {
	kernels := w.kernels.BF16
	for i := range w.windows {
		for c := 0; c < 2*w.padded; c += w.block {
			whole := w.scaleOf == unscaled && c+w.block <= w.inputs && k+n <= w.outputs
			for _, tap := range w.windows[i].taps {
				size := n * w.block / 2
				if !whole {
					w.packSome(dst[:size], k, c, tap, n)
				}
				for part := 0; part < n && whole; part += kernel.Block {
					src := &w.src.data[(k+part)*w.outStep+c*w.inStep+tap]
					kernels.PackPairs(src, &dst[part], &w.lanes[0], w.block/2, 4*w.inStep, 4*n)
				}
				dst = dst[size:]
			}
		}
	}
}

// packSome packs a tap of a block of input channels from c, some of which may be padding or scaled.
func (w *weights) packSome(dst []float32, k, c, tap, n int) {
	out := halves(dst)
	for i := range out {
		pair, o, second := i/(2*n), i/2%n, i%2
		out[i] = kernel.Narrow(w.value(k+o, c+2*pair+second, tap))
	}
}

// value returns the weight from input channel c to output channel k; 0 for padding.
func (w *weights) value(k, c, tap int) float32 {
	if k >= w.outputs || c >= w.inputs {
		return 0
	}
	v := w.src.data[k*w.outStep+c*w.inStep+tap]
	switch w.scaleOf {
	case scaledOutputs:
		v *= w.scale[k]
	case scaledInputs:
		v *= w.scale[c]
	}
	return v
}
