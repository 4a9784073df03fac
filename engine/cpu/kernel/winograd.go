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
	Row   int // from a row of pixels to the next
	Point int
}
