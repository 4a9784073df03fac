package cpu

import (
	"unsafe"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/optim"
)

// updateKernel changes n weights, a multiple of kernel.Block: see kernel.Updates.
type updateKernel func(w, g, s, t *float32, n int, k *float32)

// updates gives the kernels for the formulas of package optim, nil where there are none.
func updates(k *kernel.Set) [optim.Kinds]updateKernel {
	return [...]updateKernel{
		optim.Descent: k.Update.Descent, optim.Momentum: k.Update.Momentum, optim.Moments: k.Update.Moments,
		optim.SumOfSquares: k.Update.SumOfSquares, optim.Deltas: k.Update.Deltas,
		optim.MeanSquare: k.Update.MeanSquare, optim.MeanSquareMomentum: k.Update.MeanSquareMomentum,
	}
}

// Update is u.Apply by the device's kernels, with what is less than a block at the end left
// to optim.
func (e *executable) Update(u *optim.Update, w, g, s, t []float32) {
	f, n := e.updates[u.Kind], 0
	if f != nil && len(w) >= kernel.Block {
		n = len(w) / kernel.Block * kernel.Block
		f(&w[0], &g[:n][0], unsafe.SliceData(s), unsafe.SliceData(t), n, &u.K[0])
	}
	rest := func(v []float32) []float32 { return v[min(n, len(v)):] }
	u.Apply(w[n:], rest(g), rest(s), rest(t))
}
