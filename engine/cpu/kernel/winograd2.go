package kernel

//go:generate go run -C ../gen . -isa avx512 -kernels winograd2 -out ../kernel/winograd2_avx512_amd64.s -stubs ../kernel/winograd2_avx512_amd64.go -pkg kernel

// Winograd2 is the kernels of Winograd's F(2×2, 3×3) for BF16 (Lavin and Gray, Fast
// Algorithms for Convolutional Neural Networks, 2015): 2×2 pixels of a 3×3 convolution from
// 4×4 inputs,
//
//	y = Aᵀ[(GwGᵀ) ⊙ (BᵀxB)]A
//
// with 16 products a pair of channels instead of 36. Its factors are 1 and ½, so that what
// is rounded to BF16 before it is multiplied loses hardly more than the inputs had lost;
// larger tiles would lose much more. Transforms and sums are float32.
//
// The sixteen points of a tile are numbered row by row. Eight tiles of a block lie
// together.
type Winograd2 struct {
	// Input transforms n tiles, of a block of channels at byte offset tiles[i] from x: point
	// p of tile i, a pixel of BF16, lies p·shape.Point + i·32 bytes after v.
	Input func(x, v *float32, tiles *int32, n int, shape *Winograd2Shape)
	// Product multiplies n times eight tiles with the weights of 32 output channels, point
	// by point: m[point][block of k][tile][k] = Σ v[point][tiles][block][tile][c]·u[point][c/2][k][2],
	// where m is float32.
	Product func(v, u, m *float32, n int, shape *Winograd2Product)
	// Output transforms n tiles of a block of m back and adds bias, and addend if it is not
	// nil: 2×2 pixels of BF16 at byte offset tiles[i] from y, and from addend.
	Output func(m, y, addend, bias *float32, tiles *int32, n int, shape *Winograd2Shape)
	// Weights transforms the float32 weights of sixteen output channels: those of pairs of
	// input channels become u[point][pair][k][2].
	Weights func(src, u, scale *float32, pairs int, shape *Winograd2Weights)
}

const (
	// Winograd2Tile is the side of a tile's outputs.
	Winograd2Tile = 2
	// Winograd2Points is the number of a tile's points.
	Winograd2Points = 16
	// Winograd2Together is the number of tiles that lie together.
	Winograd2Together = 8
)

// Winograd2Shape is how tiles lie in memory, in bytes.
type Winograd2Shape struct {
	Row     int // from a row of pixels to the next
	Point   int // from a point to the next
	Rectify int // not 0: negative results become 0
}

// Winograd2Product is how points lie in memory, in bytes.
type Winograd2Product struct {
	Blocks int // of input channels
	VPoint int
	UPoint int
	MPoint int
	MBlock int // from a block of output channels to the next
}

// Winograd2Weights is how weights lie in memory, in bytes.
type Winograd2Weights struct {
	Channel int // of src, from an input channel to the next
	Pair    int // of u
	Point   int // of u
	Scale   int // from an input channel's sixteen scales to the next's
	Lanes   [Block]int32
	Taps    [9]int32 // from src, row by row
}
