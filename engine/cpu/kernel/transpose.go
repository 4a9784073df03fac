package kernel

import "unsafe"

//go:generate go run -C ../gen . -isa avx512 -kernels transpose -out ../kernel/transpose_avx512_amd64.s -stubs ../kernel/transpose_avx512_amd64.go -pkg kernel
//go:generate go run -C ../gen . -isa avx2 -kernels transpose -out ../kernel/transpose_avx2_amd64.s -stubs ../kernel/transpose_avx2_amd64.go -pkg kernel

// transpose goes along the columns, so that what is written lies together.
func transpose(from, to *float32, rows *int32, stride int) {
	for column := range Block {
		out := at(to, column*stride)
		for i, row := range unsafe.Slice(rows, Block) {
			out[i] = value(from, int(row)+4*column)
		}
	}
}
