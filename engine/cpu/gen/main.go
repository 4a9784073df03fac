// Command gen writes the assembly of a group of functions, of package kernel or of package
// spectral (dense, fourier), for one instruction set:
//
//	go run . -isa avx512 -kernels base -out ../kernel/base_avx512_amd64.s -stubs ../kernel/base_avx512_amd64.go -pkg kernel
//
// One description of each kernel serves AVX-512 and AVX2+FMA: a pixel's block of sixteen
// channels is one register there and two here. So it serves both storages of pixels: to load
// and to store one is all that float32 and bf16 do differently. Products in bf16 and their
// transforms (bf16conv, winograd2, winograd2grad) are for AVX-512 alone.
//
// It is a module of its own, so that the program does not depend on the assembler's tools.
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
)

// groups are the functions that are in a file together. Those not listed here are added by
// the files that describe them.
var groups = map[string]func(){
	"base": func() {
		convolutions()
		rowConvolutions()
		convolutionGradients()
		rowConvolutionGradients()
		elementwise()
		normalization()
		pooling()
	},
	// What base has for pixels, for those of bf16.
	"bf16": func() {
		isa.half, isa.suffix = true, "BF16"
		elementwise()
		normalization()
		pooling()
	},
}

func main() {
	name := flag.String("isa", "avx512", "avx512 or avx2")
	group := flag.String("kernels", "base", "the group of functions")
	flag.Parse()
	target, ok := targets[*name]
	if !ok {
		log.Fatalf("gen: no instruction set %q", *name)
	}
	isa = target
	functions, ok := groups[*group]
	if !ok {
		log.Fatalf("gen: no kernels %q", *group)
	}
	ConstraintExpr("amd64")
	functions()
	Generate()
	assemble()
}
