package kernel

import "unsafe"

// portableWinograd is Winograd in Go.
var portableWinograd = Winograd{
	Weights:    winogradWeights,
	Multiply32: func(v, u, m *float32, n int, shape *WinogradMultiplyShape) { winogradMultiply(v, u, m, n, shape, 2) },
	Multiply16: func(v, u, m *float32, n int, shape *WinogradMultiplyShape) { winogradMultiply(v, u, m, n, shape, 1) },
	Ask:        func(*float32, int) {},
	Output:     winogradOutput,
}

// The transforms' matrices.
var (
	winogradBT = [][]float32{
		{4, 0, -5, 0, 1, 0},
		{0, -4, -4, 1, 1, 0},
		{0, 4, -4, -1, 1, 0},
		{0, -2, -1, 2, 1, 0},
		{0, 2, -1, -2, 1, 0},
		{0, 4, 0, -5, 0, 1},
	}
	winogradG = [][]float32{
		{1. / 4, 0, 0},
		{-1. / 6, -1. / 6, -1. / 6},
		{-1. / 6, 1. / 6, -1. / 6},
		{1. / 24, 1. / 12, 1. / 6},
		{1. / 24, -1. / 12, 1. / 6},
		{0, 0, 1},
	}
	winogradAT = [][]float32{
		{1, 1, 1, 1, 1, 0},
		{0, 1, -1, 2, -2, 0},
		{0, 1, 1, 4, 4, 0},
		{0, 1, -1, 8, -8, 1},
	}
)

// square is a square of pixels, as large as any here.
type square [WinogradInputs][WinogradInputs]pixel

// transform gives the matrix times s times the matrix transposed.
func transform(matrix [][]float32, s *square) (result square) {
	var rows square
	for i, factors := range matrix {
		for j := range factors {
			for k, f := range factors {
				addScaled(&rows[i][j], f, &s[k][j])
			}
		}
	}
	for i := range matrix {
		for j, factors := range matrix {
			for k, f := range factors {
				addScaled(&result[i][j], f, &rows[i][k])
			}
		}
	}
	return result
}

// addScaled adds factor times v; where the factor is 0 not even a NaN counts.
//
//go:norace
//go:nocheckptr
func addScaled(sum *pixel, factor float32, v *pixel) {
	if factor == 0 {
		return
	}
	for k := range sum {
		sum[k] += factor * v[k]
	}
}

func winogradInput(x, v *float32, tiles *int32, n int, shape *WinogradShape) {
	for i, tile := range unsafe.Slice(tiles, n) {
		var d square
		for r := range d {
			for c := range d[r] {
				d[r][c] = *at(x, int(tile)+r*shape.Row+c*PixelBytes)
			}
		}
		d = transform(winogradBT, &d)
		for p := range WinogradPoints {
			*at(v, p*shape.Point+i*PixelBytes) = d[p/WinogradInputs][p%WinogradInputs]
		}
	}
}

func winogradWeights(w, u, scale *float32, n int, shape *WinogradWeightShape) {
	for i := range n {
		var g square
		for tap := range 9 {
			for lane := range shape.Lanes {
				g[tap/3][tap%3][lane] = value(w, i*shape.Input+tap*shape.Tap+lane*shape.Lane) * value(scale, i*shape.Scale+4*lane)
			}
		}
		g = transform(winogradG, &g)
		for p := range WinogradPoints {
			*at(u, p*shape.Point+i*shape.Channel) = g[p/WinogradInputs][p%WinogradInputs]
		}
	}
}

// winogradMultiply multiplies one pixel by the weights of one block of output channels at a
// time.
func winogradMultiply(v, u, m *float32, n int, shape *WinogradMultiplyShape, blocks int) {
	channel := blocks * PixelBytes
	for p := range shape.Points {
		for i := range n {
			for b := range blocks {
				var sum pixel
				for in := range shape.Blocks {
					vi, ui := p*shape.VPoint+i/8*shape.VTiles+in*shape.VBlock+i%8*PixelBytes, p*shape.UPoint+in*Block*channel+b*PixelBytes
					for range Block / 4 {
						addProducts(&sum,
							value(v, vi), value(v, vi+4), value(v, vi+8), value(v, vi+12),
							at(u, ui), at(u, ui+channel), at(u, ui+2*channel), at(u, ui+3*channel))
						vi, ui = vi+16, ui+4*channel
					}
				}
				*at(m, p*shape.MPoint+b*shape.MBlock+i*PixelBytes) = sum
			}
		}
	}
}

func winogradOutput(m, y, addend, bias *float32, tiles *int32, n int, shape *WinogradShape) {
	for i, tile := range unsafe.Slice(tiles, n) {
		var d square
		for p := range WinogradPoints {
			d[p/WinogradInputs][p%WinogradInputs] = *at(m, p*shape.Point+i*PixelBytes)
		}
		d = transform(winogradAT, &d)
		for p := range WinogradTile * WinogradTile {
			to := int(tile) + p/WinogradTile*shape.Row + p%WinogradTile*PixelBytes
			sum := &d[p/WinogradTile][p%WinogradTile]
			addScaled(sum, 1, at(bias, 0))
			if addend != nil {
				addScaled(sum, 1, at(addend, to))
			}
			if shape.Rectify != 0 {
				rectify(sum)
			}
			*at(y, to) = *sum
		}
	}
}
