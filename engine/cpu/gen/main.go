// Command gen writes the assembly of package kernel for one instruction set:
//
//	go run . -isa avx512 -out ../kernel/avx512_amd64.s -stubs ../kernel/avx512_amd64.go -pkg kernel
//
// One description of each kernel serves AVX-512 and AVX2+FMA: a pixel's block of sixteen
// channels is one register there and two here. It is a module of its own, so that the
// program does not depend on the assembler's tools.
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	name := flag.String("isa", "avx512", "avx512 or avx2")
	flag.Parse()
	target, ok := targets[*name]
	if !ok {
		log.Fatalf("gen: no instruction set %q", *name)
	}
	isa = target
	ConstraintExpr("amd64")
	convolutions()
	rowConvolutions()
	convolutionGradients()
	rowConvolutionGradients()
	elementwise()
	normalization()
	pooling()
	Generate()
}
