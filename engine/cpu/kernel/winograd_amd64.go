package kernel

var avx512Winograd = Winograd{
	Weights: func(w, u, scale *float32, n int, shape *WinogradWeightShape) {
		winogradTransformWeightsAVX512(w, u, scale, n, &shape.Lanes)
	},
	Multiply32: func(v, u, m *float32, n int, shape *WinogradMultiplyShape) {
		winogradMultiply32AVX512(v, u, m, n, &shape.Points)
	},
	Multiply16: func(v, u, m *float32, n int, shape *WinogradMultiplyShape) {
		winogradMultiply16AVX512(v, u, m, n, &shape.Points)
	},
	Ask: winogradAskAVX512,
	Output: func(m, y, addend, bias *float32, tiles *int32, n int, shape *WinogradShape) {
		winogradOutputAVX512(m, y, addend, bias, tiles, n, &shape.Row)
	},
}

var avx2Winograd = Winograd{
	Weights: func(w, u, scale *float32, n int, shape *WinogradWeightShape) {
		winogradTransformWeightsAVX2(w, u, scale, n, &shape.Lanes)
	},
	Multiply32: func(v, u, m *float32, n int, shape *WinogradMultiplyShape) {
		winogradMultiply32AVX2(v, u, m, n, &shape.Points)
	},
	Multiply16: func(v, u, m *float32, n int, shape *WinogradMultiplyShape) {
		winogradMultiply16AVX2(v, u, m, n, &shape.Points)
	},
	Ask: winogradAskAVX2,
	Output: func(m, y, addend, bias *float32, tiles *int32, n int, shape *WinogradShape) {
		winogradOutputAVX2(m, y, addend, bias, tiles, n, &shape.Row)
	},
}
