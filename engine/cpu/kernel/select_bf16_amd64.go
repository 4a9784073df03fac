package kernel

import "golang.org/x/sys/cpu"

// bestBF16 gives the set for BF16 of a processor that has AVX-512.
func bestBF16() *Set {
	if cpu.X86.HasAVX512BF16 {
		return &avx512BF16
	}
	return &portableBF16
}

var avx512BF16 = Set{
	Name: "avx512 bf16",
	Conv32: func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv32BF16(x, w, y, addend, bias, &tiles.X[0], n, &shape.Quads)
	},
	Conv16: func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv16BF16(x, w, y, addend, bias, &tiles.X[0], n, &shape.Quads)
	},
	Conv16Row: func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv16RowBF16(x, w, y, addend, bias, &tiles.X[0], n, &shape.Quads)
	},
	Grad32:    func(x, dy, dw *float32, shape *GradShape) { grad32BF16(x, dy, dw, &shape.Images) },
	Grad16:    func(x, dy, dw *float32, shape *GradShape) { grad16BF16(x, dy, dw, &shape.Images) },
	Grad32Row: func(x, dy, dw *float32, shape *GradShape) { grad32RowBF16(x, dy, dw, &shape.Images) },
	Grad16Row: func(x, dy, dw *float32, shape *GradShape) { grad16RowBF16(x, dy, dw, &shape.Images) },
	Pair:      pairBF16, PackPairs: packPairsBF16,
	Winograd2Grad: Winograd2Grad{
		Pairs: func(a, b, v *float32, tiles *int32, n int, shape *Winograd2Shape) {
			winograd2PairsBF16(a, b, v, tiles, n, &shape.Row)
		},
		Gradient: func(a, b, d *float32, tiles *int32, n int, shape *Winograd2Shape) {
			winograd2GradientBF16(a, b, d, tiles, n, &shape.Row)
		},
		Taps: winograd2TapsBF16,
	},
	Winograd2: Winograd2{
		Input: func(x, v *float32, tiles *int32, n int, shape *Winograd2Shape) {
			winograd2InputBF16(x, v, tiles, n, &shape.Row)
		},
		Product: func(v, u, m *float32, n int, shape *Winograd2Product) {
			winograd2ProductBF16(v, u, m, n, &shape.Blocks)
		},
		Output: func(m, y, addend, bias *float32, tiles *int32, n int, shape *Winograd2Shape) {
			winograd2OutputBF16(m, y, addend, bias, tiles, n, &shape.Row)
		},
		Weights: func(src, u, scale *float32, pairs int, shape *Winograd2Weights) {
			winograd2WeightsBF16(src, u, scale, pairs, &shape.Channel)
		},
	},

	Add: addBF16, ReLU: reluBF16, ReLUGrad: reluGradBF16, Fill: fillBF16,
	Scale: scaleBF16, Sum: sumBF16,
	Moments: momentsBF16, Affine: affineBF16, AffineReLU: affineReLUBF16,
	AffineAddReLU: affineAddReLUBF16,
	NormSums:      normSumsBF16, NormSumsReLU: normSumsReLUBF16, NormSumsMasked: normSumsMaskedBF16,
	NormGrad: normGradBF16, NormGradReLU: normGradReLUBF16,
	StepMax: stepMaxBF16, StepSpread: stepSpreadBF16,
	StepMaxGrad: stepMaxGradBF16,
	Activations: portableActivations[BF16](),
}
