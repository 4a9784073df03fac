package source

// Modules lists all modules.
func Modules() []Module {
	var all []Module
	for _, float := range []bool{true, false} {
		all = append(all, Layout(float), Elementwise(float), Norm(float))
	}
	return all
}

// typed returns a module whose activations are float32 or, if float is false, bf16.
func typed(name string, float bool, files ...string) Module {
	if float {
		return Module{name + "_fp32", files, []string{"FLOAT32=1"}}
	}
	return Module{name + "_bf16", files, nil}
}

// Norm has batch norm, its gradients, and sums per channel.
func Norm(float bool) Module { return typed("norm", float, "norm.cl") }

// Layout converts activations from and to the host's layout.
func Layout(float bool) Module { return typed("layout", float, "layout.cl") }

// Elementwise has operations on single elements of arrays of equal layout.
func Elementwise(float bool) Module {
	return typed("elementwise", float, "functions.h", "elementwise.cl")
}
