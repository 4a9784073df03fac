package source

import "fmt"

// Modules lists all modules.
func Modules() []Module {
	var all []Module
	for _, float := range []bool{true, false} {
		all = append(all, Layout(float), Elementwise(float), Finish(float), Norm(float), Pool(float))
	}
	for number := 1; number <= len(functionNumbers); number++ {
		if number != functionNumbers["relu"] { // an operation of its own
			all = append(all, Map(number, true), Map(number, false))
		}
	}
	return append(append(all, Rows(), Strided(), Update(), Split()), products()...)
}

// typed returns a module whose activations are float32 or, if float is false, bf16.
func typed(name string, float bool, files ...string) Module {
	if float {
		return Module{Name: name + "_fp32", Files: files, Defines: []string{"FLOAT32=1"}}
	}
	return Module{Name: name + "_bf16", Files: files}
}

// Norm has batch norm, its gradients, and sums per channel.
func Norm(float bool) Module { return typed("norm", float, "sums.h", "norm.cl") }

// Pool has pooling and its gradients.
func Pool(float bool) Module { return typed("pool", float, "sums.h", "pool.cl") }

// Rows has softmax, losses and normalization of rows of matrices, and sums of columns.
func Rows() Module { return Module{Name: "rows", Files: []string{"sums.h", "rows.cl"}} }

// Update changes weights, running statistics and adversarial examples.
func Update() Module { return Module{Name: "update", Files: []string{"sums.h", "update.cl"}} }

// Split makes low- and high-pass images.
func Split() Module { return Module{Name: "split", Files: []string{"sums.h", "split.cl"}} }

// Layout converts activations from and to the host's layout.
func Layout(float bool) Module { return typed("layout", float, "layout.cl") }

// Elementwise has operations on single elements of arrays of equal layout.
func Elementwise(float bool) Module { return typed("elementwise", float, "octets.h", "elementwise.cl") }

// Finish has what follows a library's convolution.
func Finish(float bool) Module { return typed("finish", float, "functions.h", "octets.h", "finish.cl") }

// Map has a function of op.Map's and its derivative, by Function's number.
func Map(number int, float bool) Module {
	m := typed(fmt.Sprint("map_", number), float, "functions.h", "octets.h", "function.cl")
	m.Defines = append(m.Defines, fmt.Sprint("FUNCTION=", number))
	return m
}

// Strided moves elements between arrays of any layout and type, broadcasts and sums.
func Strided() Module { return Module{Name: "strided", Files: []string{"strided.cl"}} }
