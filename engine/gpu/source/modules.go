package source

// Modules lists all modules.
func Modules() []Module {
	var all []Module
	for _, float := range []bool{true, false} {
		all = append(all, Norm(float))
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
