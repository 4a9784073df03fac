package kernel

//go:generate go run -C ../gen . -isa avx2 -kernels activation -out ../kernel/activation_avx2_amd64.s -stubs ../kernel/activation_avx2_amd64.go -pkg kernel

// Activations are element-wise functions, as Set's others are.
type Activations struct {
	// Clip is y = min(max(x, k₀), k₁), NaN where x is.
	Clip func(x, y, k *float32, pixels, rows, stride int)
	// HardSigmoid is y = min(max(x·k₀ + k₁, 0), 1), HardSwish x times that.
	HardSigmoid, HardSwish func(x, y, k *float32, pixels, rows, stride int)
	// Sigmoid is y = 1/(1 + exp(−x)), SiLU x times that.
	Sigmoid, SiLU func(x, y *float32, pixels, rows, stride int)
}

func portableActivations[E Element]() Activations {
	return Activations{Clip: clip[E], HardSigmoid: hardSigmoid[E], HardSwish: hardSwish[E], Sigmoid: sigmoid[E], SiLU: siLU[E]}
}
