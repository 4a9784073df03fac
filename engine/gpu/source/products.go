package source

import (
	"fmt"
	"slices"
)

// Number is what a product multiplies; sums are float32.
type Number int

// The numbers. TF32 is float32 in memory; only matrix instructions know it.
const (
	FP32 Number = iota
	BF16
	TF32
)

// String is the number's part of a module's name.
func (n Number) String() string { return [...]string{"fp32", "bf16", "tf32"}[n] }

// Bytes is the size of a number in memory.
func (n Number) Bytes() int {
	if n == BF16 {
		return 2
	}
	return 4
}

func (n Number) defines() []string {
	return [...][]string{{"FLOAT32=1"}, nil, {"FLOAT32=1", "TF32=1"}}[n]
}

// Tiles are the numbers of columns that a group of a product's threads can make, BN. Multiply-adds
// run out of registers before the last.
func Tiles(matrix bool) []int {
	if matrix {
		return []int{16, 32, 64, 128}
	}
	return []int{16, 32, 64}
}

// LinearTiles are those of Linear.
func LinearTiles() []int { return []int{16, 64} }

func product(name string, bn int, n Number, files ...string) Module {
	return Module{
		Name: fmt.Sprintf("%s_%d_%s", name, bn, n), Files: files,
		Defines: append([]string{fmt.Sprint("BN=", bn)}, n.defines()...),
	}
}

// Conv has convolutions and their input gradients, as conv_BN.
func Conv(bn int, n Number) Module {
	return product("conv", bn, n, "functions.h", "matrix.h", "conv.cl")
}

// ConvGrad has convolutions' weight gradients, as weight_grad_BN.
func ConvGrad(bn int, n Number) Module { return product("convgrad", bn, n, "matrix.h", "convgrad.cl") }

// Linear has products of matrices, as linear_BN, of FP32 or TF32.
func Linear(bn int, n Number) Module { return product("linear", bn, n, "matrix.h", "linear.cl") }

// Weights packs weights and adds up the parts of their gradients.
func Weights(n Number) Module {
	return Module{Name: "weights_" + n.String(), Files: []string{"weights.cl"}, Defines: n.defines()}
}

// Depthwise has convolutions of one channel a group.
func Depthwise(float bool) Module { return typed("depthwise", float, "functions.h", "depthwise.cl") }

// products lists the modules above.
func products() (all []Module) {
	for _, n := range []Number{FP32, BF16, TF32} {
		all = append(all, Weights(n))
		for _, bn := range Tiles(n != FP32) {
			all = append(all, Conv(bn, n), ConvGrad(bn, n))
		}
	}
	for _, bn := range LinearTiles() {
		all = append(all, Linear(bn, FP32), Linear(bn, TF32))
	}
	return append(all, Depthwise(true), Depthwise(false))
}

// multiplies reports whether matrix instructions can make a module's products, and whether
// anything else can.
func (m Module) multiplies() (matrix, plain bool) {
	if !slices.Contains(m.Files, "matrix.h") {
		return false, true
	}
	tf32 := slices.Contains(m.Defines, "TF32=1")
	return tf32 || !slices.Contains(m.Defines, "FLOAT32=1"), !tf32 && !slices.Contains(m.Defines, "BN=128")
}
