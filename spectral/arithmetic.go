package spectral

import (
	"os"
	"slices"
)

//go:generate go run -C ../engine/cpu/gen . -isa avx512 -kernels dense -out ../../../spectral/dense_avx512_amd64.s -stubs ../../../spectral/dense_avx512_amd64.go -pkg spectral
//go:generate go run -C ../engine/cpu/gen . -isa avx2 -kernels dense -out ../../../spectral/dense_avx2_amd64.s -stubs ../../../spectral/dense_avx2_amd64.go -pkg spectral
//go:generate go run -C ../engine/cpu/gen . -isa avx512 -kernels fourier -out ../../../spectral/fourier_avx512_amd64.s -stubs ../../../spectral/fourier_avx512_amd64.go -pkg spectral
//go:generate go run -C ../engine/cpu/gen . -isa avx2 -kernels fourier -out ../../../spectral/fourier_avx2_amd64.s -stubs ../../../spectral/fourier_avx2_amd64.go -pkg spectral

// arithmetic is what the transforms consist of, for one kind of processor.
type arithmetic struct {
	name string

	// fold takes the h×w plane x apart. Rows past the middle of p are left as they are.
	fold func(p *folded, x []float32, h, w int, e *edges)
	// columns multiplies the columns' parts with a table, of which it uses the rows from
	// `from` up to `to`: c[parity][i] = Σ t[parity][k][i]·p[parity][k]. c must not be p.
	columns func(c, p *folded, t *table, from, to int)
	// keptColumns is columns with p set to 0 where nothing is kept.
	keptColumns func(c, p *folded, t *table, k *kept, from, to int)
	// rows multiplies the rows' parts: c[·][parity][j] = Σ p[·][parity][k]·t[parity][k][j].
	rows func(c, p *folded, t *table, from, to int)
	// unfold puts the h×w plane y together and sets rest to x - y.
	unfold func(y, rest, x []float32, p *folded, h, w int, e *edges)

	// passes are those of fast Fourier transforms, by radix; nil: the method of pass.
	passes [8]func(y, x, twiddle *complex128, m, s int)
	// gather makes w elements of eight rows of x, real and imaginary parts in turn; scatter
	// writes the rows whose elements' conjugates are z to y, and x minus that to rest. w is
	// at least 8. Without them the transform does that itself.
	gather  func(z *complex128, x *float32, w int)
	scatter func(y, rest, x *float32, z *complex128, w int)
}

// environment is the variable that names the arithmetic to use, as it does for networks.
const environment = "HFCUI_CPU"

// arithmetics returns what this processor can compute with, the fastest first; the last is
// portable.
func arithmetics() []*arithmetic { return append(native(), &portable) }

// fastest is the arithmetic that the environment names, or else the fastest.
var fastest = choose(os.Getenv(environment))

func choose(name string) *arithmetic {
	all := arithmetics()
	return all[max(0, slices.IndexFunc(all, func(a *arithmetic) bool { return a.name == name }))]
}
