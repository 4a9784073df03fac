package kernel

//go:generate go run -C ../gen . -isa avx512 -kernels interleave -out ../kernel/interleave_avx512_amd64.s -stubs ../kernel/interleave_avx512_amd64.go -pkg kernel
//go:generate go run -C ../gen . -isa avx2 -kernels interleave -out ../kernel/interleave_avx2_amd64.s -stubs ../kernel/interleave_avx2_amd64.go -pkg kernel

// InterleavePixels is the least number of pixels for Set.Interleave.
const InterleavePixels = 16
