package spectral

import (
	"os"
	"slices"
)

//go:generate go run -C ../engine/cpu/gen . -isa avx512 -kernels dense -out ../../../spectral/dense_avx512_amd64.s -stubs ../../../spectral/dense_avx512_amd64.go -pkg spectral
//go:generate go run -C ../engine/cpu/gen . -isa avx2 -kernels dense -out ../../../spectral/dense_avx2_amd64.s -stubs ../../../spectral/dense_avx2_amd64.go -pkg spectral
//go:generate go run -C ../engine/cpu/gen . -isa avx512 -kernels fourier -out ../../../spectral/fourier_avx512_amd64.s -stubs ../../../spectral/fourier_avx512_amd64.go -pkg spectral
//go:generate go run -C ../engine/cpu/gen . -isa avx2 -kernels fourier -out ../../../spectral/fourier_avx2_amd64.s -stubs ../../../spectral/fourier_avx2_amd64.go -pkg spectral

// arithmetic is the set of inner loops of the transforms for one kind of processor.
type arithmetic struct {
	name string

	// fold splits the h×w plane x into even and odd parts (see dense). Rows past the middle of
	// p are left unchanged.
	fold func(p *folded, x []float32, h, w int, e *edges)
	// columns multiplies the columns' even and odd parts by a table, of which it uses rows
	// from up to to: c[parity][i] = Σ t[parity][k][i]·p[parity][k]. c must not be p.
	columns func(c, p *folded, t *table, from, to int)
	// keptColumns is columns with p set to 0 where k masks it out.
	keptColumns func(c, p *folded, t *table, k *kept, from, to int)
	// rows multiplies the rows' even and odd parts: c[·][parity][j] = Σ
	// p[·][parity][k]·t[parity][k][j].
	rows func(c, p *folded, t *table, from, to int)
	// unfold reassembles the h×w plane y and sets rest to x - y.
	unfold func(y, rest, x []float32, p *folded, h, w int, e *edges)

	// passes are the passes of fast Fourier transforms, by radix; where nil, the methods of
	// pass are used.
	passes [8]func(y, x, twiddle *complex128, m, s int)
	// gather converts eight rows of x to w elements, alternating between real and imaginary
	// parts; scatter writes the rows whose elements are the conjugates of z to y, and x minus
	// that to rest. w is at least 8. Where nil, the transform does it in Go.
	gather  func(z *complex128, x *float32, w int)
	scatter func(y, rest, x *float32, z *complex128, w int)
}

// environment is the variable that selects the arithmetic, as it does for networks.
const environment = "HFCUI_CPU"

// arithmetics returns those that this processor supports, the fastest first; the last is portable.
func arithmetics() []*arithmetic { return append(native(), &portable) }

// fastest is the arithmetic selected by the environment, by default the fastest.
var fastest = choose(os.Getenv(environment))

func choose(name string) *arithmetic {
	all := arithmetics()
	return all[max(0, slices.IndexFunc(all, func(a *arithmetic) bool { return a.name == name }))]
}
