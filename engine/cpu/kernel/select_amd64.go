package kernel

import "golang.org/x/sys/cpu"

// native gives the kernels in assembly that the processor, and the system, can run.
func native() []*Set {
	var sets []*Set
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
		sets = append(sets, &avx512)
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		sets = append(sets, &avx2)
	}
	return sets
}

// The generated functions take shapes and tiles as pointers to their first word: the
// generator does not know this package's types.

var avx512 = Set{
	Name: "avx512",
	Conv32: func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv32AVX512(x, w, y, addend, bias, &tiles.X[0], n, &shape.Quads)
	},
	Conv16: func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv16AVX512(x, w, y, addend, bias, &tiles.X[0], n, &shape.Quads)
	},
	Grad32: func(x, dy, dw *float32, shape *GradShape) { grad32AVX512(x, dy, dw, &shape.Images) },
	Grad16: func(x, dy, dw *float32, shape *GradShape) { grad16AVX512(x, dy, dw, &shape.Images) },
	Conv16Row: func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv16RowAVX512(x, w, y, addend, bias, &tiles.X[0], n, &shape.Quads)
	},
	Grad32Row: func(x, dy, dw *float32, shape *GradShape) { grad32RowAVX512(x, dy, dw, &shape.Images) },
	Grad16Row: func(x, dy, dw *float32, shape *GradShape) { grad16RowAVX512(x, dy, dw, &shape.Images) },

	WinogradInput: func(x, v *float32, tiles *int32, n int, shape *WinogradShape) {
		winogradInputAVX512(x, v, tiles, n, &shape.Row)
	},
	Winograd: avx512Winograd,
	WinogradGrad: WinogradGrad{
		Gradient: func(dy, d *float32, tiles *int32, n int, shape *WinogradShape) {
			winogradGradientAVX512(dy, d, tiles, n, &shape.Row)
		},
		Products32: func(v, d, u *float32, ahead *Ahead, shape *ProductsShape) {
			winogradProducts32AVX512(v, d, u, &ahead.X, &shape.Points)
		},
		Products16: func(v, d, u *float32, ahead *Ahead, shape *ProductsShape) {
			winogradProducts16AVX512(v, d, u, &ahead.X, &shape.Points)
		},
		Weights: winogradWeightsAVX512,
	},

	Interleave:   interleaveAVX512,
	Exponentials: exponentialsAVX512,
	Update: Updates{
		Descent:            updateDescentAVX512,
		Momentum:           updateMomentumAVX512,
		Moments:            updateMomentsAVX512,
		SumOfSquares:       updateSumOfSquaresAVX512,
		Deltas:             updateDeltasAVX512,
		MeanSquare:         updateMeanSquareAVX512,
		MeanSquareMomentum: updateMeanSquareMomentumAVX512,
	},

	Transpose: transposeAVX512,

	Add: addAVX512, ReLU: reluAVX512, ReLUGrad: reluGradAVX512, Fill: fillAVX512,
	Scale: scaleAVX512, Sum: sumAVX512,
	Moments: momentsAVX512, Affine: affineAVX512, AffineReLU: affineReLUAVX512,
	AffineAddReLU: affineAddReLUAVX512,
	NormSums:      normSumsAVX512, NormSumsReLU: normSumsReLUAVX512, NormSumsMasked: normSumsMaskedAVX512,
	NormGrad: normGradAVX512, NormGradReLU: normGradReLUAVX512,
	StepMax: stepMaxAVX512, StepSpread: stepSpreadAVX512,
	StepMaxGrad: stepMaxGradAVX512,

	Depthwise: avx2Depthwise, Activations: avx2Activations,

	BF16: bestBF16(),
}

var avx2 = Set{
	Name: "avx2",
	Conv32: func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv32AVX2(x, w, y, addend, bias, &tiles.X[0], n, &shape.Quads)
	},
	Conv16: func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv16AVX2(x, w, y, addend, bias, &tiles.X[0], n, &shape.Quads)
	},
	Grad32: func(x, dy, dw *float32, shape *GradShape) { grad32AVX2(x, dy, dw, &shape.Images) },
	Grad16: func(x, dy, dw *float32, shape *GradShape) { grad16AVX2(x, dy, dw, &shape.Images) },

	WinogradInput: func(x, v *float32, tiles *int32, n int, shape *WinogradShape) {
		winogradInputAVX2(x, v, tiles, n, &shape.Row)
	},
	Winograd: avx2Winograd,
	WinogradGrad: WinogradGrad{
		Gradient: func(dy, d *float32, tiles *int32, n int, shape *WinogradShape) {
			winogradGradientAVX2(dy, d, tiles, n, &shape.Row)
		},
		Products32: func(v, d, u *float32, ahead *Ahead, shape *ProductsShape) {
			winogradProducts32AVX2(v, d, u, &ahead.X, &shape.Points)
		},
		Products16: func(v, d, u *float32, ahead *Ahead, shape *ProductsShape) {
			winogradProducts16AVX2(v, d, u, &ahead.X, &shape.Points)
		},
		Weights: winogradWeightsAVX2,
	},

	Interleave:   interleaveAVX2,
	Exponentials: exponentialsAVX2,
	Update: Updates{
		Descent:            updateDescentAVX2,
		Momentum:           updateMomentumAVX2,
		Moments:            updateMomentsAVX2,
		SumOfSquares:       updateSumOfSquaresAVX2,
		Deltas:             updateDeltasAVX2,
		MeanSquare:         updateMeanSquareAVX2,
		MeanSquareMomentum: updateMeanSquareMomentumAVX2,
	},

	Transpose: transposeAVX2,

	Add: addAVX2, ReLU: reluAVX2, ReLUGrad: reluGradAVX2, Fill: fillAVX2,
	Scale: scaleAVX2, Sum: sumAVX2,
	Moments: momentsAVX2, Affine: affineAVX2, AffineReLU: affineReLUAVX2,
	AffineAddReLU: affineAddReLUAVX2,
	NormSums:      normSumsAVX2, NormSumsReLU: normSumsReLUAVX2, NormSumsMasked: normSumsMaskedAVX2,
	NormGrad: normGradAVX2, NormGradReLU: normGradReLUAVX2,
	StepMax: stepMaxAVX2, StepSpread: stepSpreadAVX2,
	StepMaxGrad: stepMaxGradAVX2,

	Depthwise: avx2Depthwise, Activations: avx2Activations,

	BF16: &portableBF16,
}

func avx2Depthwise(x, w, y, bias *float32, shape *DepthwiseShape) {
	depthwiseAVX2(x, w, y, bias, &shape.Pixels)
}

// avx2Activations are those of AVX-512, too: they wait for memory, or for division.
var avx2Activations = Activations{
	Clip: clipAVX2, HardSigmoid: hardSigmoidAVX2, HardSwish: hardSwishAVX2, Sigmoid: sigmoidAVX2, SiLU: siLUAVX2,
}
