package kernel

import "golang.org/x/sys/cpu"

// setConvAVX512BF16 gives a set for BF16 its convolutions in assembly.
func setConvAVX512BF16(s *Set) {
	s.Conv32 = func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv32BF16(x, w, y, addend, bias, &tiles.X[0], n, &shape.Quads)
	}
	s.Conv16 = func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv16BF16(x, w, y, addend, bias, &tiles.X[0], n, &shape.Quads)
	}
	s.Conv16Row = func(x, w, y, addend, bias *float32, tiles *Tile, n int, shape *ConvShape) {
		conv16RowBF16(x, w, y, addend, bias, &tiles.X[0], n, &shape.Quads)
	}
	s.Grad32 = func(x, dy, dw *float32, shape *GradShape) { grad32BF16(x, dy, dw, &shape.Images) }
	s.Grad16 = func(x, dy, dw *float32, shape *GradShape) { grad16BF16(x, dy, dw, &shape.Images) }
	s.Grad32Row = func(x, dy, dw *float32, shape *GradShape) { grad32RowBF16(x, dy, dw, &shape.Images) }
	s.Grad16Row = func(x, dy, dw *float32, shape *GradShape) { grad16RowBF16(x, dy, dw, &shape.Images) }
	s.Pair = pairBF16
}

// nativeBF16 gives the sets for BF16 in assembly that the processor can run.
func nativeBF16() []*Set {
	if !cpu.X86.HasAVX512BF16 || len(native()) == 0 || native()[0] != &avx512 {
		return nil
	}
	s := &Set{Name: avx512.Name}
	setConvAVX512BF16(s)
	return []*Set{s}
}
