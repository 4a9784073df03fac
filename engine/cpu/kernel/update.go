package kernel

//go:generate go run -C ../gen . -isa avx512 -kernels update -out ../kernel/update_avx512_amd64.s -stubs ../kernel/update_avx512_amd64.go -pkg kernel
//go:generate go run -C ../gen . -isa avx2 -kernels update -out ../kernel/update_avx2_amd64.s -stubs ../kernel/update_avx2_amd64.go -pkg kernel

// Updates are the formulas of package optim, of the same names, for n weights, a multiple
// of Block above 0: weights, gradients, the state's arrays as far as the formula has them,
// and eight constants. The portable set has none: there the meaning in optim does the work.
type Updates struct {
	Descent, Momentum, Moments, SumOfSquares, Deltas, MeanSquare, MeanSquareMomentum func(w, g, s, t *float32, n int, k *float32)
}
