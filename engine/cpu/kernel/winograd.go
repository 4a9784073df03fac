package kernel

//go:generate go run -C ../gen . -isa avx512 -kernels winograd -out ../kernel/winograd_avx512_amd64.s -stubs ../kernel/winograd_avx512_amd64.go -pkg kernel
//go:generate go run -C ../gen . -isa avx2 -kernels winograd -out ../kernel/winograd_avx2_amd64.s -stubs ../kernel/winograd_avx2_amd64.go -pkg kernel

// Winograd's F(4×4, 3×3) computes 4×4 pixels of a 3×3 convolution from 6×6 inputs with 36
// multiplications a pair of channels instead of 144 (Lavin and Gray, Fast Algorithms for
// Convolutional Neural Networks, 2015):
//
//	y = Aᵀ[(GwGᵀ) ⊙ (BᵀxB)]A
//
// The 36 numbers of a transformed tile are its points, row by row.
const (
	// WinogradTile is the side of a tile's outputs.
	WinogradTile = 4
	// WinogradInputs is the side of a tile's inputs.
	WinogradInputs = 6
	// WinogradPoints is the number of a tile's points.
	WinogradPoints = WinogradInputs * WinogradInputs
)

// WinogradShape is how tiles lie in memory, in bytes. Point p of tile i is a pixel at
// p·Point + i·PixelBytes.
type WinogradShape struct {
	Row     int // from a row of pixels to the next
	Point   int
	Rectify int // of outputs; not 0: negative results become 0
}

// WinogradWeightShape is how weights lie in memory, in bytes.
type WinogradWeightShape struct {
	Lanes   int // how many of the sixteen output channels there are; U is 0 for the others
	Lane    int // from an output channel's weights to the next one's
	Tap     int // from a tap, row by row, to the next
	Input   int // from an input channel's weights to the next one's
	Scale   int // from an input channel's scales to the next one's
	Channel int // from an input channel's in U to the next one's
	Point   int // from a point of U to the next
}

// WinogradMultiplyShape is how transformed tiles and weights lie in memory, distances in
// bytes. The weights of a point are next to each other.
type WinogradMultiplyShape struct {
	Points int // how many to multiply
	Blocks int // of input channels, at least 1
	VTiles int // from eight tiles of a point of V to the next
	VBlock int // from a block of eight tiles to the next
	VPoint int // from a point to the next
	UPoint int
	MBlock int // from a block of output channels to the next
	MPoint int
}

// Winograd is the steps of a convolution besides WinogradInput, which makes V.
type Winograd struct {
	// Weights computes U = GwGᵀ for sixteen output channels, each weight multiplied by one of
	// sixteen numbers at scale, and n input channels.
	Weights func(w, u, scale *float32, n int, shape *WinogradWeightShape)

	// Multiply32 and Multiply16 multiply n tiles, a multiple of eight, by the weights for 32
	// or 16 output channels, point by point:
	//
	//	M[p][k][tile] = Σ V[p][tile, block, c]·U[p][block][c][k]
	//
	// In V there are eight tiles of a block of channels together.
	Multiply32, Multiply16 func(v, u, m *float32, n int, shape *WinogradMultiplyShape)

	// Ask asks for so many lines of 64 bytes ahead of time; they need not be there.
	Ask func(p *float32, lines int)

	// Output computes AᵀMA + bias + addend for n tiles; byte offsets of their first pixels
	// count from y and from the addend, which may be nil and may be y.
	Output func(m, y, addend, bias *float32, tiles *int32, n int, shape *WinogradShape)
}
