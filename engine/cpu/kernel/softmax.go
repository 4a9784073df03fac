package kernel

import (
	"math"
	"unsafe"
)

//go:generate go run -C ../gen . -isa avx512 -kernels softmax -out ../kernel/softmax_avx512_amd64.s -stubs ../kernel/softmax_avx512_amd64.go -pkg kernel
//go:generate go run -C ../gen . -isa avx2 -kernels softmax -out ../kernel/softmax_avx2_amd64.s -stubs ../kernel/softmax_avx2_amd64.go -pkg kernel

func exponentials(x, y, shift *float32, n int) {
	out, largest := unsafe.Slice(y, n), *shift // which may be in y
	for i, v := range unsafe.Slice(x, n) {
		d := v - largest
		if d < -87 {
			out[i] = 0
		} else {
			out[i] = float32(math.Exp(float64(d)))
		}
	}
}
