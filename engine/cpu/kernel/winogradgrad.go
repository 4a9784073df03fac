package kernel

//go:generate go run -C ../gen . -isa avx512 -kernels winogradgrad -out ../kernel/winogradgrad_avx512_amd64.s -stubs ../kernel/winogradgrad_avx512_amd64.go -pkg kernel
//go:generate go run -C ../gen . -isa avx2 -kernels winogradgrad -out ../kernel/winogradgrad_avx2_amd64.s -stubs ../kernel/winogradgrad_avx2_amd64.go -pkg kernel

import "unsafe"

// WinogradGrad is the kernels for the gradient of a 3×3 convolution of stride 1 with
// respect to its weights through Winograd's F(4×4,3×3), transposed: for an input and an output channel
//
//	dw = Gᵀ·(Σ BᵀxB ⊙ A·dy·Aᵀ)·G
//
// over tiles of 4×4 pixels of dy and 6×6 of x, which is where the multiplications are saved.
type WinogradGrad struct {
	// Gradient transforms n tiles: the 4×4 pixels at byte offset tiles[i] from dy become
	// the points of d's tile i.
	Gradient func(dy, d *float32, tiles *int32, n int, shape *WinogradShape)

	// Products32 and Products16 multiply tiles of blocks of v with those of 32 or 16
	// channels of d, point by point:
	//
	//	u[point][block][c][k] = Σ v[point][block][tile][c]·d[point][tile][k]
	Products32, Products16 func(v, d, u *float32, ahead *Ahead, shape *ProductsShape)

	// Weights transforms the points of n times sixteen sums, point bytes apart, to taps,
	// tap bytes apart.
	Weights func(u, dw *float32, n, point, tap int)
}

// Ahead is what calls for products ask for ahead of time, while memory has nothing else to
// do: for every tile of every block of every point a line of x, and one of dy. Which ones
// is told in bytes from X and DY on.
type Ahead struct {
	X, DY           *float32
	XLines, DYLines *int32
}

// ProductsShape is what stays the same between calls of the kernels for products. Bytes
// from point to point are kept as what is to be added after the blocks: see
// NewProductsShape.
type ProductsShape struct {
	Points, Blocks, Tiles int
	VBlockBytes, VAdvance int
	DBlockBytes           int // from a block of sixteen channels to the next
	DPointBytes           int
	UAdvance              int
	Accumulate            int // not 0: u is added to
}

// NewProductsShape gives the shape of products of so many tiles and blocks of v with wide
// channels of d. Distances from point to point are in bytes.
func NewProductsShape(blocks, tiles, wide, vBlock, vPoint, dBlock, dPoint, uPoint int) ProductsShape {
	return ProductsShape{
		Points: WinogradPoints, Blocks: blocks, Tiles: tiles,
		VBlockBytes: vBlock, VAdvance: vPoint - blocks*vBlock,
		DBlockBytes: dBlock, DPointBytes: dPoint,
		UAdvance: uPoint - blocks*wide*PixelBytes,
	}
}

// portableWinogradGrad is WinogradGrad in Go.
var portableWinogradGrad = WinogradGrad{
	Gradient:   gradientToPoints,
	Products32: func(v, d, u *float32, _ *Ahead, shape *ProductsShape) { tileProducts(v, d, u, shape, 2) },
	Products16: func(v, d, u *float32, _ *Ahead, shape *ProductsShape) { tileProducts(v, d, u, shape, 1) },
	Weights:    pointsToTaps,
}

// gradientToPoints is A·dy·Aᵀ for every tile.
func gradientToPoints(dy, d *float32, tiles *int32, n int, shape *WinogradShape) {
	for i, tile := range unsafe.Slice(tiles, n) {
		var half [WinogradInputs][WinogradTile]pixel
		for col := range WinogradTile {
			var v [WinogradTile]pixel
			for r := range v {
				v[r] = *at(dy, int(tile)+r*shape.Row+col*PixelBytes)
			}
			for r, p := range toPoints(&v) {
				half[r][col] = p
			}
		}
		for r := range half {
			for col, p := range toPoints(&half[r]) {
				*at(d, i*PixelBytes+(r*WinogradInputs+col)*shape.Point) = p
			}
		}
	}
}

// toPoints is A·v: the polynomials with coefficients v at 0, 1, −1, 2, −2 and infinity.
//
//go:norace
func toPoints(v *[WinogradTile]pixel) (p [WinogradInputs]pixel) {
	for k := range Block {
		even, odd := v[0][k]+v[2][k], v[1][k]+v[3][k]
		even2, odd2 := v[0][k]+4*v[2][k], 2*(v[1][k]+4*v[3][k])
		p[0][k], p[5][k] = v[0][k], v[3][k]
		p[1][k], p[2][k] = even+odd, even-odd
		p[3][k], p[4][k] = even2+odd2, even2-odd2
	}
	return p
}

// tileProducts multiplies for `blocks` blocks of d.
func tileProducts(v, d, u *float32, shape *ProductsShape, blocks int) {
	vi, di, ui := 0, 0, 0
	for range shape.Points {
		for range shape.Blocks {
			for c := range Block {
				for b := range blocks {
					sum := at(u, ui)
					if shape.Accumulate == 0 {
						*sum = pixel{}
					}
					gradRow(sum, v, d, vi+4*c, di+b*shape.DBlockBytes, PixelBytes, PixelBytes, shape.Tiles)
					ui += PixelBytes
				}
			}
			vi += shape.VBlockBytes
		}
		vi, di, ui = vi+shape.VAdvance, di+shape.DPointBytes, ui+shape.UAdvance
	}
}

// pointsToTaps is Gᵀ·u·G for every sum.
func pointsToTaps(u, dw *float32, n, point, tap int) {
	for i := range n {
		var half [3][WinogradInputs]pixel
		for col := range WinogradInputs {
			var v [WinogradInputs]pixel
			for r := range v {
				v[r] = *at(u, i*PixelBytes+(r*WinogradInputs+col)*point)
			}
			for r, t := range toTaps(&v) {
				half[r][col] = t
			}
		}
		for r := range half {
			for col, t := range toTaps(&half[r]) {
				*at(dw, i*PixelBytes+(r*3+col)*tap) = t
			}
		}
	}
}

// toTaps is Gᵀ·v.
//
//go:norace
func toTaps(v *[WinogradInputs]pixel) (t [3]pixel) {
	for k := range Block {
		near, far := v[1][k]+v[2][k], v[3][k]+v[4][k]
		t[0][k] = v[0][k]*(1.0/4) - near*(1.0/6) + far*(1.0/24)
		t[1][k] = (v[2][k]-v[1][k])*(1.0/6) + (v[3][k]-v[4][k])*(1.0/12)
		t[2][k] = v[5][k] + (far-near)*(1.0/6)
	}
	return t
}
