package kernel

import "unsafe"

//go:generate go run -C ../gen . -isa avx512 -kernels winograd2grad -out ../kernel/winograd2grad_avx512_amd64.s -stubs ../kernel/winograd2grad_avx512_amd64.go -pkg kernel

// Winograd2Grad is the kernels of F(2×2, 3×3) for the gradient with respect to weights, in
// BF16: for an input and an output channel
//
//	dw = Gᵀ·(Σ BᵀxB ⊙ A·dy·Aᵀ)·G
//
// over tiles of 2×2 pixels of dy and 4×4 of x. Tiles of two images are pairs, whose
// products Grad32 sums for one point after the other. The fourth row and column of points
// of dy have the other sign, which Taps makes up for.
type Winograd2Grad struct {
	// Pairs transforms n tiles of x at byte offset tiles[i] from a and from b, two images:
	// point p of pair i, [16][2], lies p·shape.Point + i·64 bytes after v.
	Pairs func(a, b, v *float32, tiles *int32, n int, shape *Winograd2Shape)
	// Gradient does so for dy.
	Gradient func(a, b, d *float32, tiles *int32, n int, shape *Winograd2Shape)
	// Taps transforms the points of n times sixteen sums, point bytes apart, to taps, tap
	// bytes apart.
	Taps func(u, dw *float32, n, point, tap int)
}

// portableWinograd2Grad is Winograd2Grad in Go.
var portableWinograd2Grad = Winograd2Grad{Pairs: winograd2Pairs, Gradient: winograd2Gradient, Taps: winograd2Taps}

// storePoints stores both halves of pairs.
//
//go:norace
//go:nocheckptr
func storePoints(v *float32, half int, d *grid2, point int) {
	for r := range d {
		for c := range d[r] {
			to := pairsAt(v, (4*r+c)*point)
			for k, f := range d[r][c] {
				to[k][half] = Narrow(f)
			}
		}
	}
}

// winograd2Pairs is BᵀxB for every pair of tiles.
//
//go:norace
//go:nocheckptr
func winograd2Pairs(a, b, v *float32, tiles *int32, n int, shape *Winograd2Shape) {
	for i, tile := range unsafe.Slice(tiles, n) {
		for half, x := range []*float32{a, b} {
			d := inputTile2(x, int(tile), shape.Row)
			storePoints((*float32)(unsafe.Add(unsafe.Pointer(v), i*PixelBytes)), half, &d, shape.Point)
		}
	}
}

// winograd2Gradient is A·dy·Aᵀ, but for signs, for every pair of tiles.
//
//go:norace
//go:nocheckptr
func winograd2Gradient(a, b, d *float32, tiles *int32, n int, shape *Winograd2Shape) {
	for i, tile := range unsafe.Slice(tiles, n) {
		for half, dy := range []*float32{a, b} {
			var columns [2][4]pixel
			for c := range columns {
				columns[c] = toPoints2(
					widePixel(halvesAt(dy, int(tile)+c*PixelBytes/2)),
					widePixel(halvesAt(dy, int(tile)+c*PixelBytes/2+shape.Row)))
			}
			var points grid2
			for r := range points {
				points[r] = toPoints2(columns[0][r], columns[1][r])
			}
			storePoints((*float32)(unsafe.Add(unsafe.Pointer(d), i*PixelBytes)), half, &points, shape.Point)
		}
	}
}

// toPoints2 multiplies by A but for the last point's sign.
func toPoints2(y0, y1 pixel) (out [4]pixel) {
	out[0], out[3] = y0, y1
	for k := range Block {
		out[1][k], out[2][k] = y0[k]+y1[k], y0[k]-y1[k]
	}
	return out
}

// winograd2Taps is GᵀmG for every sixteen sums.
//
//go:norace
//go:nocheckptr
func winograd2Taps(u, dw *float32, n, point, tap int) {
	for i := range n {
		var columns [3][4]pixel
		for c := range 4 {
			var m [4]pixel
			for r := range m {
				m[r] = *at(u, i*PixelBytes+(4*r+c)*point)
			}
			for r, v := range toTaps2(&m) {
				columns[r][c] = v
			}
		}
		for r := range columns {
			for c, v := range toTaps2(&columns[r]) {
				*at(dw, i*PixelBytes+(3*r+c)*tap) = v
			}
		}
	}
}

// toTaps2 multiplies by Gᵀ, with the sign that toPoints2 has left out.
func toTaps2(m *[4]pixel) (out [3]pixel) {
	for k := range Block {
		sum := (m[1][k] + m[2][k]) / 2
		out[0][k], out[1][k], out[2][k] = m[0][k]+sum, (m[1][k]-m[2][k])/2, sum-m[3][k]
	}
	return out
}
